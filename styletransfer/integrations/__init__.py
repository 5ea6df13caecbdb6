"""Integrations: the engine in other programs."""

"""The engine in other programs."""

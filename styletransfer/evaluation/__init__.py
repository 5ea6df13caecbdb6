"""Evaluation: scores over pairs of content and style."""

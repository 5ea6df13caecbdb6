"""Styles as augmentation: transforms for training code."""

from .random_style import RandomStyle

__all__ = ["RandomStyle"]

"""Transforms for training code: styles as augmentation."""

from .random_style import RandomStyle

__all__ = ["RandomStyle"]

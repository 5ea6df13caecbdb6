"""Colour distance: statistics of pixels."""

import torch
from torch import Tensor

from ...models.statistics import Statistics


def color_distance(a: Statistics, b: Statistics) -> Tensor:
    """Mean over R, G and B of (μ_a − μ_b)² + (σ_a − σ_b)² of the pixels; (N,) float32."""
    return sum(((x - y).square().mean(dim=1) for x, y in zip(a, b)), torch.zeros(()))

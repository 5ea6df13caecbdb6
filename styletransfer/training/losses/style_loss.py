"""Style distances: means, standard deviations and Gram matrices of VGG features."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ...models.statistics import Statistics
from ...models.vgg import STYLE_TAPS

Spread = Mapping[str, Statistics]
"""Variance over styles of every channel's mean and of its standard deviation, (C,) each, by tap."""


def style_distance(
    a: Mapping[str, Statistics], b: Mapping[str, Statistics], spread: Spread | None
) -> Tensor:
    """Σ over taps of the mean over channels of (μ_a − μ_b)² + (σ_a − σ_b)², (N,) float32 (Huang &
    Belongie 2017, eq. 13, squared).

    spread: each channel is divided by its variance over styles, as in the style metric; otherwise a few
    strong channels dominate. None is the published version.
    """
    total = torch.zeros(())
    for tap in STYLE_TAPS:
        for i, (x, y) in enumerate(zip(a[tap], b[tap])):
            square = (x - y).square()
            total = total + (square if spread is None else square / spread[tap][i]).mean(dim=1)
    return total


def gram(x: Tensor) -> Tensor:
    """G = F·Fᵀ / (H·W) of features (N, C, H, W), (N, C, C) float32 (Gatys et al. 2015, eq. 3)."""
    flat = x.flatten(2)
    return (flat @ flat.transpose(1, 2)).float() / flat.shape[2]


def gram_distance(
    a: Mapping[str, Tensor], b: Mapping[str, Tensor], units: Mapping[str, Tensor] = {}
) -> Tensor:
    """Σ over taps of |G_a − G_b|² / |G_b|² for the Gram matrices of a and b (the style), (N,) float32
    (Gatys et al. 2015, eq. 4, made relative).

    units: `VGGEncoder.units`, to weight channels as in the original network, like the gram metric does;
    strong channels count for more there.
    """
    total = torch.zeros(())
    for tap in STYLE_TAPS:
        x, y = a[tap], b[tap]
        if tap in units:
            unit = units[tap].to(x.device)
            x, y = (z * unit * unit[:, None] for z in (x, y))
        total = total + (x - y).square().sum(dim=(1, 2)) / y.square().sum(dim=(1, 2))
    return total

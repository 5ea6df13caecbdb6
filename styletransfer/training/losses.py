"""What the stylizer is trained for. All distances are per sample; smaller is better."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ..nn.normalization import Statistics, instance_norm
from ..nn.vgg import STYLE_TAPS

CONTENT_TAPS = ("relu3_3", "relu4_1")
LOSS_TAPS = (*STYLE_TAPS, "relu3_3")

Spread = Mapping[str, Statistics]
"""Variance over styles of every channel's mean and of its standard deviation, (C,) each."""


def style_distance(a: Mapping[str, Statistics], b: Mapping[str, Statistics], spread: Spread):
    """Σ over taps of the mean over channels of squared differences of μ and σ; (N,) float32.

    Each channel is measured in units of its own variance over styles, as the style metric does:
    otherwise a few strong channels are all that is matched.
    """
    total = 0.0
    for tap in STYLE_TAPS:
        for x, y, variance in zip(a[tap], b[tap], spread[tap]):
            total = total + ((x - y).square() / variance).mean(dim=1)
    return total


def gram(x: Tensor) -> Tensor:
    """Gram matrix of features (N, C, H, W) per position, (N, C, C) float32 (Gatys 2015, eq. 3)."""
    flat = x.float().flatten(2)
    with torch.autocast(x.device.type, enabled=False):
        return flat @ flat.transpose(1, 2) / flat.shape[2]


def gram_distance(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> Tensor:
    """Σ over taps of |a − b|² / |b|² for Gram matrices a and b (the style's); (N,) float32."""
    return sum(
        (a[tap] - b[tap]).square().sum(dim=(1, 2)) / b[tap].square().sum(dim=(1, 2))
        for tap in STYLE_TAPS
    )


def content_distance(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> Tensor:
    """½ · mean (IN(a) − IN(b))² over the content taps; (N,) float32, 0 alike … 1 unrelated.

    Instance-normalised features do not see colour and contrast, which belong to the style.
    """
    distances = [
        0.5 * (instance_norm(a[tap].float()) - instance_norm(b[tap].float())).square().mean((1, 2, 3))
        for tap in CONTENT_TAPS
    ]
    return torch.stack(distances).mean(dim=0)


def balanced(distance: Tensor, reference: Tensor) -> Tensor:
    """Mean of d(output, style) / d(content, style): each pair counts alike, however far apart.

    (The idea of the style-aware balanced loss, arXiv 2104.10064.) The reference is floored at a
    quarter of the batch's mean so that a photo that already looks like its style does not explode.
    """
    return (distance / torch.maximum(reference, 0.25 * reference.mean())).mean()

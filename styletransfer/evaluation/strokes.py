"""Stroke scores: whole distributions of features at three scales.

The style and gram scores see at most 68 pixels of a picture, and only means, deviations and products; a
stroke is larger than that, and no such sum captures it. Here pictures are compared at three scales, with
a network (`strokes`) and without one (`patch`), by the quantiles of many projections: the sliced
Wasserstein distance of Rabin et al. 2011 (for features Heitz et al. 2021, arXiv 2006.07229).
"""

from collections.abc import Mapping
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from ..models.vgg import VGGEncoder
from .metrics import luminance

SIZES = (512, 256, 128)
"""Short sides at which a picture is looked at: fine strokes to broad ones."""
TAPS = ("relu2_1", "relu3_1", "relu4_1")
POSITIONS, PROJECTIONS, QUANTILES = 16_384, 96, 200
PATCH = 7  # pixels

Signature = Mapping[str, Tensor]
"""Quantiles of a picture's projections, (QUANTILES, PROJECTIONS), by tap."""


def stroke_signature(encoder: VGGEncoder, picture: Tensor) -> Signature:
    """The distributions of VGG features of a picture (1, 3, H, W) in [0, 1], at the size that it has."""
    return {tap: projected_quantiles(x) for tap, x in encoder(picture, TAPS).items()}


def patch_signature(picture: Tensor) -> Signature:
    """The distribution of 7×7 patches of one Laplacian band of the luminance: details finer than half
    the picture's resolution. It uses no network, so nothing can be tuned to one."""
    luma = luminance(picture)
    half = F.interpolate(luma, scale_factor=0.5, mode="bilinear", antialias=True)
    band = luma - F.interpolate(half, size=luma.shape[2:], mode="bilinear")
    patches = F.unfold(band, PATCH)
    return {"patches": projected_quantiles(patches[..., None])}


def projected_quantiles(x: Tensor) -> Tensor:
    """Quantiles of features (1, C, H, W) along fixed random directions, float32 (QUANTILES,
    PROJECTIONS)."""
    flat = x[0].flatten(1).float()
    if flat.shape[1] > POSITIONS:
        flat = flat[:, _positions(flat.shape[1])]
    values = _directions(len(flat)) @ flat
    at = (torch.arange(QUANTILES) + 0.5) / QUANTILES
    return torch.quantile(values, at, dim=1)


def signature_distance(a: Signature, b: Signature) -> float:
    """Σ over taps of mean |quantiles of a − of b| / mean |quantiles of b|, where b is the style's."""
    return sum(((a[tap] - b[tap]).abs().mean() / b[tap].abs().mean()).item() for tap in b)


def signature_score(output: Signature, content: Signature, style: Signature) -> float:
    """1 − d(output, style) / d(photo, style): 1 is the style itself, 0 the photo; in [−1, 1]."""
    reference = signature_distance(content, style)
    if reference == 0:
        return 1.0
    return max(-1.0, min(1.0, 1 - signature_distance(output, style) / reference))


def halves(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Cut a picture (1, 3, H, W) in two across its longer side."""
    dim = 2 if picture.shape[2] > picture.shape[3] else 3
    first, second = picture.chunk(2, dim=dim)
    return first, second


@lru_cache
def _directions(channels: int) -> Tensor:
    generator = torch.Generator().manual_seed(channels)
    return F.normalize(torch.randn(PROJECTIONS, channels, generator=generator), dim=1)


@lru_cache(maxsize=64)
def _positions(count: int) -> Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.randperm(count, generator=generator)[:POSITIONS]

"""A style as distributions of VGG features, which refinement matches.

The features of all positions are projected onto fixed random directions, and the quantiles of each
projection are kept: the one-dimensional distributions of the sliced Wasserstein distance (Heitz et al.
2021, arXiv 2006.07229, eq. 4). There are fewer directions than channels, so each channel's mean and
standard deviation are kept too. This is done for the style at several scales. The strokes scores
(`evaluation.strokes`) have other directions: a result is not scored by the numbers it was optimised for.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..device import fast_dtype
from ..models.padding import MULTIPLE, pad_to_multiple
from ..models.statistics import statistics
from ..models.vgg import VGGEncoder
from ..models.weights import load_encoder

TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
VIEWS = 5  # scales of a style, each half of the one before; large pictures start at the smaller ones
DIRECTIONS, QUANTILES = 64, 32
SMALLEST = 32  # pixels of the smallest scale's short side


class Distribution(NamedTuple):
    """How features (1, C, H, W) are distributed over their positions, float32.

    quantiles: along each direction (`DIRECTIONS`, `QUANTILES`). mean, std: of each channel (C,), as
    `models.statistics.statistics` gives them.
    """

    quantiles: Tensor
    mean: Tensor
    std: Tensor


Quantiles = tuple[dict[str, Distribution], ...]
"""For each scale, the largest first, by tap, on the CPU."""


@torch.no_grad()
def style_quantiles(picture: Tensor, device: torch.device) -> Quantiles:
    """The quantiles of a style's picture (1, 3, H, W) in [0, 1], float32.

    Rounded to half precision, as files store them, so that a saved code equals the one in memory.
    """
    vgg = vgg_encoder(device)
    found = []
    for view in views(picture.to(device, torch.float32), VIEWS):
        features = vgg_features(vgg, view)
        kept = {tap: distribution(x, tap) for tap, x in features.items()}
        found.append({tap: Distribution(*(x.half().float().cpu() for x in kept[tap])) for tap in kept})
    return tuple(found)


def mixed(parts: Sequence[Quantiles], weights: Sequence[float]) -> Quantiles:
    """The Wasserstein barycentre of several distributions: in one dimension, the weighted mean of their
    quantiles; means and deviations likewise. weights: summing to 1."""

    def mean(several: Sequence[Distribution]) -> Distribution:
        fields = zip(*several)
        return Distribution(*(sum(w * x for w, x in zip(weights, field)) for field in fields))

    return tuple({tap: mean([view[tap] for view in several]) for tap in TAPS} for several in zip(*parts))


def distribution(x: Tensor, tap: str, at: Tensor | None = None) -> Distribution:
    """The distribution of features (1, C, H, W); differentiable.

    Each quantile is the mean of an equal share of the sorted positions. at: int64, the indices of the
    positions to take, row by row; None for all.
    """
    flat = x[0].permute(1, 2, 0).flatten(0, 1)  # positions first, as they lie in memory
    flat = (flat if at is None else flat.index_select(0, at)).float()
    directions = _directions(tap, flat.shape[1]).to(flat.device)
    with torch.autocast(flat.device.type, enabled=False):
        ordered = (directions @ flat.T).sort(dim=1).values[None]
    mode = "area" if ordered.shape[2] >= QUANTILES else "linear"
    quantiles = F.interpolate(ordered, size=QUANTILES, mode=mode)[0]
    mean, std = statistics(flat.T[None])
    return Distribution(quantiles, mean[0], std[0])


def views(picture: Tensor, count: int) -> Iterator[Tensor]:
    """Yield a picture at up to `count` scales, each half of the one before, while it is large enough."""
    yield picture
    for _ in range(1, count):
        picture = smaller(picture, 0.5)
        if min(picture.shape[2:]) < SMALLEST:
            return
        yield picture


def smaller(x: Tensor, share: float) -> Tensor:
    """Reduce (N, C, H, W) to a share of its size, bilinear with antialiasing."""
    if share == 1:
        return x
    size = [max(1, round(side * share)) for side in x.shape[2:]]
    return F.interpolate(x, size=size, mode="bilinear", antialias=True)


@lru_cache(2)
def vgg_encoder(device: torch.device) -> VGGEncoder:
    """The shipped VGG-19 on a device, cached; its outputs can be differentiated."""
    with torch.inference_mode(False):
        return load_encoder().to(device).to(memory_format=torch.channels_last).requires_grad_(False)


def vgg_features(vgg: VGGEncoder, picture: Tensor, taps: Sequence[str] = TAPS) -> dict[str, Tensor]:
    """VGG features by tap of a picture (1, 3, H, W) in [0, 1]; half precision where that is faster."""
    if min(picture.shape[2:]) < MULTIPLE:  # VGG takes no smaller ones
        picture = pad_to_multiple(picture)
    half = fast_dtype(picture.device)
    with torch.autocast(picture.device.type, half, enabled=half != torch.float32):
        found: dict[str, Tensor] = vgg(picture.contiguous(memory_format=torch.channels_last), taps)
    return found


@lru_cache(8)
def _directions(tap: str, channels: int) -> Tensor:
    """Unit vectors (DIRECTIONS, channels). They must never change: stored style codes depend on them."""
    random = np.random.RandomState(TAPS.index(tap)).standard_normal((DIRECTIONS, channels))
    with torch.inference_mode(False):
        return F.normalize(torch.from_numpy(random).float(), dim=1)

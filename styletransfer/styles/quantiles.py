"""A style as whole distributions of VGG features, which refining matches.

Along many directions in the space of a tap's features the style's positions are sorted; what is kept is
their quantiles (the one-dimensional distributions of the sliced Wasserstein distance, Heitz et al. 2021,
arXiv 2006.07229, eq. 4), for the style as it is seen from several distances. The strokes scores
(`evaluation.strokes`) have directions of their own: nothing is to be scored by the very numbers that it
was made by.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..device import fast_dtype
from ..models.padding import MULTIPLE, pad_to_multiple
from ..models.vgg import VGGEncoder
from ..models.weights import load_encoder

TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
VIEWS = 5  # of a style: a large picture begins at what is farther away
DIRECTIONS, QUANTILES = 64, 32
SMALLEST = 32  # pixels of a view's short side

Quantiles = tuple[dict[str, Tensor], ...]
"""For each view, the nearest first, by tap: float32 (`DIRECTIONS`, `QUANTILES`), on the CPU."""


@torch.no_grad()
def style_quantiles(picture: Tensor, device: torch.device) -> Quantiles:
    """Those of a style's picture, float32 (1, 3, H, W) in [0, 1]; rounded to half precision, as they are
    in files, so that a code that was saved is the same."""
    vgg = vgg_encoder(device)
    found = []
    for view in views(picture.to(device, torch.float32), VIEWS):
        features = vgg_features(vgg, view)
        found.append(
            {tap: feature_quantiles(x, tap).half().float().cpu() for tap, x in features.items()}
        )
    return tuple(found)


def mixed(parts: Sequence[Quantiles], weights: Sequence[float]) -> Quantiles:
    """The barycentre of distributions, in one dimension the weighted mean of their quantiles; with
    weights that sum to 1."""
    return tuple(
        {tap: torch.stack([w * view[tap] for w, view in zip(weights, several)]).sum(0) for tap in TAPS}
        for several in zip(*parts)
    )


def feature_quantiles(x: Tensor, tap: str, at: Tensor | None = None) -> Tensor:
    """Those of features (1, C, H, W) along each direction, at all positions or at some: their numbers,
    int64, row by row.

    Differentiable, float32 (`DIRECTIONS`, `QUANTILES`); each is the mean of its share of the positions.
    """
    flat = x[0].permute(1, 2, 0).flatten(0, 1)  # positions first, as they lie in memory
    flat = (flat if at is None else flat.index_select(0, at)).float()
    directions = _directions(tap, flat.shape[1]).to(flat.device)
    with torch.autocast(flat.device.type, enabled=False):
        ordered = (directions @ flat.T).sort(dim=1).values[None]
    mode = "area" if ordered.shape[2] >= QUANTILES else "linear"
    return F.interpolate(ordered, size=QUANTILES, mode=mode)[0]


def views(picture: Tensor, count: int) -> Iterator[Tensor]:
    """A picture as it is seen from so many distances, as long as there is something to be seen."""
    yield picture
    for _ in range(1, count):
        picture = smaller(picture, 0.5)
        if min(picture.shape[2:]) < SMALLEST:
            return
        yield picture


def smaller(x: Tensor, share: float) -> Tensor:
    """(N, C, H, W) at a share of its size."""
    if share == 1:
        return x
    size = [max(1, round(side * share)) for side in x.shape[2:]]
    return F.interpolate(x, size=size, mode="bilinear", antialias=True)


@lru_cache(2)
def vgg_encoder(device: torch.device) -> VGGEncoder:
    """The shipped VGG-19, to differentiate through."""
    with torch.inference_mode(False):
        return load_encoder().to(device).to(memory_format=torch.channels_last).requires_grad_(False)


def vgg_features(vgg: VGGEncoder, picture: Tensor, taps: Sequence[str] = TAPS) -> dict[str, Tensor]:
    """By tap, of a picture (1, 3, H, W); in half precision where that is faster."""
    if min(picture.shape[2:]) < MULTIPLE:  # VGG takes no smaller ones
        picture = pad_to_multiple(picture)
    half = fast_dtype(picture.device)
    with torch.autocast(picture.device.type, half, enabled=half != torch.float32):
        found: dict[str, Tensor] = vgg(picture.contiguous(memory_format=torch.channels_last), taps)
    return found


@lru_cache(8)
def _directions(tap: str, channels: int) -> Tensor:
    """Unit vectors (DIRECTIONS, channels), the same for ever: style codes hold what is found by them."""
    random = np.random.RandomState(TAPS.index(tap)).standard_normal((DIRECTIONS, channels))
    with torch.inference_mode(False):
        return F.normalize(torch.from_numpy(random).float(), dim=1)

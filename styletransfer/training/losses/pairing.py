"""The pairing of content images with the styles of a batch, and with regions."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ...models.statistics import Statistics, regional_statistics, statistics


def tile_rows(x: Tensor, times: int) -> Tensor:
    """Repeat the rows of x (B, …) in order: (times · B, …). With `roll_rows`, each image in several
    styles."""
    return x if times == 1 else x.repeat(times, *[1] * (x.ndim - 1))


def roll_rows(x: Tensor, times: int) -> Tensor:
    """Repeat the rows of x (B, …), shifted by one more each time: (times · B, …). Pairs with
    `tile_rows`: first each image's own style, then the next one's, and so on."""
    return x if times == 1 else torch.cat([x.roll(-i, dims=0) for i in range(times)])


def with_next_row(x: Tensor) -> Tensor:
    """(B, …) to (B, 2, …): each row and the next one, the two styles of a region map."""
    return torch.stack([x, x.roll(-1, dims=0)], dim=1)


def map_tensors(nest: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Apply a function to every tensor in nested dicts and `Statistics`."""
    if isinstance(nest, Tensor):
        return change(nest)
    if isinstance(nest, Statistics):
        return Statistics(*map(change, nest))
    return {key: map_tensors(value, change) for key, value in nest.items()}


def region_statistics(x: Tensor, region_maps: Tensor | None) -> Statistics:
    """Statistics of features (N, C, H, W): (N, C) each, or with regions (N · R, C), one row per
    region."""
    if region_maps is None:
        return statistics(x)
    found = regional_statistics(x, _at_size_of(x, region_maps))
    return Statistics(*(part.flatten(0, 1) for part in found))


def region_features(x: Tensor, region_maps: Tensor | None) -> Tensor:
    """The features of each region alone, (N · R, C, H, W), scaled so that the Gram matrix per position
    is that of the region's positions; without regions they are returned unchanged."""
    if region_maps is None:
        return x
    local = _at_size_of(x, region_maps)
    scale = (local / local.mean(dim=(2, 3), keepdim=True).clamp(min=1e-3)).sqrt().to(x.dtype)
    return (x[:, None] * scale[:, :, None]).flatten(0, 1)


def _at_size_of(x: Tensor, region_maps: Tensor) -> Tensor:
    return F.interpolate(region_maps, size=x.shape[2:], mode="area")

"""Levels: the sizes at which a picture is painted in turn, first the drafts, then the picture itself.

Each draft is painted at a fraction of the size, enlarged, and painted again with the photo's details
added (`models.draft`). A level gives any window of a pass's input, which depends only on where the
window lies in the whole picture, so that tiles fit together.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..models.config import PIXELS
from ..models.draft import enlarged
from ..models.network import StylizerNet
from ..models.padding import padded
from ..models.statistics import Code, Moments
from .buffer import ImageBuffer

FINEST = 1.1  # a draft must be at least this many times smaller than the picture to be worth its time
STEP = 256  # side of the windows in which a smaller copy is made

Read = Callable[[slice, slice], Tensor]
"""Gives a window of pictures, (N, C, h, w)."""
Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""`map`, or what works on several items at once and yields what comes of them in order."""


class Conditioning(NamedTuple):
    """What an image is painted with: the arguments of `StylizerNet.forward`, maps of the image's size.

    code: one row per region. alpha: a number, or a map (1 or N, 1, H, W). region_maps: the weight of
    each region at each position, (1 or N, R, H, W) in [0, 1], summing to 1 over R.
    """

    code: Code
    alpha: float | Tensor = 1.0
    region_maps: Tensor | None = None

    def window(self, rows: slice, columns: slice, device: torch.device) -> "Conditioning":
        """The conditioning of a window, which may extend beyond the image as far as `padded` does."""
        return self._each_map(lambda map: _cut(map, rows, columns).to(device))

    def smaller(self, factor: float) -> "Conditioning":
        """The conditioning of an image's `smaller` copy."""
        return self._each_map(lambda map: _smaller_map(map, factor))

    def resized(self, shape: Sequence[int]) -> "Conditioning":
        """The conditioning of the image resized to (H, W), by area averaging."""
        return self._each_map(lambda map: F.interpolate(map, size=tuple(shape), mode="area"))

    def _each_map(self, change: Callable[[Tensor], Tensor]) -> "Conditioning":
        alpha = change(self.alpha) if isinstance(self.alpha, Tensor) else self.alpha
        return Conditioning(
            self.code, alpha, None if self.region_maps is None else change(self.region_maps)
        )


def factors(net: StylizerNet, strokes: float = 1.0) -> list[float]:
    """How many times smaller than the picture each draft is, the smallest first.

    The first is strokes · 2 ** drafts times smaller, each next one half as much, down to `FINEST`.
    """
    found, factor = [], strokes * 2.0**net.config.drafts
    while factor >= FINEST:
        found.append(factor)
        factor /= 2
    return found


def statistic_names(net: StylizerNet, strokes: float = 1.0) -> list[str]:
    """The names of all statistics that painting needs: those of each tap at each level, and of the
    pixels."""
    sizes = [*factors(net, strokes), 1.0]
    found = [name_at(tap, factor) for factor in sizes for tap in net.config.depths]
    return found + [PIXELS] * (PIXELS in net.config.taps)


def name_at(tap: str, factor: float) -> str:
    """The name of a tap's statistics at the level that is `factor` times smaller than the picture."""
    return tap if factor == 1 else f"{tap}/{factor:g}"


@dataclass(frozen=True)
class Level:
    """One size of a picture: the photo at that size, and what it is painted with.

    factor: how many times smaller than the picture. first: whether this is the smallest draft, painted
    from the photo alone. below: the level before it, and that level's painted picture.
    """

    net: StylizerNet
    photo: ImageBuffer
    conditioning: Conditioning
    factor: float = 1.0
    first: bool = False
    below: "tuple[Level, ImageBuffer] | None" = None

    def name(self, tap: str) -> str:
        """The name of a tap's statistics at this level."""
        return name_at(tap, self.factor)

    def read(self, rows: slice, columns: slice, palette: dict[str, Moments]) -> Tensor:
        """A window of this level's input, (N, 3, h, w), on the network's device.

        rows, columns: may extend beyond the photo as far as `padded` does. palette: the photo's moments
        for `StylizerNet.recolor`.
        """
        x = self.recolored(rows, columns, palette)
        if self.first and self.net.config.grain:
            grain = partial(self.net.grain, photo=palette.get(PIXELS))
            x = x + extended_window(grain, self.photo.shape[1:], rows, columns)
        if self.below is None:
            return x
        level, painted = self.below

        def draft(*at: slice) -> Tensor:
            made = painted.read(*at).to(self.net.device)
            return self.net.overlay.below(made, level.recolored(at[0], at[1], palette))

        ratio = level.factor / self.factor
        below = enlarged_window(draft, level.photo.shape[1:], rows, columns, ratio)
        out: Tensor = self.net.overlay(below, x)
        return out.contiguous(memory_format=torch.channels_last)

    def recolored(self, rows: slice, columns: slice, palette: dict[str, Moments]) -> Tensor:
        """A window of the photo in the style's palette."""
        x = extended_window(self.photo.read, self.photo.shape[1:], rows, columns).to(self.net.device)
        local = self.conditioning.window(rows, columns, self.net.device)
        return self.net.recolor(x.contiguous(memory_format=torch.channels_last), *local, palette)


def smaller(content: ImageBuffer, factor: float, each: Each = map) -> ImageBuffer:
    """A float copy of an image, `padded` and then reduced `factor` times by area averaging. each: as in
    `tiling.Hooks`."""
    _, *sides = content.shape
    height, width = (_fewer(padded(side), factor) for side in sides)
    out = content.scratch(height, width)

    def reduce(top: int) -> None:
        for left in range(0, width, STEP):
            rows, columns = slice(top, min(top + STEP, height)), slice(left, min(left + STEP, width))
            out.write(rows, columns, _covered(content.read, sides, rows, columns, factor))

    for _ in each(reduce, range(0, height, STEP)):
        pass
    return out


def enlarged_window(
    read: Read, shape: Sequence[int], rows: slice, columns: slice, ratio: float
) -> Tensor:
    """A window of pictures enlarged `ratio` times, bilinear; `models.draft.enlarged` for a ratio of 2.

    read: gives windows of the pictures, whose shape is (H, W). rows, columns: in enlarged pixels.
    """
    if ratio == 2 and all(at.stop <= 2 * side for at, side in zip((rows, columns), shape)):
        # With a pixel more to each side, for the outermost ones to be mixed as they are in the whole.
        seen = [
            slice(max(0, at.start // 2 - 1), min(side, -(-at.stop // 2) + 1))
            for at, side in zip((rows, columns), shape)
        ]
        inner = [
            slice(at.start - 2 * s.start, at.stop - 2 * s.start) for at, s in zip((rows, columns), seen)
        ]
        return enlarged(read(*seen))[:, :, inner[0], inner[1]]
    down, right = (_mixture(at, ratio, side) for at, side in zip((rows, columns), shape))
    x = read(down[0], right[0])
    for dim, (_, low, high, second) in ((2, down), (3, right)):
        weight = second.to(x).view(-1, *[1] * (3 - dim))
        low, high = (x.index_select(dim, index.to(x.device)) for index in (low, high))
        x = low.lerp(high, weight)
    return x


def extended_window(read: Read, shape: Sequence[int], rows: slice, columns: slice) -> Tensor:
    """A window of pictures that are reflected at their right and bottom edge, like `pad_to_multiple`.

    read: gives windows of the pictures, whose shape is (H, W).
    """
    at = [_reflected(window, side) for window, side in zip((rows, columns), shape)]
    x = read(*(slice(int(index.min()), int(index.max()) + 1) for index in at))
    for dim, (index, window, side) in enumerate(zip(at, (rows, columns), shape), 2):
        if window.stop > side:
            x = x.index_select(dim, torch.from_numpy(index - index.min()).to(x.device))
    return x


def _reflected(at: slice, side: int) -> np.ndarray:
    """The indices of an interval on a side that is reflected at its end."""
    period = max(1, 2 * (side - 1))
    index = np.arange(at.start, at.stop) % period
    return np.minimum(index, period - index) if side > 1 else index


def _mixture(at: slice, ratio: float, side: int) -> tuple[slice, Tensor, Tensor, Tensor]:
    """Bilinear enlargement of one side: the interval that is needed, and for each enlarged pixel the two
    pixels within it that are mixed, and the weight of the second."""
    position = (torch.arange(at.start, at.stop, dtype=torch.float64) + 0.5) / ratio - 0.5
    position = position.clamp(0, side - 1)
    low = position.floor().long()
    high = (low + 1).clamp(max=side - 1)
    first = int(low[0])
    return slice(first, int(high[-1]) + 1), low - first, high - first, position - low


def _fewer(side: int, factor: float) -> int:
    return math.ceil(side / factor)


def _covered(read: Read, shape: Sequence[int], rows: slice, columns: slice, factor: float) -> Tensor:
    """A window of the `smaller` copy of pictures. read: gives their windows; shape: (H, W)."""
    seen = [
        slice(int(at.start * factor), min(padded(side), math.ceil(at.stop * factor)))
        for at, side in zip((rows, columns), shape)
    ]
    x = extended_window(read, shape, *seen).float()
    if factor == int(factor):
        return F.avg_pool2d(x, int(factor), ceil_mode=True)
    down, right = (_coverage(at, span, factor).to(x) for at, span in zip((rows, columns), seen))
    return down @ x @ right.T


def _coverage(at: slice, span: slice, factor: float) -> Tensor:
    """Area averaging along one side as a matrix (smaller, span) whose rows sum to 1: how much of each
    pixel in `span` lies in each pixel of the smaller copy."""
    start = torch.arange(at.start, at.stop, dtype=torch.float64)[:, None] * factor
    pixel = torch.arange(span.start, span.stop, dtype=torch.float64)
    overlap = torch.minimum(start + factor, pixel + 1) - torch.maximum(start, pixel)
    overlap = overlap.clamp(min=0)
    return overlap / overlap.sum(dim=1, keepdim=True)


def _cut(map: Tensor, rows: slice, columns: slice) -> Tensor:
    return extended_window(lambda r, c: map[:, :, r, c], map.shape[2:], rows, columns)


def _smaller_map(map: Tensor, factor: float) -> Tensor:
    sides = map.shape[2:]
    rows, columns = (slice(0, _fewer(padded(side), factor)) for side in sides)
    return _covered(lambda r, c: map[:, :, r, c], sides, rows, columns, factor)

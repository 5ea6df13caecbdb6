"""Painting a canvas in whatever memory there is."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ..device import out_of_memory
from ..errors import InputError
from ..models.config import PIXELS
from ..models.memory import affordable, check_memory
from ..models.network import StylizerNet
from ..models.padding import MULTIPLE, padded
from . import tiling
from .buffer import DiskImageBuffer, ImageBuffer
from .levels import Conditioning, factors

Progress = Callable[[float], None]
DISK_MEMORY = 840_000_000  # bytes for the tiles of a picture that is too large to be in memory itself
LEAST_STROKES, MAX_STROKES = 0.5, 4.0
SMALLEST = 32  # pixels of a draft's short side
THUMBNAIL = 768  # short side of the copy that approximate statistics are taken from


def paint(
    net: StylizerNet,
    canvas: ImageBuffer,
    look: Conditioning,
    tile: str | int = "auto",
    stats: str = "exact",
    finish: tiling.Finish = lambda x, painted: painted,
    progress: Progress | None = None,
    strokes: float = 1.0,
    settle: tiling.Settle | None = None,
) -> ImageBuffer:
    """Paint a canvas; arguments as for `Stylizer.stylize`, finish and settle as for `tiling.render`.

    If memory does not suffice after all, once more with smaller tiles. InputError if nothing helps.
    """
    if stats not in ("exact", "thumbnail"):
        raise InputError(f"stats is {stats!r}: exact or thumbnail")
    drafts = drafts_of(net, canvas, strokes)
    window, tell = _window(net, canvas, look, tile), progress and _rising(progress)
    while True:
        try:
            found = _thumbnail_moments(net, canvas, look, drafts) if stats == "thumbnail" else None
            tick = tell and _counter(net, canvas, window, drafts, found is not None, tell)
            painted = tiling.render(net, canvas, look, window, finish, drafts, found, tick, settle)
            if tell:
                tell(1.0)  # also of the photo itself, which no network sees
            return painted
        except RuntimeError as error:
            smaller = window // 2 // MULTIPLE * MULTIPLE
            if not out_of_memory(error):
                raise
            if tile == "off" or not net.tileable or smaller < tiling.least(net):
                raise InputError(f"out of memory on {net.device}: give a smaller --size") from None
            window = smaller
        if net.device.type == "cuda":
            torch.cuda.empty_cache()  # here, since the error held on to its tensors


def _window(net: StylizerNet, canvas: ImageBuffer, look: Conditioning, tile: str | int) -> int:
    """Side of what the network is to see at once; InputError if it cannot be had."""
    count, height, width = canvas.shape
    whole, least = max(tiling.padded(height), tiling.padded(width)), tiling.least(net)
    maps = 0 if look.shares is None else 12 * look.shares.shape[1]
    if tile not in ("auto", "off"):
        if isinstance(tile, str) or tile < least or tile % MULTIPLE:
            raise InputError(f"tile is {tile}: auto, off, or a multiple of {MULTIPLE} from {least} on")
        if not net.tileable and tile < whole:
            why = net.bottleneck.untileable
            raise InputError(f"this model cannot paint in tiles: {why}; leave tile at auto or off")
        return min(tile, whole)
    if tile == "off" or not net.tileable:
        check_memory(width, height * count, net, maps)
        return whole
    memory = DISK_MEMORY if isinstance(canvas, DiskImageBuffer) else None
    pixels = affordable(net, maps, memory) // count
    if height * width <= pixels:
        return whole
    return max(least, min(whole, int(pixels**0.5) // MULTIPLE * MULTIPLE))


def drafts_of(net: StylizerNet, canvas: ImageBuffer, strokes: float) -> list[float]:
    """`levels.factors` for a canvas: no draft is smaller than what the network sees of it."""
    if not LEAST_STROKES <= strokes <= MAX_STROKES:
        raise InputError(f"strokes is {strokes:g}: it goes from {LEAST_STROKES:g} to {MAX_STROKES:g}")
    if strokes < 1 and not net.config.drafts:
        raise InputError("this model paints no finer strokes: a smaller --style-size makes finer ones")
    return [factor for factor in factors(net, strokes) if min(canvas.shape[1:]) >= SMALLEST * factor]


def _thumbnail_moments(
    net: StylizerNet, canvas: ImageBuffer, look: Conditioning, drafts: Sequence[float]
) -> tiling.Found:
    small = tiling.thumbnail(canvas, THUMBNAIL)
    shape = small.shape[1:]
    maps = [F.interpolate(m, size=shape, mode="area") if isinstance(m, Tensor) else m for m in look[1:]]
    found: tiling.Found = {}
    tiling.render(
        net, small, Conditioning(look.code, *maps), max(map(padded, shape)), lambda x, painted: painted,
        drafts, settle=lambda name, own: found.setdefault(name, own),
    )  # fmt: skip
    return found


def _rising(progress: Progress) -> Progress:
    """What tells progress of more than before only: with smaller tiles all begins anew."""
    said = 0.0

    def tell(share: float) -> None:
        nonlocal said
        if share > said:
            said = share
            progress(share)

    return tell


def _counter(
    net: StylizerNet,
    canvas: ImageBuffer,
    window: int,
    drafts: Sequence[float],
    gathered: bool,
    progress: Progress,
) -> Callable[[], None]:
    """What tells progress, told of each tile."""
    _, height, width = canvas.shape

    def count(halo: int, factor: float = 1.0) -> int:
        sides = (padded(math.ceil(padded(side) / factor)) for side in (height, width))
        return math.prod(len(list(tiling.spans(side, window, halo))) for side in sides)

    several, palette = count(net.reach) > 1, PIXELS in net.config.taps
    total = sum(count(net.reach, factor) for factor in (*drafts, 1.0))
    if not gathered and several:
        total += sum(count(net.encoder.reach, factor) for factor in (*drafts, 1.0))
    if not gathered and palette and (several or drafts and net.tileable):
        total += count(0)
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        progress(min(1.0, done / total))

    return tick

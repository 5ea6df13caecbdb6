"""Painting a canvas in whatever memory there is."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from ..device import out_of_memory
from ..errors import InputError
from ..nn.normalization import Moments
from ..nn.stylizer import MULTIPLE, StylizerNet
from . import tiles
from .canvas import Canvas, DiskCanvas
from .memory import affordable, check_memory
from .tiles import Look

Progress = Callable[[float], None]
DISK_MEMORY = 840_000_000  # bytes for the tiles of a picture that is too large to be in memory itself
THUMBNAIL = 768  # short side of the copy that approximate statistics are taken from


def paint(
    net: StylizerNet,
    canvas: Canvas,
    look: Look,
    tile: str | int = "auto",
    stats: str = "exact",
    finish: Callable[[Tensor, Tensor], Tensor] = lambda x, painted: painted,
    progress: Progress | None = None,
) -> Canvas:
    """Paint a canvas; arguments as for `Stylizer.stylize`, finish as for `tiles.render`.

    If memory does not suffice after all, once more with smaller tiles. InputError if nothing helps.
    """
    if stats not in ("exact", "thumbnail"):
        raise InputError(f"stats is {stats!r}: exact or thumbnail")
    window = _window(net, canvas, look, tile)
    while True:
        try:
            own = _thumbnail_moments(net, canvas, look, window) if stats == "thumbnail" else None
            tick = progress and _counter(net, canvas, window, own is not None, progress)
            return tiles.render(net, canvas, look, window, finish, own, tick)
        except RuntimeError as error:
            smaller = window // 2 // MULTIPLE * MULTIPLE
            if not out_of_memory(error):
                raise
            if tile == "off" or not net.tileable or smaller < tiles.least(net):
                raise InputError(f"out of memory on {net.device}: give a smaller --size") from None
            window = smaller
        if net.device.type == "cuda":
            torch.cuda.empty_cache()  # here, since the error held on to its tensors


def _window(net: StylizerNet, canvas: Canvas, look: Look, tile: str | int) -> int:
    """Side of what the network is to see at once; InputError if it cannot be had."""
    count, height, width = canvas.shape
    whole, least = max(tiles.padded(height), tiles.padded(width)), tiles.least(net)
    maps = 0 if look.shares is None else 12 * look.shares.shape[1]
    if tile not in ("auto", "off"):
        if isinstance(tile, str) or tile < least or tile % MULTIPLE:
            raise InputError(f"tile is {tile}: auto, off, or a multiple of {MULTIPLE} from {least} on")
        if not net.tileable and tile < whole:
            raise InputError("this model cannot paint in tiles: leave tile at auto or off")
        return min(tile, whole)
    if tile == "off" or not net.tileable:
        check_memory(width, height * count, net, maps)
        return whole
    memory = DISK_MEMORY if isinstance(canvas, DiskCanvas) else None
    pixels = affordable(net, maps, memory) // count
    if height * width <= pixels:
        return whole
    return max(least, min(whole, int(pixels**0.5) // MULTIPLE * MULTIPLE))


def _thumbnail_moments(net: StylizerNet, canvas: Canvas, look: Look, window: int) -> dict[str, Moments]:
    small = tiles.thumbnail(canvas, THUMBNAIL)
    shape = small.shape[1:]
    maps = [F.interpolate(m, size=shape, mode="area") if isinstance(m, Tensor) else m for m in look[1:]]
    return tiles.gather(net, small, Look(look.code, *maps), window)


def _counter(
    net: StylizerNet, canvas: Canvas, window: int, gathered: bool, progress: Progress
) -> Callable[[], None]:
    """What tells progress, told of each tile."""
    halos = [net.reach] + ([] if gathered else [halo for _, halo in tiles.passes(net)])
    total = sum(len(tiles.parts(canvas, window, halo)) for halo in halos)
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        progress(min(1.0, done / total))

    return tick

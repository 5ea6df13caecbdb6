"""Painting an image in the memory that there is: which tiles, and smaller ones if it runs out."""

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from ..device import painting_threads
from ..errors import InputError, out_of_memory
from ..models.memory import affordable, check_memory, features_affordable
from ..models.network import StylizerNet
from ..models.padding import MULTIPLE, padded
from ..options import StylizeOptions
from . import tiling
from .buffer import DiskImageBuffer, ImageBuffer
from .levels import Conditioning, Each, factors
from .spans import tiles_of
from .tiling import Hooks, Tiles

Progress = Callable[[float], None]
"""Called with the share that is done, from 0 to 1."""
DISK_MEMORY = 1_700_000_000  # bytes for the tiles of a picture that is itself on disk
KEPT = 0.25  # share of the free memory, or disk, for features that are kept from the gathering pass
LARGE = 1024  # side of a window in pixels whose halo costs little
SMALLEST = 32  # pixels of a draft's short side
THUMBNAIL = 768  # short side of the copy that approximate statistics are taken from


def paint(
    net: StylizerNet,
    content: ImageBuffer,
    conditioning: Conditioning,
    options: StylizeOptions = StylizeOptions(),
    hooks: Hooks = Hooks(),
    progress: Progress | None = None,
) -> ImageBuffer:
    """Paint an image into a new buffer of its kind.

    Only strokes, tile and stats of the options matter here; the others are in the conditioning. If
    memory runs out it starts again with smaller tiles; InputError if even the smallest do not fit.
    """
    drafts = drafts_of(net, content, options.strokes)
    tiles = _tiles(net, content, conditioning, options.tile, drafts)
    tell = progress and _rising(progress)
    while True:
        try:
            found = None
            if options.stats == "thumbnail":
                found = _thumbnail_moments(net, content, conditioning, drafts)
            if tell:
                hooks = hooks._replace(tile_done=_counter(net, content, tiles, found is not None, tell))
            with _several_at_once(tiles.at_once) as each:
                hooks = hooks._replace(each=each)
                painted = tiling.render(net, content, conditioning, tiles, hooks, found)
            if tell:
                tell(1.0)  # also at α = 0, where no tile is painted
            return painted
        except RuntimeError as error:
            smaller = tiles.window // 2 // MULTIPLE * MULTIPLE
            if not out_of_memory(error):
                raise
            if options.tile == "off" or not net.tileable or smaller < tiling.smallest_window(net):
                raise InputError(f"out of memory on {net.device}: give a smaller --size") from None
            tiles = Tiles(smaller, drafts)
        if net.device.type == "cuda":
            torch.cuda.empty_cache()  # here, since the error held on to its tensors


def _tiles(
    net: StylizerNet,
    content: ImageBuffer,
    conditioning: Conditioning,
    tile: str | int,
    drafts: Sequence[float],
) -> Tiles:
    """How an image is cut up so that what the network sees at once fits into memory; InputError if the
    tiles asked for do not work."""
    count, height, width = content.shape
    whole, smallest = max(padded(height), padded(width)), tiling.smallest_window(net)
    maps = conditioning.region_maps
    map_bytes = 0 if maps is None else 12 * maps.shape[1]
    if not isinstance(tile, str):
        if tile < smallest or tile % MULTIPLE:
            raise InputError(
                f"tile is {tile}: auto, off, or a multiple of {MULTIPLE} from {smallest} on"
            )
        if not net.tileable and tile < whole:
            why = net.bottleneck.untileable
            raise InputError(f"this model cannot paint in tiles: {why}; leave tile at auto or off")
        window = min(tile, whole)
        room = affordable(net, map_bytes) // (count * window * window)
        at_once = _at_once(net, room) if window < whole else 1
        return Tiles(window, drafts, _kept(net, content), at_once)
    if tile == "off" or not net.tileable:
        check_memory(width, height * count, net, map_bytes)
        return Tiles(whole, drafts)
    memory = DISK_MEMORY if isinstance(content, DiskImageBuffer) else None
    pixels = affordable(net, map_bytes, memory) // count
    if height * width <= pixels:
        return Tiles(whole, drafts)
    if memory is None:
        pixels = int(pixels * (1 - KEPT))
    at_once = _at_once(net, pixels // LARGE**2)
    window = max(smallest, min(whole, int((pixels / at_once) ** 0.5) // MULTIPLE * MULTIPLE))
    return Tiles(window, drafts, _kept(net, content), at_once)


def _kept(net: StylizerNet, content: ImageBuffer) -> int:
    """Of how many pixels features may be kept, where `ImageBuffer.feature_maps` keeps them."""
    if isinstance(content, DiskImageBuffer) and net.device.type == "cpu":
        return features_affordable(net, KEPT, shutil.disk_usage(content.path.parent).free)
    return features_affordable(net, KEPT)


def _at_once(net: StylizerNet, room: int) -> int:
    """How many windows are worked on at once where there is room for so many: on a CPU one per core."""
    return max(1, min(room, torch.get_num_threads())) if net.device.type == "cpu" else 1


@contextmanager
def _several_at_once(count: int) -> Iterator[Each]:
    """What `Hooks.each` can be for so many tiles at a time."""
    if count == 1:
        yield map
        return
    with painting_threads(count, max(1, torch.get_num_threads() // count)) as pool:
        yield lambda work, tiles: pool.map(torch.inference_mode()(work), tiles)


def drafts_of(net: StylizerNet, content: ImageBuffer, strokes: float) -> list[float]:
    """`levels.factors` for an image, without drafts whose short side would be under `SMALLEST`.

    Raises InputError for strokes finer than this network can paint.
    """
    if strokes < 1 and not net.config.drafts:
        raise InputError("this model paints no finer strokes: a smaller --style-size makes finer ones")
    return [factor for factor in factors(net, strokes) if min(content.shape[1:]) >= SMALLEST * factor]


def _thumbnail_moments(
    net: StylizerNet, content: ImageBuffer, conditioning: Conditioning, drafts: Sequence[float]
) -> tiling.NamedMoments:
    small = tiling.thumbnail(content, THUMBNAIL)
    shape = small.shape[1:]
    found: tiling.NamedMoments = {}
    hooks = Hooks(adjust_moments=lambda name, moments: found.setdefault(name, moments))
    tiles = Tiles(max(map(padded, shape)), drafts)
    tiling.render(net, small, conditioning.resized(shape), tiles, hooks)
    return found


def _rising(progress: Progress) -> Progress:
    """Pass on only values above the last: painting starts again when memory runs out."""
    said = 0.0

    def tell(share: float) -> None:
        nonlocal said
        if share > said:
            said = share
            progress(share)

    return tell


def _counter(
    net: StylizerNet, content: ImageBuffer, tiles: Tiles, gathered: bool, progress: Progress
) -> Callable[[], None]:
    """A function to call after each tile, which reports progress.

    gathered: whether the content's moments are already known, so that only painting is left.
    """
    images, *sides = content.shape

    def size_at(factor: float) -> tuple[int, ...]:
        return tuple(side if factor == 1 else math.ceil(padded(side) / factor) for side in sides)

    def count(halo: int, factor: float = 1.0) -> int:
        down, right = size_at(factor)
        return len(tiles_of(down, right, tiles.window, halo, tiles.at_once))

    several = count(net.reach) > 1
    total = 0
    for factor in (*tiles.drafts, 1.0):
        kept = not gathered and several and tiling.keeps(tiles, (images, *size_at(factor)))
        total += count(tiling.painting_halo(net, kept), factor)
        if not gathered and several:
            total += count(net.encoder.reach, factor)
    if not gathered and tiling.needs_pixels(net, tiles, several):
        total += count(0)
    done = 0

    def tile_done() -> None:
        nonlocal done
        done += 1
        progress(min(1.0, done / total))

    return tile_done

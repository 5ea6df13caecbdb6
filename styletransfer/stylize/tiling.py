"""Painting a picture part by part, so that nobody can tell where the parts met.

AdaIN asks for the statistics of the whole picture. So it is encoded first, tile by tile; then every
tile is painted with the statistics of all, and with as much of its surroundings as the network looks
at. The features are kept in between if memory allows, else they are computed once more. What comes out
is what the network would have made of the whole. Drafts are painted so, one after the other, before the
picture.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from ..models.config import PIXELS
from ..models.network import StylizerNet, faded
from ..models.padding import MULTIPLE, pad_to_multiple, padded
from ..models.statistics import Moments, merged, moments, settled, weighted_moments
from .buffer import ImageBuffer
from .feature_maps import FeatureMaps
from .levels import Conditioning, Each, Level, extended_window, smaller
from .spans import Span, tiles_of

NamedMoments = dict[str, Moments]
"""Moments of the content by name: a tap's, or `Level.name`."""
Accumulators = dict[str, "MomentsAccumulator"]
"""What was counted of a tile, by tap."""
Count = TypeVar("Count", int, Tensor)


class Tiles(NamedTuple):
    """How a picture is cut up, and what is painted before it.

    window: side in pixels of the most that the network sees at once, a multiple of `MULTIPLE` and more
    than twice `net.reach` unless it is the whole. drafts: `levels.factors`. kept: pixels of the largest
    size whose features may be kept. at_once: how many windows are worked on at once.
    """

    window: int
    drafts: Sequence[float] = ()
    kept: int = 0
    at_once: int = 1


class Hooks(NamedTuple):
    """What is called on the way.

    finish: gives what becomes of a tile, from the content's tile and the painted one, both float32
    (N, 3, h, w) in [0, 1]. adjust_moments: given the name and the moments of each, gives what is to be
    taken off the features instead; for a window that holds the whole. tile_done: called after every
    tile of every pass. each: gives every tile to a function.
    """

    finish: Callable[[Tensor, Tensor], Tensor] = lambda content, painted: painted
    adjust_moments: Callable[[str, Moments], Moments] | None = None
    tile_done: Callable[[], None] = lambda: None
    each: Each = map


def render(
    net: StylizerNet,
    content: ImageBuffer,
    conditioning: Conditioning,
    tiles: Tiles,
    hooks: Hooks = Hooks(),
    content_moments: NamedMoments | None = None,
) -> ImageBuffer:
    """The stylized content, in a buffer of its kind.

    content_moments: those that are matched to the style's, by `Level.name`, if they are known; they are
    gathered from the content otherwise.
    """
    if not isinstance(conditioning.alpha, Tensor) and conditioning.alpha == 0:
        return _copied(content, hooks)
    gathers = content_moments is None
    known = dict(content_moments or {})
    several = len(tiles_of(*content.shape[1:], tiles.window, net.reach)) > 1
    if gathers and needs_pixels(net, tiles, several or hooks.adjust_moments is not None):
        known[PIXELS] = gather_pixels(net, content, conditioning, tiles, hooks)
        if hooks.adjust_moments:
            known[PIXELS] = hooks.adjust_moments(PIXELS, known[PIXELS])
    below, features = None, None
    for factor in tiles.drafts:
        photo, smaller_maps = smaller(content, factor, hooks.each), conditioning.smaller(factor)
        level = Level(net, photo, smaller_maps, factor, below is None and net.config.drafts > 0, below)
        if gathers and several:
            found, features = gather(level, tiles, known, hooks)
            known |= found
        draft = photo.scratch(*photo.shape[1:])
        below = level, _paint_level(draft, level, tiles, known, features, hooks, is_draft=True)
    level = Level(net, content, conditioning, 1.0, below is None and net.config.drafts > 0, below)
    if gathers and several:
        found, features = gather(level, tiles, known, hooks)
        known |= found
    return _paint_level(content.blank(), level, tiles, known, features, hooks)


def needs_pixels(net: StylizerNet, tiles: Tiles, always: bool) -> bool:
    """Whether the moments of the content's pixels are gathered before all else: where no window would
    find them in what it sees, or drafts are to have the same."""
    return PIXELS in net.config.taps and (always or bool(tiles.drafts) and net.tileable)


def _paint_level(
    out: ImageBuffer,
    level: Level,
    tiles: Tiles,
    content_moments: NamedMoments,
    kept: FeatureMaps | None,
    hooks: Hooks,
    is_draft: bool = False,
) -> ImageBuffer:
    """Encode, bottleneck and decode a level into `out`, tile by tile; arguments as for `render`.

    kept: its features, if they are known: then nothing is encoded.
    """
    net, names = level.net, {tap: level.name(tap) for tap in level.net.config.depths}
    known = {tap: content_moments[name] for tap, name in names.items() if name in content_moments}
    _, height, width = level.photo.shape

    def paint(tile: tuple[Span, Span]) -> None:
        rows, columns = tile
        if kept:
            features = kept.window(rows.window, columns.window)
        else:
            features = _encoded(level, rows, columns, content_moments)
        matched = known
        if hooks.adjust_moments:
            found = {tap: moments(x, tap in net.config.joint) for tap, x in features.items()}
            matched = {tap: hooks.adjust_moments(names[tap], m) for tap, m in found.items()}
        local = level.conditioning.window(rows.window, columns.window, net.device)
        local = local._replace(alpha=net.strength(local.alpha, not is_draft))
        y = net.decode(net.bottleneck(features, *local, matched), level.first)
        down = slice(rows.start, min(rows.stop, height))
        right = slice(columns.start, min(columns.stop, width))
        y = _core(y, rows, columns)[:, :, : down.stop - down.start, : right.stop - right.start].float()
        if not is_draft:
            photo = level.photo.read(down, right).to(net.device)
            alpha = level.conditioning.window(down, right, net.device).alpha
            y = hooks.finish(photo, faded(photo, y.clamp(0, 1), alpha))
        out.write(down, right, y)

    halo = painting_halo(net, kept is not None)
    for _ in hooks.each(paint, tiles_of(height, width, tiles.window, halo, tiles.at_once)):
        hooks.tile_done()
    return out


def painting_halo(net: StylizerNet, kept: bool) -> int:
    """What is looked at beside a tile for it to be painted: less if its features are kept."""
    return padded(net.decoder.reach) if kept else net.reach


def _encoded(
    level: Level, rows: Span, columns: Span, content_moments: NamedMoments
) -> dict[str, Tensor]:
    """A window's features by tap."""
    x = pad_to_multiple(level.read(rows.window, columns.window, content_moments))
    return level.net.encode(x, level.first)


def _copied(content: ImageBuffer, hooks: Hooks) -> ImageBuffer:
    """The content as it is, in a buffer of its kind."""
    out = content.blank()
    for tile in tiles_of(*content.shape[1:], 1024, 0):
        down, right = (slice(s.start, min(s.stop, n)) for s, n in zip(tile, content.shape[1:]))
        x = content.read(down, right)
        out.write(down, right, hooks.finish(x, x))
    return out


def gather_pixels(
    net: StylizerNet, content: ImageBuffer, conditioning: Conditioning, tiles: Tiles, hooks: Hooks
) -> Moments:
    """The moments of the content's pixels; of every region if there are regions."""

    def counted(tile: tuple[Span, Span]) -> Accumulators:
        rows, columns = tile
        x = extended_window(content.read, content.shape[1:], rows.window, columns.window)
        x = x.to(net.device).contiguous(memory_format=torch.channels_last)
        local = conditioning.window(rows.window, columns.window, net.device)
        found = MomentsAccumulator(PIXELS in net.config.joint)
        found.add(*_core_of_both(x, local.region_maps, rows, columns))
        return {PIXELS: found}

    cut = tiles_of(*content.shape[1:], tiles.window, 0, tiles.at_once)
    return _joined(hooks.each(counted, cut), hooks)[PIXELS]


def gather(
    level: Level, tiles: Tiles, content_moments: NamedMoments, hooks: Hooks
) -> tuple[NamedMoments, FeatureMaps | None]:
    """The moments of a level's features wherever the bottleneck is to match them to a style's, and the
    features themselves if they may be kept."""
    net = level.net
    kept = level.photo.feature_maps(net.device) if keeps(tiles, level.photo.shape) else None

    def counted(tile: tuple[Span, Span]) -> Accumulators:
        rows, columns = tile
        features = _encoded(level, rows, columns, content_moments)
        local = level.conditioning.window(rows.window, columns.window, net.device)
        found: Accumulators = {}
        for tap in net.config.depths:
            core, region_maps = _core_of_both(features[tap], local.region_maps, rows, columns)
            found[tap] = MomentsAccumulator(tap in net.config.joint)
            found[tap].add(core, region_maps)
            if kept:
                kept.put(tap, core, slice(rows.start, rows.stop), slice(columns.start, columns.stop))
        return found

    cut = tiles_of(*level.photo.shape[1:], tiles.window, net.encoder.reach, tiles.at_once)
    whole = _joined(hooks.each(counted, cut), hooks)
    return {level.name(tap): found for tap, found in whole.items()}, kept


def _joined(tiles: Iterable[Accumulators], hooks: Hooks) -> NamedMoments:
    """The moments by tap of all tiles, each of which is done when it comes."""
    whole: Accumulators = {}
    for tile in tiles:
        for tap, found in tile.items():
            if tap in whole:
                whole[tap].join(found)
            else:
                whole[tap] = found
        hooks.tile_done()
    return {tap: accumulator.moments() for tap, accumulator in whole.items()}


def keeps(tiles: Tiles, shape: Sequence[int]) -> bool:
    """Whether features of pictures of this shape, (N, H, W), are kept."""
    return math.prod(shape) <= tiles.kept


def smallest_window(net: StylizerNet) -> int:
    """The smallest window that is worth its halo."""
    return 2 * net.reach + 4 * MULTIPLE


def palette(content: ImageBuffer) -> Moments:
    """Mean and covariance of the colours of an image, (N, 3) and (N, 3, 3)."""
    accumulator = MomentsAccumulator(joint=True)
    for rows, columns in tiles_of(*content.shape[1:], 1024, 0):
        x = extended_window(content.read, content.shape[1:], rows.window, columns.window)
        accumulator.add(_core(x, rows, columns), None)
    return accumulator.moments()


def thumbnail(content: ImageBuffer, short: int) -> ImageBuffer:
    """A smaller copy, float32, of which no more is read at once than a strip."""
    _, height, width = content.shape
    scale = max(1, min(height, width) // short)
    strips = [
        F.avg_pool2d(content.read(slice(top, top + scale), slice(None)), scale, ceil_mode=True)
        for top in range(0, height, scale)
    ]
    return ImageBuffer(torch.cat(strips, dim=2))


class MomentsAccumulator:
    """Moments of a whole, gathered from its parts; of every region if there are regions."""

    def __init__(self, joint: bool):
        self.joint = joint
        self.whole: tuple[Moments, int] | None = None
        self.regions: tuple[Moments, Tensor] | None = None

    def add(self, x: Tensor, region_maps: Tensor | None) -> None:
        """Count features (N, C, h, w), and which region they belong to, (1 or N, R, h, w)."""
        self.whole = _added(self.whole, (moments(x, self.joint), x.shape[2] * x.shape[3]))
        if region_maps is not None:
            self.regions = _added(self.regions, weighted_moments(x, region_maps, self.joint))

    def join(self, other: "MomentsAccumulator") -> None:
        """Count what another has counted."""
        if other.whole:
            self.whole = _added(self.whole, other.whole)
        if other.regions:
            self.regions = _added(self.regions, other.regions)

    def moments(self) -> Moments:
        """Float32; with rows (N, R, …) if there are regions."""
        if self.whole is None:
            raise ValueError("nothing was added")
        found, _ = self.whole
        if self.regions is not None:
            of_regions, counts = self.regions
            found = settled(of_regions, counts, found)
        return Moments(*(each.float() for each in found))


def _added(total: tuple[Moments, Count] | None, part: tuple[Moments, Count]) -> tuple[Moments, Count]:
    """Moments and their count of positions with another part's, in float64."""
    exact = Moments(*(each.double() for each in part[0])), part[1]
    if total is None:
        return exact
    return merged([total[0], exact[0]], [total[1], exact[1]]), total[1] + exact[1]


def _core(x: Tensor, rows: Span, columns: Span) -> Tensor:
    """Of the pixels or features of a window those of the stretch itself."""
    return x[:, :, _inside(rows, x.shape[2]), _inside(columns, x.shape[3])]


def _inside(span: Span, size: int) -> slice:
    """Where a stretch lies in features of its window, `size` of them."""
    first, last = span.window.start, span.window.stop
    return slice(*((at - first) * size // (last - first) for at in (span.start, span.stop)))


def _core_of_both(
    x: Tensor, region_maps: Tensor | None, rows: Span, columns: Span
) -> tuple[Tensor, Tensor | None]:
    """Features and region maps, at the features' size, of the stretch itself."""
    if region_maps is not None:
        region_maps = F.interpolate(region_maps, size=x.shape[2:], mode="area")
        region_maps = _core(region_maps, rows, columns)
    return _core(x, rows, columns), region_maps

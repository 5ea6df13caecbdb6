"""Painting a picture part by part, so that nobody can tell where the parts met.

AdaIN asks for the statistics of the whole picture. So they are gathered first, tile by tile, for
one depth after the other; then every tile is painted with them, and with as much of its surroundings
as the network looks at. What comes out is what the network would have made of the whole. Drafts are
painted so, one after the other, before the picture.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..models.config import PIXELS
from ..models.network import StylizerNet, faded
from ..models.padding import MULTIPLE, pad_to_multiple, padded
from ..models.statistics import Moments, merged, moments, settled, weighted_moments
from .buffer import ImageBuffer
from .levels import Conditioning, Level, extended_window, smaller

Finish = Callable[[Tensor, Tensor], Tensor]
Found = dict[str, Moments]
"""Moments by name: a tap's, or `Level.name`."""
Settle = Callable[[str, Moments], Moments]


class Span(NamedTuple):
    """A stretch of a side: what is painted of it, and what is looked at for that."""

    start: int
    stop: int
    window: slice


def spans(side: int, window: int, halo: int) -> Iterator[Span]:
    """Cut a side into stretches seen through windows of one size, `halo` more to either side of each
    but where the picture ends. All numbers are multiples of `MULTIPLE`, window more than 2 · halo."""
    start = 0
    while start < side:
        first = max(0, min(start - halo, side - window))
        last = min(side, first + window)
        stop = side if last == side else last - halo
        yield Span(start, stop, slice(first, last))
        start = stop


def parts(canvas: ImageBuffer, window: int, halo: int) -> list[tuple[Span, Span]]:
    """Rows and columns of every tile."""
    _, height, width = canvas.shape
    columns = list(spans(padded(width), window, halo))
    return [(rows, c) for rows in spans(padded(height), window, halo) for c in columns]


def render(
    net: StylizerNet,
    content: ImageBuffer,
    look: Conditioning,
    window: int,
    finish: Finish,
    drafts: Sequence[float] = (),
    found: Found | None = None,
    tick: Callable[[], None] | None = None,
    settle: Settle | None = None,
) -> ImageBuffer:
    """The stylized content, on a canvas of its kind.

    window: side in pixels of what the network sees at once, a multiple of `MULTIPLE` and more than twice
    `net.reach` unless it is the whole. finish: what becomes of a tile, from the content's tile and
    the painted one, both float32 (N, 3, h, w) in [0, 1]. drafts: `levels.factors`. found: the moments
    that are matched to the style's, if they are known, by `Level.name`. tick: called after every tile
    of every pass. settle: given the name and the moments of each, on the way, gives what is to be
    taken instead; for a window that holds the whole.
    """
    if not isinstance(look.alpha, Tensor) and look.alpha == 0:
        return _copied(content, finish)
    own, level, painted = dict(found or {}), None, None
    several = len(parts(content, window, net.reach)) > 1
    if found is None and PIXELS in net.config.taps and (several or settle or drafts and net.tileable):
        own[PIXELS] = gather_pixels(net, content, look, window, tick)
        if settle:
            own[PIXELS] = settle(PIXELS, own[PIXELS])
    for factor in [*drafts, 1.0]:
        photo, seen = content, look
        if factor != 1:
            photo, seen = smaller(content, factor), look.smaller(factor)
        first = level is None and net.config.drafts > 0
        level = Level(net, photo, seen, factor, first, level, painted)
        if found is None and several:
            own |= gather(level, window, own, tick)
        if factor == 1:
            return _filled(content.blank(), level, window, own, finish, tick, settle)
        painted = _filled(photo.scratch(*photo.shape[1:]), level, window, own, None, tick, settle)


def _filled(
    out: ImageBuffer,
    level: Level,
    window: int,
    own: Found,
    finish: Finish | None,
    tick: Callable[[], None] | None,
    settle: Settle | None,
) -> ImageBuffer:
    """A canvas with a level painted on it, tile by tile; arguments as for `render`."""
    net, look = level.net, level.look
    known = {tap: own[level.name(tap)] for tap in net.config.depths if level.name(tap) in own}
    _, height, width = level.photo.shape
    for rows, columns in parts(level.photo, window, net.reach):
        features = net.encode(pad_to_multiple(level.read(rows.window, columns.window, own)), level.first)
        local = look.within(rows.window, columns.window, net.device)
        if settle:
            joint = net.config.joint
            known = {t: settle(level.name(t), moments(x, t in joint)) for t, x in features.items()}
        y = net.decode(net.bottleneck(features, *local, known), level.first)
        down = slice(rows.start, min(rows.stop, height))
        right = slice(columns.start, min(columns.stop, width))
        y = _core(y, rows, columns)[:, :, : down.stop - down.start, : right.stop - right.start].float()
        if finish:
            x, alpha = (
                level.photo.read(down, right).to(net.device),
                look.within(down, right, net.device)[1],
            )
            y = finish(x, faded(x, y.clamp(0, 1), alpha))
        out.write(down, right, y)
        if tick:
            tick()
    return out


def _copied(content: ImageBuffer, finish: Finish) -> ImageBuffer:
    """The content as it is, on a canvas of its kind."""
    out = content.blank()
    for rows, columns in parts(content, 1024, 0):
        at = (slice(s.start, min(s.stop, side)) for s, side in zip((rows, columns), content.shape[1:]))
        down, right = at
        x = content.read(down, right)
        out.write(down, right, finish(x, x))
    return out


def gather_pixels(
    net: StylizerNet,
    content: ImageBuffer,
    look: Conditioning,
    window: int,
    tick: Callable[[], None] | None = None,
) -> Moments:
    """The moments of the content's pixels; of every region if there are regions."""
    tally = MomentsAccumulator(PIXELS in net.config.joint)
    for rows, columns in parts(content, window, 0):
        x = extended_window(content.read, content.shape[1:], rows.window, columns.window)
        x = x.to(net.device).contiguous(memory_format=torch.channels_last)
        local = look.within(rows.window, columns.window, net.device)
        tally.add(*_at(x, local.shares, rows, columns))
        if tick:
            tick()
    return tally.moments()


def gather(level: Level, window: int, own: Found, tick: Callable[[], None] | None = None) -> Found:
    """The moments of a level's features wherever the bottleneck is to match them to a style's."""
    net = level.net
    tallies = {tap: MomentsAccumulator(tap in net.config.joint) for tap in net.config.depths}
    for rows, columns in parts(level.photo, window, net.encoder.reach):
        features = net.encode(pad_to_multiple(level.read(rows.window, columns.window, own)), level.first)
        local = level.look.within(rows.window, columns.window, net.device)
        for tap, tally in tallies.items():
            tally.add(*_at(features[tap], local.shares, rows, columns))
        if tick:
            tick()
    return {level.name(tap): tally.moments() for tap, tally in tallies.items()}


def least(net: StylizerNet) -> int:
    """The smallest window that is worth its halo."""
    return 2 * net.reach + 4 * MULTIPLE


def palette(content: ImageBuffer) -> Moments:
    """Mean and covariance of the colours of a canvas, (N, 3) and (N, 3, 3)."""
    tally = MomentsAccumulator(joint=True)
    for rows, columns in parts(content, 1024, 0):
        x = extended_window(content.read, content.shape[1:], rows.window, columns.window)
        tally.add(_core(x, rows, columns), None)
    return tally.moments()


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
        self.joint, self.found = joint, []

    def add(self, x: Tensor, shares: Tensor | None) -> None:
        """Count features (N, C, h, w), and which region they belong to, (1 or N, R, h, w)."""
        part = [(moments(x, self.joint), float(x.shape[2] * x.shape[3]))]
        if shares is not None:
            part.append(weighted_moments(x, shares, self.joint))
        part = [(Moments(*(each.double() for each in m)), count) for m, count in part]
        self.found = [_joined(a, b) for a, b in zip(self.found, part)] if self.found else part

    def moments(self) -> Moments:
        """Float32; with rows (N, R, …) if there are regions."""
        whole = self.found[0][0]
        if len(self.found) > 1:
            whole = settled(*self.found[1], whole)
        return Moments(*(each.float() for each in whole))


def _joined(a: tuple[Moments, float | Tensor], b: tuple[Moments, float | Tensor]):
    return merged([a[0], b[0]], [a[1], b[1]]), a[1] + b[1]


def _core(x: Tensor, rows: Span, columns: Span) -> Tensor:
    """Of the pixels or features of a window those of the stretch itself."""
    return x[:, :, _inside(rows, x.shape[2]), _inside(columns, x.shape[3])]


def _inside(span: Span, size: int) -> slice:
    """Where a stretch lies in features of its window, `size` of them."""
    first, last = span.window.start, span.window.stop
    return slice(*((at - first) * size // (last - first) for at in (span.start, span.stop)))


def _at(x: Tensor, shares: Tensor | None, rows: Span, columns: Span) -> tuple[Tensor, Tensor | None]:
    """Features and shares of the stretch itself."""
    if shares is not None:
        shares = _core(F.interpolate(shares, size=x.shape[2:], mode="area"), rows, columns)
    return _core(x, rows, columns), shares

"""Painting a picture part by part, so that nobody can tell where the parts met.

AdaIN asks for the statistics of the whole picture. So they are gathered first, tile by tile, for
one depth after the other; then every tile is painted with them, and with as much of its surroundings
as the network looks at. What comes out is what the network would have made of the whole.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..nn.normalization import Moments, merged, moments, settled, weighted_moments
from ..nn.stylizer import MULTIPLE, PIXELS, Code, StylizerNet, padded
from .canvas import Canvas
from .pictures import pad_to_multiple


class Span(NamedTuple):
    """A stretch of a side: what is painted of it, and what is looked at for that."""

    start: int
    stop: int
    window: slice


class Look(NamedTuple):
    """What a canvas is to be painted with; as for `StylizerNet.forward`, maps of the canvas's size."""

    code: Code
    alpha: float | Tensor = 1.0
    shares: Tensor | None = None

    def within(self, rows: slice, columns: slice, device: torch.device) -> "Look":
        """The same for a window."""
        maps = [m if not isinstance(m, Tensor) else _cut(m, rows, columns) for m in self[1:]]
        return Look(self.code, *(m.to(device) if isinstance(m, Tensor) else m for m in maps))


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


def parts(canvas: Canvas, window: int, halo: int) -> list[tuple[Span, Span]]:
    """Rows and columns of every tile."""
    _, height, width = canvas.shape
    columns = list(spans(padded(width), window, halo))
    return [(rows, c) for rows in spans(padded(height), window, halo) for c in columns]


def render(
    net: StylizerNet,
    content: Canvas,
    look: Look,
    window: int,
    finish: Callable[[Tensor, Tensor], Tensor],
    own: dict[str, Moments] | None = None,
    tick: Callable[[], None] | None = None,
) -> Canvas:
    """The stylized content, on a canvas of its kind.

    window: side in pixels of what the network sees at once, a multiple of `MULTIPLE` and more than twice
    `net.reach` unless it is the whole. finish: what becomes of a tile, from the content's tile and
    the painted one, both float32 (N, 3, h, w) in [0, 1]. own: the content's moments, if known
    (`gather`). tick: called after every tile of every pass.
    """
    device = net.device
    _, height, width = content.shape
    tiles = parts(content, window, net.reach)
    if own is None:
        own = gather(net, content, look, window, tick) if len(tiles) > 1 else {}
    out = content.blank()
    for rows, columns in tiles:
        x = _read(content, rows, columns).to(device)
        y = net(x, *look.within(rows.window, columns.window, device), own)
        y, x = (_core(t, rows, columns).float() for t in (y, x))
        down, right = min(rows.stop, height), min(columns.stop, width)
        y, x = (t[:, :, : down - rows.start, : right - columns.start] for t in (y.clamp(0, 1), x))
        out.write(slice(rows.start, down), slice(columns.start, right), finish(x, y))
        if tick:
            tick()
    return out


def gather(
    net: StylizerNet,
    content: Canvas,
    look: Look,
    window: int,
    tick: Callable[[], None] | None = None,
) -> dict[str, Moments]:
    """The content's moments wherever the bottleneck is to match them to a style's (`passes`)."""
    if not isinstance(look.alpha, Tensor) and look.alpha == 0:
        return {}
    device = net.device
    own: dict[str, Moments] = {}
    for taps, halo in passes(net):
        tallies = {tap: Tally(tap in net.config.joint) for tap in taps}
        for rows, columns in parts(content, window, halo):
            x = _read(content, rows, columns).to(device)
            local = look.within(rows.window, columns.window, device)
            features = {PIXELS: x} if PIXELS in tallies else net.encode(net.recolor(x, *local, own))
            for tap, tally in tallies.items():
                tally.add(*_at(features[tap], local.shares, rows, columns))
            if tick:
                tick()
        own |= {tap: tally.moments() for tap, tally in tallies.items()}
    return own


def passes(net: StylizerNet) -> list[tuple[set[str], int]]:
    """The taps whose moments are gathered together, and how far around it each is to be seen for it:
    the pixels' first, since what they become is what is encoded."""
    taps = [({PIXELS}, 0), (set(net.config.depths), net.encoder.reach)]
    return [(found, halo) for found, halo in taps if found & set(net.config.taps)]


def least(net: StylizerNet) -> int:
    """The smallest window that is worth its halo."""
    return 2 * net.reach + 4 * MULTIPLE


def palette(content: Canvas) -> Moments:
    """Mean and covariance of the colours of a canvas, (N, 3) and (N, 3, 3)."""
    tally = Tally(joint=True)
    for rows, columns in parts(content, 1024, 0):
        tally.add(_core(_read(content, rows, columns), rows, columns), None)
    return tally.moments()


def thumbnail(content: Canvas, short: int) -> Canvas:
    """A smaller copy, float32, of which no more is read at once than a strip."""
    _, height, width = content.shape
    scale = max(1, min(height, width) // short)
    strips = [
        F.avg_pool2d(content.read(slice(top, top + scale), slice(None)), scale, ceil_mode=True)
        for top in range(0, height, scale)
    ]
    return Canvas(torch.cat(strips, dim=2))


class Tally:
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


def _cut(map: Tensor, rows: slice, columns: slice) -> Tensor:
    return pad_to_multiple(map[:, :, rows, columns])


def _read(content: Canvas, rows: Span, columns: Span) -> Tensor:
    x = pad_to_multiple(content.read(rows.window, columns.window))
    return x.contiguous(memory_format=torch.channels_last)


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

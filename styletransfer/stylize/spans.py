"""Cutting a picture into tiles."""

import math
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from ..models.padding import padded


class Span(NamedTuple):
    """A stretch of a side: what is painted of it, and what is looked at for that."""

    start: int
    stop: int
    window: slice


def spans(side: int, window: int, halo: int, count: int = 1) -> Iterator[Span]:
    """Cut a side into as few stretches as can be, of about one length, each seen through a window of
    `window` at the most, with `halo` more to either side of it but where the picture ends.

    count: if more are wanted than that. All other numbers are multiples of `MULTIPLE`, window more than
    2 · halo unless it is the whole side.
    """
    count = max(count, fewest(side, window, halo))
    if count == 1:
        yield Span(0, side, slice(0, side))
        return
    length = padded(math.ceil((side - 2 * halo) / count))
    start = 0
    while start < side:
        last = min(side, max(0, start - halo) + length + 2 * halo)
        stop = side if last == side else last - halo
        yield Span(start, stop, slice(max(0, start - halo), last))
        start = stop


def fewest(side: int, window: int, halo: int) -> int:
    """Into how few stretches a side can be cut."""
    return 1 if side <= window else math.ceil((side - 2 * halo) / (window - 2 * halo))


def tiles_of(
    height: int, width: int, window: int, halo: int, at_once: int = 1
) -> list[tuple[Span, Span]]:
    """Rows and columns of every tile of a picture; as few tiles as can be, or a few more where the last
    ones would leave some of the `at_once` that work on them without any."""
    sides = padded(height), padded(width)
    least = [fewest(side, window, halo) for side in sides]

    def cost(counts: tuple[int, ...]) -> float:
        """Pixels that are seen one after the other."""
        seen = math.prod(side / count + 2 * halo for side, count in zip(sides, counts))
        return math.ceil(math.prod(counts) / at_once) * seen

    counts = min(product(*(range(n, n + at_once) for n in least)), key=cost)
    rows, columns = (list(spans(s, window, halo, n)) for s, n in zip(sides, counts))
    return list(product(rows, columns))

"""Interpolation between style codes."""

from collections.abc import Iterator, Sequence

from .code import StyleCode, blend


def morph_path(codes: Sequence[StyleCode], frames: int) -> Iterator[StyleCode]:
    """Yield `frames` codes on a path through the given ones, both ends included.

    Linear between two codes, eased so that the speed is zero at each (3t² − 2t³).
    """
    for frame in range(frames):
        position = frame * (len(codes) - 1) / max(1, frames - 1)
        index = min(int(position), len(codes) - 2)
        t = position - index
        second = t * t * (3 - 2 * t)
        yield blend(codes[index : index + 2], [1 - second, second])


def style_square(corners: Sequence[StyleCode], side: int) -> list[list[StyleCode]]:
    """side × side codes between four corners, by bilinear interpolation (Huang & Belongie 2017, fig. 8).

    corners: top left, top right, bottom left, bottom right. side: at least 2.
    """
    steps = [i / (side - 1) for i in range(side)]
    return [
        [blend(corners, [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y]) for x in steps]
        for y in steps
    ]

"""Ways through the space of styles."""

from collections.abc import Iterator, Sequence

from .code import StyleCode, blend


def between(codes: Sequence[StyleCode], frames: int) -> Iterator[StyleCode]:
    """`frames` codes, one by one, on a path through the given ones, resting a moment at each; ends
    included.

    The path is straight between two codes, with a speed of zero at both (3t² − 2t³).
    """
    for frame in range(frames):
        position = frame * (len(codes) - 1) / max(1, frames - 1)
        index = min(int(position), len(codes) - 2)
        t = position - index
        second = t * t * (3 - 2 * t)
        yield blend(codes[index : index + 2], [1 - second, second])


def square(corners: Sequence[StyleCode], side: int) -> list[list[StyleCode]]:
    """side × side codes between four, given as top left, top right, bottom left, bottom right.

    Bilinear: each is a blend of the four by its nearness (Huang & Belongie 2017, fig. 8).
    """
    steps = [i / (side - 1) for i in range(side)]
    return [
        [blend(corners, [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y]) for x in steps]
        for y in steps
    ]

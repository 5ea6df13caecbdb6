"""The encoder's features of a whole picture, put together from parts of it."""

import math
from collections.abc import Callable
from pathlib import Path
from threading import Lock

import torch
from torch import Tensor

from ..media.files import reserved
from ..models.padding import padded


class FeatureMaps:
    """Features at every tap, of all that `padded` makes of a picture. Several threads may use them.

    height, width: of the picture, in pixels. All stretches are in pixels too, from multiples of
    `MULTIPLE` to such: there every tap has whole positions. folder: where they are kept in files, whose
    pages do not stay in the process's memory; None keeps them in memory.
    """

    def __init__(self, height: int, width: int, folder: Path | None = None):
        self._sides = padded(height), padded(width)
        self._folder = folder
        self._maps: dict[str, Callable[[], Tensor]] = {}
        self._adding = Lock()

    def put(self, tap: str, part: Tensor, rows: slice, columns: slice) -> None:
        """Note features (N, C, h, w) of a part of the picture."""
        with self._adding:
            if tap not in self._maps:
                stretches = (rows.stop - rows.start, columns.stop - columns.start)
                sides = (
                    side * n // stretch
                    for side, n, stretch in zip(self._sides, part.shape[2:], stretches)
                )
                self._maps[tap] = self._new(part, *sides)
        self._at(self._maps[tap](), rows, columns).copy_(part)

    def window(self, rows: slice, columns: slice) -> dict[str, Tensor]:
        """Features of a part of the picture, by tap."""
        return {tap: self._at(whole(), rows, columns) for tap, whole in self._maps.items()}

    def _new(self, like: Tensor, height: int, width: int) -> Callable[[], Tensor]:
        """Gives a new map (N, C, height, width), channels last, whenever it is called."""
        shape = len(like), height, width, like.shape[1]
        if self._folder is None:
            whole = like.new_empty(shape).permute(0, 3, 1, 2)
            return lambda: whole
        values = math.prod(shape)
        path = reserved(self._folder, "features-", values * like.element_size())

        def mapped() -> Tensor:  # anew each time, so that memory of past reads is freed
            flat = torch.from_file(str(path), shared=True, size=values, dtype=like.dtype)
            return flat.view(shape).permute(0, 3, 1, 2)

        return mapped

    def _at(self, whole: Tensor, *stretches: slice) -> Tensor:
        down, right = (
            slice(at.start * n // side, at.stop * n // side)
            for at, n, side in zip(stretches, whole.shape[2:], self._sides)
        )
        return whole[:, :, down, right]

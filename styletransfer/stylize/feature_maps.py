"""The encoder's features of a whole picture, put together from parts of it."""

import torch
from torch import Tensor

from ..models.padding import padded


class FeatureMaps:
    """Features at every tap, of all that `padded` makes of a picture.

    height, width: of the picture, in pixels. All stretches are in pixels too, from multiples of
    `MULTIPLE` to such: there every tap has whole positions.
    """

    def __init__(self, height: int, width: int):
        self._sides = padded(height), padded(width)
        self._maps: dict[str, Tensor] = {}

    def put(self, tap: str, part: Tensor, rows: slice, columns: slice) -> None:
        """Note features (N, C, h, w) of a part of the picture."""
        if tap not in self._maps:
            stretches = (rows.stop - rows.start, columns.stop - columns.start)
            sides = (
                side * n // stretch for side, n, stretch in zip(self._sides, part.shape[2:], stretches)
            )
            whole = part.new_empty((*part.shape[:2], *sides))
            self._maps[tap] = whole.contiguous(memory_format=torch.channels_last)
        self._at(self._maps[tap], rows, columns).copy_(part)

    def window(self, rows: slice, columns: slice) -> dict[str, Tensor]:
        """Features of a part of the picture, by tap."""
        return {tap: self._at(whole, rows, columns) for tap, whole in self._maps.items()}

    def _at(self, whole: Tensor, *stretches: slice) -> Tensor:
        down, right = (
            slice(at.start * n // side, at.stop * n // side)
            for at, n, side in zip(stretches, whole.shape[2:], self._sides)
        )
        return whole[:, :, down, right]

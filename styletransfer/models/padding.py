"""Networks take pictures whose sides are multiples of `MULTIPLE`; others are padded by reflection."""

from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

MULTIPLE = 16
"""With such sides the feature maps of every network have whole sizes."""


def padded(side: int) -> int:
    """A side rounded up to a multiple of `MULTIPLE`."""
    return (side + MULTIPLE - 1) // MULTIPLE * MULTIPLE


def pad_to_multiple(x: Tensor) -> Tensor:
    """Reflect (N, C, H, W) at its right and bottom edge until both sides are multiples of `MULTIPLE`.

    Unlike torch's reflection padding this works for pictures smaller than the padding.
    """
    for dim in (2, 3):
        length = x.shape[dim]
        if torch.compiler.is_compiling():  # the graph takes any length from half of `MULTIPLE` on
            more = padded(length) - length
            first = cast(int, torch.sym_min(more, length - 1))  # the most that one reflection can add
            for part in (first, more - first):
                x = F.pad(x, [0, 0, 0, part] if dim == 2 else [0, part, 0, 0], mode="reflect")
        elif length % MULTIPLE:
            period = max(1, 2 * (length - 1))
            index = torch.arange(padded(length), device=x.device) % period
            x = x.index_select(dim, torch.minimum(index, period - index) if length > 1 else index)
    return x

"""The sides that a network takes are multiples of `MULTIPLE`: pictures are extended to that."""

from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

MULTIPLE = 16
"""Of which the sides of a picture are multiples, for its maps to have whole sizes in every network."""


def padded(side: int) -> int:
    """What a side is extended to before the network sees it: the next multiple of `MULTIPLE`."""
    return (side + MULTIPLE - 1) // MULTIPLE * MULTIPLE


def pad_to_multiple(x: Tensor) -> Tensor:
    """Reflect (N, C, H, W) at its right and bottom edge until both sides are multiples of `MULTIPLE`.

    Unlike torch's own padding this also takes a picture smaller than what is to be added.
    """
    for dim in (2, 3):
        length = x.shape[dim]
        if torch.compiler.is_compiling():  # a graph for any length from half of `MULTIPLE` on
            more = padded(length) - length
            first = cast(int, torch.sym_min(more, length - 1))  # no more can be reflected at once
            for part in (first, more - first):
                x = F.pad(x, [0, 0, 0, part] if dim == 2 else [0, part, 0, 0], mode="reflect")
        elif length % MULTIPLE:
            period = max(1, 2 * (length - 1))
            index = torch.arange(padded(length), device=x.device) % period
            x = x.index_select(dim, torch.minimum(index, period - index) if length > 1 else index)
    return x

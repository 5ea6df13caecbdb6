"""The sides that a network takes are multiples of `MULTIPLE`: pictures are extended to that."""

import torch
from torch import Tensor

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
            last, index = length - 1, torch.arange(padded(length), device=x.device)
            x = x.index_select(dim, (last - (index - last).abs()).abs())
        elif length % MULTIPLE:
            period = max(1, 2 * (length - 1))
            index = torch.arange(padded(length), device=x.device) % period
            x = x.index_select(dim, torch.minimum(index, period - index) if length > 1 else index)
    return x

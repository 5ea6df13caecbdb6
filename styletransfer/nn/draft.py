"""Draft, then revise: a picture painted small, enlarged, and painted again over the photo's details.

What a network paints at half the size has strokes twice as broad, which it could not paint at full
size: its convolutions do not see as far. (The idea of LapStyle, Lin et al. 2021, arXiv 2104.05376, for
any style.)
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def halved(x: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C, H/2, W/2), the mean of every two by two; H and W even."""
    return F.avg_pool2d(x, 2)


def enlarged(x: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C, 2H, 2W), bilinear: smooth, so that no edge of a pixel is seen."""
    return F.interpolate(x, scale_factor=2, mode="bilinear")


class Overlay(nn.Module):
    """The photo's details over an enlarged draft: what the next pass paints from.

    details: how much of what the photo has and its small copy has not, of each
    colour; all of it unless that is learned.
    """

    def __init__(self, learned: bool = True):
        super().__init__()
        if learned:
            self.details = nn.Parameter(torch.ones(3))
        else:
            self.register_buffer("details", torch.ones(3), persistent=False)

    def below(self, draft: Tensor, small: Tensor) -> Tensor:
        """What is to be enlarged: the small photo as it was painted, less its part of the details; both
        (N, 3, H, W)."""
        return draft - self.details[:, None, None] * small

    def forward(self, below: Tensor, photo: Tensor) -> Tensor:
        """below: what `below` gives, enlarged; photo: at its full size; both (N, 3, H, W)."""
        return below + self.details[:, None, None] * photo

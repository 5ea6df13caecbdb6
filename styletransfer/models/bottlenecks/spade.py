"""SPADE: AdaIN, and a learned correction to it from the map of which style is where."""

import torch
from torch import Tensor, nn

from ..statistics import Statistics
from .adain import instance_norm


class Spade(nn.Module):
    """Spatially adaptive normalization, Park et al. 2019, eq. 1: γ(m) · (x − μ(x)) / σ(x) + β(m).

    γ and β are predicted at every position from a map m: a 3×3 convolution, ReLU, and a 3×3
    convolution each. As in the authors' code γ counts from 1. Statistics are the sample's own
    (instance normalization) where the paper has the batch's. New layers give γ = 1 and β = 0.
    """

    def __init__(self, channels: int, map_channels: int, hidden: int = 64):
        super().__init__()
        self.shared = nn.Conv2d(map_channels, hidden, 3, padding=1, padding_mode="reflect")
        self.gamma = nn.Conv2d(hidden, channels, 3, padding=1, padding_mode="reflect")
        self.beta = nn.Conv2d(hidden, channels, 3, padding=1, padding_mode="reflect")
        for layer in (self.gamma, self.beta):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, map: Tensor) -> Tensor:
        """x: (N, channels, H, W); map: (N, map_channels, H, W), any range. Same shape as x out."""
        hidden = self.shared(map).relu()
        return torch.addcmul(self.beta(hidden), instance_norm(x), 1 + self.gamma(hidden))


def style_map(styles: Statistics, shares: Tensor) -> Tensor:
    """A picture of which style is where: means and deviations as channels, (N, 2C, H, W) float32.

    styles: (R, C) or (N, R, C) each. shares: (1 or N, R, H, W), as for `regional_adain`.
    """
    rows = torch.cat(list(styles), dim=-1)
    rows = rows.expand(max(len(shares), len(rows) if rows.ndim == 3 else 1), -1, -1)
    return torch.einsum("nrhw,nrc->nchw", shares.float().expand(len(rows), -1, -1, -1), rows)

"""What learned bottlenecks share: γ(s) · (x − μ(x)) / sqrt(σ²(x) + ε) + β(s).

Members of the family differ in two things: over what the mean and variance of x (N, C, H, W) are taken,
and where γ and β come from. Statistics are float32 (float64 for float64), variances biased.
"""

import torch
from torch import Tensor, nn

from ..statistics import EPS, Moments

SPACE = (2, 3)


class Norm(nn.Module):
    """A member of the family: `moments` is over what, `affine` is where γ and β come from.

    channels: C. learned: whether there is a γ and β per channel, 1 and 0 at first.
    """

    def __init__(self, channels: int, learned: bool = True):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels)) if learned else None
        self.beta = nn.Parameter(torch.zeros(channels)) if learned else None

    def moments(self, x: Tensor) -> Moments:
        """What is taken off x: mean and variance, of a shape that spreads over (N, C, H, W)."""
        raise NotImplementedError

    def affine(self, style=None) -> tuple[Tensor | float, Tensor | float]:
        """γ and β, likewise. style: whatever the member is conditioned on; None for most."""
        if self.gamma is None:
            return 1.0, 0.0
        return self.gamma[:, None, None], self.beta[:, None, None]

    def forward(self, x: Tensor, style=None) -> Tensor:
        """x: (N, C, H, W), any float dtype. Same shape and dtype out."""
        wide = widened(x)
        mean, var = self.moments(wide)
        gamma, beta = self.affine(style)
        return ((wide - mean) * (gamma * (var + EPS).rsqrt()) + beta).to(x.dtype)


def over(x: Tensor, dims: tuple[int, ...]) -> Moments:
    """Mean and biased variance of x over dims, which stay with a size of 1."""
    var, mean = torch.var_mean(widened(x), dim=dims, correction=0, keepdim=True)
    return Moments(mean, var)


def widened(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()

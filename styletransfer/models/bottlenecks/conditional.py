"""Conditional instance normalization: a γ and β for each of K learned styles (Dumoulin et al. 2017)."""

import torch
from torch import Tensor, nn

from ..statistics import Moments, Statistics
from .norm import SPACE, Norm, over, widened


class Conditional(Norm):
    """A γ and β for each of K styles, and for what is between them.

    styles: K. joint: γ is a (C, C) matrix, for features that are matched by their covariance.
    """

    def __init__(self, channels: int, styles: int, joint: bool = False):
        super().__init__(channels, learned=False)
        one = torch.eye(channels) if joint else torch.ones(channels)
        self.gamma = nn.Parameter(one.repeat(styles, *[1] * one.ndim))
        self.beta = nn.Parameter(torch.zeros(styles, channels))

    def code(self, style: Tensor) -> Statistics:
        """style: which, (N,) integers; or how much of each, (N, K), which blends their γ and β. What
        AdaIN takes for a style's deviation (or root of its covariance) and mean: γ and β, float32."""
        if not style.is_floating_point():
            return Statistics(widened(self.beta)[style], widened(self.gamma)[style])
        tables = widened(self.beta), widened(self.gamma)
        return Statistics(*(torch.tensordot(style.to(table.dtype), table, 1) for table in tables))

    def moments(self, x: Tensor) -> Moments:
        return over(x, SPACE)

    def affine(self, style: Tensor) -> tuple[Tensor, Tensor]:
        beta, gamma = self.code(style)
        return gamma[..., None, None], beta[..., None, None]

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        if self.gamma.ndim == 3:
            raise ValueError("joint γ belong to AdaIN: use `code`")
        return super().forward(x, style)

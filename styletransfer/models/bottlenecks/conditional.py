"""Conditional instance normalization: a γ and β for each of K learned styles (Dumoulin et al. 2017)."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..statistics import Code, Moments, Statistics, widened
from .adain import match_statistics
from .base import Bottleneck

if TYPE_CHECKING:
    from ..config import Config


class ConditionalBottleneck(Bottleneck):
    """AdaIN of styles whose codes are learned instead of taken from paintings."""

    prefix = "bank"
    learns_styles = True

    def __init__(self, config: "Config"):
        super().__init__(config)
        for tap in config.taps:
            self[tap] = Conditional(config.widths[tap], len(config.styles), tap in config.joint)

    def match(
        self,
        tap: str,
        x: Tensor,
        code: Code,
        region_maps: Tensor | None,
        content_moments: Moments | None,
    ) -> Tensor:
        return match_statistics(x, code[tap], region_maps, content_moments)

    def learned(self, which: Tensor) -> dict[str, Statistics]:
        return {tap: layer(which) for tap, layer in self.items()}


class Conditional(nn.Module):
    """A γ and β for each of K styles, and for what is between them.

    styles: K. joint: γ is a (C, C) matrix, for features that are matched by their covariance. New
    layers give γ = 1 (the identity) and β = 0.
    """

    def __init__(self, channels: int, styles: int, joint: bool = False):
        super().__init__()
        one = torch.eye(channels) if joint else torch.ones(channels)
        self.gamma = nn.Parameter(one.repeat(styles, *[1] * one.ndim))
        self.beta = nn.Parameter(torch.zeros(styles, channels))

    def forward(self, style: Tensor) -> Statistics:
        """style: which, (N,) integers; or how much of each, (N, K), which blends their γ and β. What
        AdaIN takes for a style's deviation (or root of its covariance) and mean: γ and β, float32."""
        beta, gamma = widened(self.beta), widened(self.gamma)
        if not style.is_floating_point():
            return Statistics(beta[style], gamma[style])
        style = style.to(beta.dtype)
        return Statistics(torch.tensordot(style, beta, 1), torch.tensordot(style, gamma, 1))

"""Conditional instance normalization (Dumoulin et al. 2017): a γ and β for each of K learned styles."""

import torch
from torch import Tensor, nn

from ..statistics import Statistics, widened
from .adain import match_statistics
from .base import Bottleneck, TapCondition, TapLayout


class ConditionalBottleneck(Bottleneck):
    """AdaIN with K style codes that are learned, instead of computed from paintings."""

    prefix = "bank"
    learns_styles = True

    def __init__(self, config: TapLayout):
        super().__init__(config)
        for tap in config.taps:
            self[tap] = Conditional(config.widths[tap], len(config.styles), tap in config.joint)

    def match(self, x: Tensor, condition: TapCondition) -> Tensor:
        return match_statistics(x, condition)

    def learned(self, which: Tensor) -> dict[str, Statistics]:
        return {tap: layer(which) for tap, layer in self.items()}


class Conditional(nn.Module):
    """A learned γ and β for each of K styles, and for blends of them.

    styles: K. joint: γ is a (C, C) matrix, for a tap that is matched by its covariance. New layers
    give γ = 1 (or the identity) and β = 0.
    """

    def __init__(self, channels: int, styles: int, joint: bool = False):
        super().__init__()
        one = torch.eye(channels) if joint else torch.ones(channels)
        self.gamma = nn.Parameter(one.repeat(styles, *[1] * one.ndim))
        self.beta = nn.Parameter(torch.zeros(styles, channels))

    def forward(self, style: Tensor) -> Statistics:
        """γ and β in the place of a style's deviation and mean, float32.

        style: the styles' numbers, (N,) integers; or the weight of each, (N, K), which blends them.
        """
        beta, gamma = widened(self.beta), widened(self.gamma)
        if not style.is_floating_point():
            return Statistics(beta[style], gamma[style])
        style = style.to(beta.dtype)
        return Statistics(torch.tensordot(style, beta, 1), torch.tensordot(style, gamma, 1))

"""AdaLIN: a learned mixture of instance and layer normalization (Kim et al. 2020, U-GAT-IT)."""

import torch
from torch import Tensor, nn

from ..statistics import EPS, Moments, Statistics
from .norm import SPACE, Norm, over


class LayerInstance(Norm):
    """ρ · IN(x) + (1 − ρ) · LN(x), with a learned ρ in [0, 1] for each channel (AdaLIN of U-GAT-IT).

    γ and β are a style's, as for `Adaptive`, or learned if forward is given none. ρ is 0.9 at first,
    as in the authors' code; it is bounded where it is used, its gradient passes the bounds.
    """

    def __init__(self, channels: int, learned: bool = True):
        super().__init__(channels, learned)
        self.rho = nn.Parameter(torch.full((channels,), 0.9))

    def moments(self, x: Tensor) -> Moments:
        own = Moments(*(m.flatten(1) for m in over(x, SPACE)))
        return Moments(*(m[..., None, None] for m in self.mixed(own)))

    def mixed(self, own: Moments) -> Moments:
        """The moments that, taken off x as one mean and variance, give the mixture. own: x's, (…, C).

        Both members are affine in x, so their mixture is; and a layer's statistics follow from its
        channels': μ_L = mean μ_c, σ_L² = mean (σ_c² + μ_c²) − μ_L².
        """
        rho = self.rho.to(own.mean.dtype)
        rho = rho + (rho.clamp(0, 1) - rho).detach()
        mean = own.mean.mean(dim=-1, keepdim=True)
        var = (own.var + (own.mean - mean).square()).mean(dim=-1, keepdim=True)
        instance, layer = rho * (own.var + EPS).rsqrt(), (1 - rho) * (var + EPS).rsqrt()
        slope = instance + layer
        return Moments((instance * own.mean + layer * mean) / slope, slope**-2 - EPS)

    def affine(self, style: Statistics | None = None) -> tuple[Tensor | float, Tensor | float]:
        if style is None:
            return super().affine()
        return style.std[..., None, None], style.mean[..., None, None]

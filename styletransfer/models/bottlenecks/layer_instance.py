"""AdaLIN: a learned mixture of instance and layer normalization (Kim et al. 2020, U-GAT-IT)."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..statistics import EPS, Code, Moments, moments, regional_moments
from .adain import match_statistics
from .base import Bottleneck

if TYPE_CHECKING:
    from ..config import Config


class LayerInstanceBottleneck(Bottleneck):
    """AdaIN that takes the mixture's moments off the encoder's features in place of their own."""

    prefix = "ratio"
    matches_jointly = False
    exportable = True

    def __init__(self, config: "Config"):
        super().__init__(config)
        for tap in config.depths:
            self[tap] = LayerInstance(config.widths[tap])

    def match(
        self,
        tap: str,
        x: Tensor,
        code: Code,
        region_maps: Tensor | None,
        content_moments: Moments | None,
    ) -> Tensor:
        if tap in self:
            if content_moments is None:
                content_moments = moments(x) if region_maps is None else regional_moments(x, region_maps)
            content_moments = self[tap](content_moments)
        return match_statistics(x, code[tap], region_maps, content_moments)


class LayerInstance(nn.Module):
    """ρ · IN(x) + (1 − ρ) · LN(x), with a learned ρ in [0, 1] for each channel (AdaLIN of U-GAT-IT).

    ρ is 0.9 at first, as in the authors' code; it is bounded where it is used, its gradient passes the
    bounds.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.rho = nn.Parameter(torch.full((channels,), 0.9))

    def forward(self, content: Moments) -> Moments:
        """The moments that, taken off x as one mean and variance, give the mixture.

        content: x's moments, (…, C) each; the same shape out.

        Both members are affine in x, so their mixture is; and a layer's statistics follow from its
        channels': μ_L = mean μ_c, σ_L² = mean (σ_c² + μ_c²) − μ_L².
        """
        rho = self.rho.to(content.mean.dtype)
        rho = rho + (rho.clamp(0, 1) - rho).detach()
        mean = content.mean.mean(dim=-1, keepdim=True)
        var = (content.var + (content.mean - mean).square()).mean(dim=-1, keepdim=True)
        instance, layer = rho * (content.var + EPS).rsqrt(), (1 - rho) * (var + EPS).rsqrt()
        slope = instance + layer
        return Moments((instance * content.mean + layer * mean) / slope, slope**-2 - EPS)

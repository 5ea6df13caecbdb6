"""AdaLIN: a learned mix of instance and layer normalization (Kim et al. 2020, U-GAT-IT)."""

import torch
from torch import Tensor, nn

from ..statistics import EPS, Moments, moments, regional_moments
from .adain import match_statistics
from .base import Bottleneck, TapCondition, TapLayout


class LayerInstanceBottleneck(Bottleneck):
    """AdaIN that normalises the encoder's features by the mixture's moments instead of their own."""

    prefix = "ratio"
    matches_jointly = False
    exportable = True

    def __init__(self, config: TapLayout):
        super().__init__(config)
        for tap in config.depths:
            self[tap] = LayerInstance(config.widths[tap])

    def match(self, x: Tensor, condition: TapCondition) -> Tensor:
        tap, _, region_maps, content_moments = condition
        if tap in self:
            if content_moments is None:
                content_moments = moments(x) if region_maps is None else regional_moments(x, region_maps)
            condition = condition._replace(content_moments=self[tap](content_moments))
        return match_statistics(x, condition)


class LayerInstance(nn.Module):
    """ρ · IN(x) + (1 − ρ) · LN(x), with a learned ρ in [0, 1] per channel (U-GAT-IT).

    ρ starts at 0.9, as in the authors' code. It is clamped where it is used, and the gradient passes
    straight through the clamp.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.rho = nn.Parameter(torch.full((channels,), 0.9))

    def forward(self, content: Moments) -> Moments:
        """The mean and variance that turn x into the mixture when x is normalised by them.

        content: x's moments, (…, C) each; same shapes out.

        IN and LN are both affine in x, so their mixture is too, and LN's statistics follow from those
        of the channels: μ_L = mean μ_c, σ_L² = mean (σ_c² + μ_c²) − μ_L².
        """
        rho = self.rho.to(content.mean.dtype)
        rho = rho + (rho.clamp(0, 1) - rho).detach()
        mean = content.mean.mean(dim=-1, keepdim=True)
        var = (content.var + (content.mean - mean).square()).mean(dim=-1, keepdim=True)
        instance, layer = rho * (content.var + EPS).rsqrt(), (1 - rho) * (var + EPS).rsqrt()
        slope = instance + layer
        return Moments((instance * content.mean + layer * mean) / slope, slope**-2 - EPS)

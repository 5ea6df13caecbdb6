"""SPADE (Park et al. 2019): AdaIN plus a correction that is predicted from the map of styles."""

import torch
from torch import Tensor, nn

from ..statistics import Statistics
from .adain import match_statistics
from .base import Bottleneck, TapCondition, TapLayout
from .instance import instance_norm


class SpadeBottleneck(Bottleneck):
    """AdaIN, to whose γ and β learned γ(m) and β(m) are added at the encoder's taps; m is the map of
    style codes (`style_map`)."""

    prefix = "spade"
    matches_jointly = False
    untileable = "it corrects every region by the statistics of the whole picture"
    gives_content_target = True
    trained_with_maps = True

    def __init__(self, config: TapLayout):
        super().__init__(config)
        for tap in config.depths:
            self[tap] = Spade(config.widths[tap], 2 * config.widths[tap])

    def match(self, x: Tensor, condition: TapCondition) -> Tensor:
        tap, code, region_maps, _ = condition
        y = match_statistics(x, condition)
        if tap not in self:
            return y
        styles = code[tap]
        if region_maps is None:  # one style per sample, everywhere
            region_maps = x.new_ones(1, 1, *x.shape[2:])
            styles = Statistics(styles.mean[:, None], styles.std[:, None])
        map = style_map(styles, region_maps).to(x.dtype).expand(len(x), -1, -1, -1)
        # IN by the moments of all of x, even where AdaIN takes those of each region.
        corrected: Tensor = self[tap](x, map)
        return y + (corrected - instance_norm(x))


class Spade(nn.Module):
    """Spatially adaptive normalization, Park et al. 2019, eq. 1: γ(m) · (x − μ(x)) / σ(x) + β(m).

    γ and β are predicted at every position from a map m: a shared 3×3 convolution, ReLU, and a 3×3
    convolution each. As in the authors' code the prediction is added to γ = 1. Statistics are those of
    the sample (instance normalization), where the paper takes the batch's. New layers give γ = 1, β = 0.
    """

    def __init__(self, channels: int, map_channels: int, hidden: int = 64):
        super().__init__()
        self.shared = nn.Conv2d(map_channels, hidden, 3, padding=1, padding_mode="reflect")
        self.gamma = nn.Conv2d(hidden, channels, 3, padding=1, padding_mode="reflect")
        self.beta = nn.Conv2d(hidden, channels, 3, padding=1, padding_mode="reflect")
        for layer in (self.gamma, self.beta):
            for part in layer.parameters():
                nn.init.zeros_(part)

    def forward(self, x: Tensor, map: Tensor) -> Tensor:
        """x: (N, channels, H, W); map: (N, map_channels, H, W), any range. Same shape as x out."""
        hidden = self.shared(map).relu()
        return torch.addcmul(self.beta(hidden), instance_norm(x), 1 + self.gamma(hidden))


def style_map(styles: Statistics, region_maps: Tensor) -> Tensor:
    """The map of styles: at each position the mean and deviation of its style, (N, 2C, H, W) float32.

    styles: (R, C) or (N, R, C) each. region_maps: (1 or N, R, H, W), as for `regional_adain`.
    """
    rows = torch.cat(list(styles), dim=-1)
    rows = rows.expand(max(len(region_maps), len(rows) if rows.ndim == 3 else 1), -1, -1)
    maps = region_maps.float().expand(len(rows), -1, -1, -1)
    return torch.einsum("nrhw,nrc->nchw", maps, rows)

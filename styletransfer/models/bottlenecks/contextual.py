"""Local context normalization (Ortiz et al. 2020): photos half in shadow, painted as if lit evenly."""

import torch
from torch import Tensor, nn

from ..statistics import EPS, Moments, widened
from .adain import match_statistics
from .base import Bottleneck, TapCondition, TapLayout

SPACE = (2, 3)


class ContextualBottleneck(Bottleneck):
    """AdaIN of features whose local statistics have been evened out first."""

    prefix = "context"
    takes_moments = False
    untileable = "it compares every place with a quarter of the whole picture around it"
    trained_in_uneven_light = True

    def __init__(self, config: TapLayout):
        super().__init__(config)
        for tap in config.taps:
            self[tap] = Contextual(config.widths[tap])

    def match(self, x: Tensor, condition: TapCondition) -> Tensor:
        return match_statistics(self[condition.tap](x), condition)


class Contextual(nn.Module):
    """Normalise by statistics between those of the whole map and those of a window around each position.

    μ = (1 − c) μ_whole + c μ_window, and σ² likewise. The context c(n, channel, y, x) goes from 0
    (instance normalization) to 1 (local context normalization). It is a sigmoid of a 1×1 convolution
    of (μ_window − μ_whole) / σ_whole and log σ_window / σ_whole; the sigmoid is ten times as steep as
    usual, so that common learning rates move it. New layers give c = 0.5 everywhere.

    window: the window's side as a share of the map's shorter side, so that the effect does not depend
    on the picture's size; never under 3 positions.
    """

    STEEP = 10.0
    WINDOW = 0.25

    def __init__(self, channels: int, window: float = WINDOW):
        super().__init__()
        self.window = window
        self.mix = nn.Conv2d(2 * channels, channels, 1)
        for part in self.mix.parameters():
            nn.init.zeros_(part)

    def forward(self, x: Tensor) -> Tensor:
        """Bring the statistics of each window nearer to the whole's: σ_whole (x − μ) / σ + μ_whole.

        x: (N, C, H, W), any float dtype; same shape and dtype out.
        """
        wide = widened(x)
        mean, var = _whole_moments(wide)
        mixed = self.moments(wide)
        return ((wide - mixed.mean) * ((var + EPS) / (mixed.var + EPS)).sqrt() + mean).to(x.dtype)

    def moments(self, x: Tensor) -> Moments:
        """μ and σ² at every position of x, (N, C, H, W) each, float32 (float64 for float64)."""
        whole = _whole_moments(x)
        local = window_moments(x, max(3, round(self.window * min(x.shape[2:]))))
        context = self.context(whole, local)
        return Moments(*(w.lerp(part, context) for w, part in zip(whole, local)))

    def context(self, whole: Moments, local: Moments) -> Tensor:
        """The context c, (N, C, H, W), from `_whole_moments` and `window_moments`."""
        offset = (local.mean - whole.mean) / (whole.var + EPS).sqrt()
        ratio = 0.5 * ((local.var + EPS) / (whole.var + EPS)).log()
        seen = torch.cat([offset, ratio], dim=1).to(self.mix.weight.dtype)
        mixed: Tensor = self.mix(seen).to(local.mean.dtype)
        return (self.STEEP * mixed).sigmoid()


def _whole_moments(x: Tensor) -> Moments:
    """Mean and biased variance of each channel of x, (N, C, 1, 1) each."""
    var, mean = torch.var_mean(widened(x), dim=SPACE, correction=0, keepdim=True)
    return Moments(mean, var)


def window_moments(x: Tensor, window: int) -> Moments:
    """Mean and biased variance of the window × window square around each position, (N, C, H, W) each.

    An even window is made one larger; at the border only the part inside the map counts. Running sums
    along one side and then the other (a summed-area table) make the cost independent of the window.
    """
    wide = widened(x)
    middle = wide.mean(dim=SPACE, keepdim=True)
    off = wide - middle  # centred first: squares of large values would lose the small differences
    mean = _window_mean(off, window)
    var = (_window_mean(off.square(), window) - mean.square()).clamp(min=0)
    return Moments(mean + middle, var)


def _window_mean(x: Tensor, window: int) -> Tensor:
    for dim in SPACE:
        length = x.shape[dim]
        position = torch.arange(length, device=x.device)
        first, last = (
            (position - window // 2).clamp(min=0),
            (position + window // 2).clamp(max=length - 1),
        )
        sums = x.cumsum(dim)
        before = torch.where((first > 0).unsqueeze(-1) if dim == 2 else first > 0,
                             sums.index_select(dim, (first - 1).clamp(min=0)), 0.0)  # fmt: skip
        count = (last - first + 1).to(x.dtype)
        x = (sums.index_select(dim, last) - before) / (count.unsqueeze(-1) if dim == 2 else count)
    return x

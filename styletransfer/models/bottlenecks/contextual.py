"""Contextual normalization (Ortiz et al. 2020): a photo half in shadow is painted as if lit evenly."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..statistics import EPS, Code, Moments, widened
from .adain import match_statistics
from .base import Bottleneck

if TYPE_CHECKING:
    from ..config import Config

SPACE = (2, 3)


class ContextualBottleneck(Bottleneck):
    """AdaIN of features whose local statistics are evened out first."""

    prefix = "context"
    takes_moments = False
    untileable = "it compares every place with a third of the whole picture around it"
    trained_in_uneven_light = True

    def __init__(self, config: "Config"):
        super().__init__(config)
        for tap in config.taps:
            self[tap] = Contextual(config.widths[tap])

    def match(
        self,
        tap: str,
        x: Tensor,
        code: Code,
        region_maps: Tensor | None,
        content_moments: Moments | None,
    ) -> Tensor:
        return match_statistics(self[tap](x), code[tap], region_maps, content_moments)


class Contextual(nn.Module):
    """Statistics of a window around each position, mixed with those of the whole by a context.

    μ = (1 − c) μ_whole + c μ_window, and σ² likewise, with a context c(n, channel, y, x) from 0, which
    is instance normalization, to 1, which is local context normalization. c is predicted from how
    the window differs from the whole, by a 1×1 convolution of (μ_window − μ_whole) / σ_whole and
    log σ_window / σ_whole, and a sigmoid, ten times as steep so that the usual learning rates move it.
    New layers give 0.5 everywhere.

    window: side of the window as a share of the map's shorter side, so that a picture's size does
    not matter to what is seen; at least 3.
    """

    STEEP = 10.0

    def __init__(self, channels: int, window: float = 0.35):
        super().__init__()
        self.window = window
        self.mix = nn.Conv2d(2 * channels, channels, 1)
        for part in self.mix.parameters():
            nn.init.zeros_(part)

    def forward(self, x: Tensor) -> Tensor:
        """x with the statistics of its windows brought nearer to those of the whole, which stay about
        as they are: σ_whole (x − μ) / σ + μ_whole. A photo half in shadow, as if lit evenly.

        x: (N, C, H, W), any float dtype; same shape and dtype out."""
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
        """c, (N, C, H, W), from `_whole_moments` and `window_moments`."""
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

    An even window counts as one more; what lies beyond the border is left out. By running sums along
    both sides (a summed-area table, one side at a time): the size of the window costs nothing.
    """
    wide = widened(x)
    middle = wide.mean(dim=SPACE, keepdim=True)
    off = wide - middle  # sums of squares of what is far from 0 would lose what is looked for
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

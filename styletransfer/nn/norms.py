"""The normalization family: γ(s) · (x − μ(x)) / sqrt(σ²(x) + ε) + β(s), all of it.

Its members differ in two things: over what the mean and variance of x (N, C, H, W) are taken, and
where γ and β come from.

| | statistics over | γ, β | paper |
|---|---|---|---|
| `Nothing` | – | – | |
| `Batch` | N, H, W | learned, per channel | Ioffe & Szegedy 2015, arXiv 1502.03167 |
| `Layer` | C, H, W | learned, per channel | Ba et al. 2016, arXiv 1607.06450 |
| `Group` | channels of a group, H, W | learned, per channel | Wu & He 2018, arXiv 1803.08494 |
| `Instance` | H, W | learned, per channel | Ulyanov et al. 2016, arXiv 1607.08022 |
| `Conditional` | H, W | learned, per style and channel | Dumoulin et al. 2017, arXiv 1610.07629 |
| `Adaptive` | H, W | a style's own σ and μ | Huang & Belongie 2017, arXiv 1703.06868 |
| `normalization.Spade` | H, W | predicted from a map | Park et al. 2019, arXiv 1903.07291 |
| `Contextual` | H, W and a window | learned, per channel | Ortiz et al. 2020, arXiv 1912.05845 |
| `LayerInstance` | H, W and C, H, W | a style's, or learned | Kim et al. 2020, arXiv 1907.10830 |

Statistics are float32 (float64 for float64), variances biased, ε = 1e-5, whatever x is in.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .normalization import EPS, Moments, Statistics

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
        wide = _wide(x)
        mean, var = self.moments(wide)
        gamma, beta = self.affine(style)
        return ((wide - mean) * (gamma * (var + EPS).rsqrt()) + beta).to(x.dtype)


class Nothing(Norm):
    """y = x: what the others are measured against. No γ and β, which a convolution has in it."""

    def __init__(self, channels: int):
        super().__init__(channels, learned=False)

    def forward(self, x: Tensor, style=None) -> Tensor:
        return x


class Batch(Norm):
    """Statistics of a channel over the batch while training, over all batches seen so far afterwards.

    These are running averages of momentum 0.1, of the unbiased variance, as torch's are.
    """

    def __init__(self, channels: int, momentum: float = 0.1):
        super().__init__(channels)
        self.momentum = momentum
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def moments(self, x: Tensor) -> Moments:
        if not self.training:
            return Moments(self.running_mean[:, None, None], self.running_var[:, None, None])
        mean, var = over(x, (0, *SPACE))
        count = x.numel() // x.shape[1]
        with torch.no_grad():
            self.running_mean.lerp_(mean.flatten(), self.momentum)
            self.running_var.lerp_(var.flatten() * (count / max(1, count - 1)), self.momentum)
        return Moments(mean, var)


class Layer(Norm):
    """Statistics of a sample over all of its channels."""

    def moments(self, x: Tensor) -> Moments:
        return over(x, (1, *SPACE))


class Group(Norm):
    """Statistics of a sample over the channels of a group; one group is `Layer`, C are `Instance`.

    groups: how many, the largest divisor of the channels up to it is taken.
    """

    def __init__(self, channels: int, groups: int = 8):
        super().__init__(channels)
        self.groups = max(g for g in range(1, min(groups, channels) + 1) if channels % g == 0)

    def moments(self, x: Tensor) -> Moments:
        grouped = x.unflatten(1, (self.groups, -1))
        found = over(grouped, (2, 3, 4))
        return Moments(*(m.expand(-1, -1, grouped.shape[2], -1, -1).flatten(1, 2) for m in found))


class Instance(Norm):
    """Statistics of a sample and channel over space."""

    def moments(self, x: Tensor) -> Moments:
        return over(x, SPACE)


class Adaptive(Instance):
    """AdaIN as a layer: γ = σ(y) and β = μ(y) of a style y's `Statistics`, (N or 1, C) each."""

    def __init__(self, channels: int):
        super().__init__(channels, learned=False)

    def affine(self, style: Statistics) -> tuple[Tensor, Tensor]:
        return style.std[..., None, None], style.mean[..., None, None]


class Conditional(Instance):
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
            return Statistics(_wide(self.beta)[style], _wide(self.gamma)[style])
        tables = _wide(self.beta), _wide(self.gamma)
        return Statistics(*(torch.tensordot(style.to(table.dtype), table, 1) for table in tables))

    def affine(self, style: Tensor) -> tuple[Tensor, Tensor]:
        beta, gamma = self.code(style)
        return gamma[..., None, None], beta[..., None, None]

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        if self.gamma.ndim == 3:
            raise ValueError("joint γ belong to AdaIN: use `code`")
        return super().forward(x, style)


class Contextual(Norm):
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

    def __init__(self, channels: int, window: float = 0.35, learned: bool = True):
        super().__init__(channels, learned)
        self.window = window
        self.mix = nn.Conv2d(2 * channels, channels, 1)
        for part in self.mix.parameters():
            nn.init.zeros_(part)

    def context(self, whole: Moments, local: Moments) -> Tensor:
        """c, (N, C, H, W), from `over` space and `window_moments`."""
        offset = (local.mean - whole.mean) / (whole.var + EPS).sqrt()
        ratio = 0.5 * ((local.var + EPS) / (whole.var + EPS)).log()
        seen = torch.cat([offset, ratio], dim=1).to(self.mix.weight.dtype)
        return (self.STEEP * self.mix(seen).to(local.mean.dtype)).sigmoid()

    def moments(self, x: Tensor) -> Moments:
        whole = over(x, SPACE)
        local = window_moments(x, max(3, round(self.window * min(x.shape[2:]))))
        context = self.context(whole, local)
        return Moments(*(w.lerp(part, context) for w, part in zip(whole, local)))

    def even(self, x: Tensor) -> Tensor:
        """x with the statistics of its windows brought nearer to those of the whole, which stay about
        as they are: σ_whole (x − μ) / σ + μ_whole. A photo half in shadow, as if lit evenly."""
        wide = _wide(x)
        mean, var = over(wide, SPACE)
        own = self.moments(wide)
        return ((wide - own.mean) * ((var + EPS) / (own.var + EPS)).sqrt() + mean).to(x.dtype)


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


NORMS: dict[str, Callable[[int], Norm]] = {
    "none": Nothing, "batch": Batch, "layer": Layer, "group": Group, "instance": Instance,
    "contextual": Contextual, "layer-instance": LayerInstance,
}  # fmt: skip
"""Those that stand between two layers of any network, and need nothing but the channels."""


def over(x: Tensor, dims: tuple[int, ...]) -> Moments:
    """Mean and biased variance of x over dims, which stay with a size of 1."""
    var, mean = torch.var_mean(_wide(x), dim=dims, correction=0, keepdim=True)
    return Moments(mean, var)


def window_moments(x: Tensor, window: int) -> Moments:
    """Mean and biased variance of the window × window square around each position, (N, C, H, W) each.

    An even window counts as one more; what lies beyond the border is left out. By running sums along
    both sides (a summed-area table, one side at a time): the size of the window costs nothing.
    """
    wide = _wide(x)
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


def _wide(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()

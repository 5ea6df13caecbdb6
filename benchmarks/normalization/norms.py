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
| `spade.Spade` | H, W | predicted from a map | Park et al. 2019, arXiv 1903.07291 |
| `Contextual` | H, W and a window | learned, per channel | Ortiz et al. 2020, arXiv 1912.05845 |
| `LayerInstance` | H, W and C, H, W | a style's, or learned | Kim et al. 2020, arXiv 1907.10830 |

Statistics are float32 (float64 for float64), variances biased, ε = 1e-5, whatever x is in.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from styletransfer.models.bottlenecks.contextual import Contextual
from styletransfer.models.bottlenecks.layer_instance import LayerInstance
from styletransfer.models.bottlenecks.norm import SPACE, Norm, over
from styletransfer.models.statistics import Moments, Statistics


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


NORMS: dict[str, Callable[[int], Norm]] = {
    "none": Nothing, "batch": Batch, "layer": Layer, "group": Group, "instance": Instance,
    "contextual": Contextual, "layer-instance": LayerInstance,
}  # fmt: skip
"""Those that stand between two layers of any network, and need nothing but the channels."""

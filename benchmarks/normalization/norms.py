"""The normalizations that are compared: γ · (x − μ(x)) / sqrt(σ²(x) + ε) + β, torch's own.

They differ in over what the mean and variance of x (N, C, H, W) are taken; γ and β are learned, per
channel. What stands between encoder and decoder is another family: `styletransfer.models.bottlenecks`.

| | statistics over | paper |
|---|---|---|
| none | – | |
| batch | N, H, W | Ioffe & Szegedy 2015, arXiv 1502.03167 |
| layer | C, H, W | Ba et al. 2016, arXiv 1607.06450 |
| group | channels of a group, H, W | Wu & He 2018, arXiv 1803.08494 |
| instance | H, W | Ulyanov et al. 2016, arXiv 1607.08022 |
"""

from collections.abc import Callable

from torch import nn

Norm = Callable[[int], nn.Module]
"""Makes a normalization of so many channels."""


def group_norm(channels: int, groups: int = 8) -> nn.GroupNorm:
    """Over the channels of a group. groups: how many; the largest divisor of channels up to it is taken.

    One group is layer normalization, as many as channels are instance normalization.
    """
    return nn.GroupNorm(max(g for g in range(1, groups + 1) if channels % g == 0), channels)


NORMS: dict[str, Norm] = {
    "none": lambda channels: nn.Identity(),
    "batch": nn.BatchNorm2d,
    "layer": lambda channels: nn.GroupNorm(1, channels),
    "group": group_norm,
    "instance": lambda channels: nn.InstanceNorm2d(channels, affine=True),
}

"""Normalization over a feature map's own statistics: the bottlenecks of style transfer.

Statistics are per sample and channel over space, and always in float32: a half-precision sum over
a large picture loses the small differences that a style is made of.
"""

from typing import NamedTuple

import torch
from torch import Tensor

EPS = 1e-5


class Statistics(NamedTuple):
    """Mean and standard deviation of every channel, each float32 of shape (N, C)."""

    mean: Tensor
    std: Tensor


def statistics(x: Tensor, eps: float = EPS) -> Statistics:
    """Mean and standard deviation over space: μ(x) and σ(x) of Huang & Belongie 2017, eq. 5 and 6.

    x: (N, C, H, W), any float dtype. σ = sqrt(var + eps) with the biased variance, as
    `torch.nn.functional.instance_norm` has it, so a constant channel gives sqrt(eps), not 0.
    """
    var, mean = torch.var_mean(x.float(), dim=(2, 3), correction=0)
    return Statistics(mean, (var + eps).sqrt())


def instance_norm(x: Tensor, eps: float = EPS) -> Tensor:
    """IN(x) = (x − μ(x)) / σ(x), Ulyanov et al. 2016. x: (N, C, H, W); same shape and dtype out."""
    mean, std = statistics(x, eps)
    return _affine(x, 1 / std, -mean / std)


def adain(x: Tensor, style: Statistics, eps: float = EPS) -> Tensor:
    """AdaIN(x, y) = σ(y) · (x − μ(x)) / σ(x) + μ(y), Huang & Belongie 2017, eq. 8.

    x: content features (N, C, H, W); style: the style's statistics, (N, C) or (1, C) each.
    Same shape and dtype out. A style equal to `statistics(x)` returns x up to rounding.
    """
    mean, std = statistics(x, eps)
    scale = style.std / std
    return _affine(x, scale, style.mean - mean * scale)


def _affine(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    # One multiply-add in the features' own precision: no float32 copy of a large feature map.
    scale, shift = scale.to(x.dtype), shift.to(x.dtype)
    return torch.addcmul(shift[:, :, None, None], x, scale[:, :, None, None])

"""Normalization over a feature map's own statistics: the bottlenecks of style transfer.

Statistics are per sample and channel over space, and always in float32: a half-precision sum over
a large picture loses the small differences that a style is made of.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

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


def regional_statistics(x: Tensor, shares: Tensor, eps: float = EPS, least: float = 16) -> Statistics:
    """`statistics` of each region of a feature map, (N, R, C) each.

    x: (N, C, H, W). shares: (1 or N, R, H, W) in [0, 1], how much of each position belongs to each
    region: μ_r = Σ m_r x / Σ m_r, σ_r likewise. A region of fewer than `least` positions has no
    statistics worth the name, and takes those of the whole map.
    """
    whole = statistics(x, eps)
    means, stds = [], []
    for share in shares.float().unbind(dim=1):
        weight = share[:, None]
        total = weight.sum(dim=(2, 3)).clamp(min=eps)
        mean = (x.float() * weight).sum(dim=(2, 3)) / total
        square = ((x.float() - mean[:, :, None, None]).square() * weight).sum(dim=(2, 3))
        enough = total >= least
        means.append(torch.where(enough, mean, whole.mean))
        stds.append(torch.where(enough, (square / total + eps).sqrt(), whole.std))
    return Statistics(torch.stack(means, dim=1), torch.stack(stds, dim=1))


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


def regional_adain(x: Tensor, styles: Statistics, shares: Tensor, eps: float = EPS) -> Tensor:
    """AdaIN with a style of its own for each region: γ(p) · x(p) + β(p) at every position p.

    γ = Σ_r m_r σ(y_r) / σ_r(x) and β = Σ_r m_r (μ(y_r) − μ_r(x) σ(y_r) / σ_r(x)): the spatially
    adaptive normalization of Park et al. 2019 with style codes in place of learned γ and β, and the
    content's statistics taken per region (`regional_statistics`).

    x: (N, C, H, W). styles: (R, C) or (N, R, C) each. shares: (1 or N, R, H, W), summing to 1 over R
    at each position. Same shape and dtype as x out. One region is `adain`, up to rounding.
    """
    mean, std = regional_statistics(x, shares, eps)
    scale = styles.std / std
    shift = styles.mean - mean * scale
    shares = shares.float().expand(len(x), -1, -1, -1)
    gamma, beta = (torch.einsum("nrhw,nrc->nchw", shares, part).to(x.dtype) for part in (scale, shift))
    return torch.addcmul(beta, x, gamma)


def to_opponent(x: Tensor) -> Tensor:
    """RGB (N, 3, H, W) to brightness, red against blue, and green against both; orthonormal.

    In these axes the colours of pictures hardly depend on each other, so that statistics of each
    describe a palette (as Reinhard et al. 2001 do in a space of their own).
    """
    r, g, b = x.unbind(dim=1)
    return torch.stack([(r + g + b) / 3**0.5, (r - b) / 2**0.5, (r - 2 * g + b) / 6**0.5], dim=1)


def from_opponent(x: Tensor) -> Tensor:
    """The inverse of `to_opponent`."""
    a, b, c = x.unbind(dim=1)
    a, b, c = a / 3**0.5, b / 2**0.5, c / 6**0.5
    return torch.stack([a + b + c, a - 2 * c, a - b + c], dim=1)


class Spade(nn.Module):
    """Spatially adaptive normalization, Park et al. 2019, eq. 1: γ(m) · (x − μ(x)) / σ(x) + β(m).

    γ and β are predicted at every position from a map m: a 3×3 convolution, ReLU, and a 3×3
    convolution each. As in the authors' code γ counts from 1. Statistics are the sample's own
    (instance normalization) where the paper has the batch's. New layers give γ = 1 and β = 0.
    """

    def __init__(self, channels: int, map_channels: int, hidden: int = 64):
        super().__init__()
        self.shared = nn.Conv2d(map_channels, hidden, 3, padding=1, padding_mode="reflect")
        self.gamma = nn.Conv2d(hidden, channels, 3, padding=1, padding_mode="reflect")
        self.beta = nn.Conv2d(hidden, channels, 3, padding=1, padding_mode="reflect")
        for layer in (self.gamma, self.beta):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, map: Tensor) -> Tensor:
        """x: (N, channels, H, W); map: (N, map_channels, H, W), any range. Same shape as x out."""
        hidden = self.shared(map).relu()
        return torch.addcmul(self.beta(hidden), instance_norm(x), 1 + self.gamma(hidden))


def style_map(styles: Statistics, shares: Tensor) -> Tensor:
    """A picture of which style is where: means and deviations as channels, (N, 2C, H, W) float32.

    styles: (R, C) or (N, R, C) each. shares: (1 or N, R, H, W), as for `regional_adain`.
    """
    rows = torch.cat(list(styles), dim=-1)
    rows = rows.expand(max(len(shares), len(rows) if rows.ndim == 3 else 1), -1, -1)
    return torch.einsum("nrhw,nrc->nchw", shares.float().expand(len(rows), -1, -1, -1), rows)


def _affine(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    # One multiply-add in the features' own precision: no float32 copy of a large feature map.
    scale, shift = scale.to(x.dtype), shift.to(x.dtype)
    return torch.addcmul(shift[:, :, None, None], x, scale[:, :, None, None])

"""Adaptive instance normalization (Huang & Belongie 2017): content features, style statistics."""

import torch
from torch import Tensor

from ..statistics import (
    EPS,
    Moments,
    Statistics,
    affine,
    moments,
    regional_moments,
    square_roots,
)
from .base import Bottleneck, TapCondition


class AdaINBottleneck(Bottleneck):
    """AdaIN at every tap: with covariances at joint taps, region by region where there are regions."""

    prefix = "adain"
    exportable = True
    gives_content_target = True

    def match(self, x: Tensor, condition: TapCondition) -> Tensor:
        return match_statistics(x, condition)


def match_statistics(x: Tensor, condition: TapCondition) -> Tensor:
    """`adain`, or `regional_adain` with regions. x: (N, C, H, W); same shape and dtype out."""
    tap, code, region_maps, content_moments = condition
    if region_maps is None:
        return adain(x, code[tap], content_moments)
    return regional_adain(x, code[tap], region_maps, content_moments)


def adain(x: Tensor, style: Statistics, content_moments: Moments | None = None) -> Tensor:
    """AdaIN(x, y) = σ(y) · (x − μ(x)) / σ(x) + μ(y), Huang & Belongie 2017, eq. 8.

    With joint statistics Σ(y)^½ Σ(x)^-½ (x − μ(x)) + μ(y), the whitening and colouring of Li et al.
    2017, which also gives x the style's correlations between channels.

    x: content features (N, C, *space). style: N rows or 1. content_moments: to use in place of x's own,
    as a tile uses those of the whole picture. Same shape and dtype out. A style equal to
    `statistics(x)` returns x up to rounding.
    """
    scale, shift = _transport(style, content_moments or moments(x, _joint(style)))
    return affine(x, scale, shift)


def regional_adain(
    x: Tensor, styles: Statistics, region_maps: Tensor, content_moments: Moments | None = None
) -> Tensor:
    """AdaIN with a different style in each region: γ(p) · x(p) + β(p) at every position p.

    γ = Σ_r m_r σ(y_r) / σ_r(x) and β = Σ_r m_r (μ(y_r) − μ_r(x) σ(y_r) / σ_r(x)): the spatially
    adaptive normalization of Park et al. 2019 with style codes in place of learned γ and β, and the
    content's statistics taken per region (`regional_moments`). With joint statistics γ is a matrix.

    x: (N, C, H, W). styles: R rows, or (N, R, …). region_maps: (1 or N, R, H, W), summing to 1 over R
    at each position. content_moments: as for `adain`, per region. Same shape and dtype as x out.
    With one region this is `adain`, up to rounding.
    """
    joint = _joint(styles)
    scale, shift = _transport(styles, content_moments or regional_moments(x, region_maps, joint))
    region_maps = region_maps.expand(len(x), -1, -1, -1)
    if joint:
        parts = (
            affine(x, scale[:, r], shift[:, r]) * region_maps[:, r : r + 1].to(x.dtype)
            for r in range(region_maps.shape[1])
        )
        return sum(parts, start=x.new_zeros(()))
    gamma, beta = (
        torch.einsum("nrhw,nrc->nchw", region_maps.float(), part).to(x.dtype) for part in (scale, shift)
    )
    return torch.addcmul(beta, x, gamma)


def _joint(style: Statistics) -> bool:
    return style.std.ndim > style.mean.ndim


def _transport(style: Statistics, content: Moments) -> tuple[Tensor, Tensor]:
    """AdaIN as an affine map: scale (…, C), or (…, C, C) for joint statistics, and shift (…, C)."""
    if not _joint(style):
        scale = style.std / (content.var + EPS).sqrt()
        return scale, style.mean - content.mean * scale
    with torch.autocast(content.var.device.type, enabled=False):
        scale = style.std @ square_roots(content.var)[1]
        return scale, style.mean - (scale @ content.mean[..., None])[..., 0]

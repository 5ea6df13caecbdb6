"""Adaptive instance normalization: a content's features with a style's statistics."""

import torch
from torch import Tensor

from ..statistics import EPS, Moments, Statistics, affine, moments, regional_moments, square_roots


def instance_norm(x: Tensor, own: Moments | None = None) -> Tensor:
    """IN(x) = (x − μ(x)) / σ(x), Ulyanov et al. 2016. x: (N, C, H, W); same shape and dtype out.

    own: x's moments, if they are not to be taken from x.
    """
    mean, var = own or moments(x)
    std = (var + EPS).sqrt()
    return affine(x, 1 / std, -mean / std)


def adain(x: Tensor, style: Statistics, own: Moments | None = None) -> Tensor:
    """AdaIN(x, y) = σ(y) · (x − μ(x)) / σ(x) + μ(y), Huang & Belongie 2017, eq. 8.

    With joint statistics Σ(y)^½ Σ(x)^-½ (x − μ(x)) + μ(y): the whitening and colouring of Li et al.
    2017, which gives x the style's correlations between channels too.

    x: content features (N, C, H, W); style: the style's statistics, of N rows or 1. own: x's moments,
    if they are not to be taken from x: a part of a picture is normalized by the whole's.
    Same shape and dtype out. A style equal to `statistics(x)` returns x up to rounding.
    """
    scale, shift = _transport(style, own or moments(x, _joint(style)))
    return affine(x, scale, shift)


def regional_adain(x: Tensor, styles: Statistics, shares: Tensor, own: Moments | None = None) -> Tensor:
    """AdaIN with a style of its own for each region: γ(p) · x(p) + β(p) at every position p.

    γ = Σ_r m_r σ(y_r) / σ_r(x) and β = Σ_r m_r (μ(y_r) − μ_r(x) σ(y_r) / σ_r(x)): the spatially
    adaptive normalization of Park et al. 2019 with style codes in place of learned γ and β, and the
    content's statistics taken per region (`regional_moments`). With joint statistics γ is a matrix.

    x: (N, C, H, W). styles: R rows, or (N, R, …) each. shares: (1 or N, R, H, W), summing to 1 over R
    at each position. own: as for `adain`, per region. Same shape and dtype as x out. One region is
    `adain`, up to rounding.
    """
    joint = _joint(styles)
    scale, shift = _transport(styles, own or regional_moments(x, shares, joint))
    shares = shares.expand(len(x), -1, -1, -1)
    if joint:
        return sum(
            affine(x, scale[:, r], shift[:, r]) * shares[:, r : r + 1].to(x.dtype)
            for r in range(shares.shape[1])
        )
    parts = (torch.einsum("nrhw,nrc->nchw", shares.float(), part) for part in (scale, shift))
    gamma, beta = (part.to(x.dtype) for part in parts)
    return torch.addcmul(beta, x, gamma)


def _joint(style: Statistics) -> bool:
    return style.std.ndim > style.mean.ndim


def _transport(style: Statistics, own: Moments) -> tuple[Tensor, Tensor]:
    """Scale (…, C) or (…, C, C) and shift (…, C) of the affine map that AdaIN is."""
    if not _joint(style):
        scale = style.std / (own.var + EPS).sqrt()
        return scale, style.mean - own.mean * scale
    with torch.autocast(own.var.device.type, enabled=False):
        scale = style.std @ square_roots(own.var)[1]
        return scale, style.mean - (scale @ own.mean[..., None])[..., 0]

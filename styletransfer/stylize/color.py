"""Keeping the photo's colours (Gatys et al. 2016, "Preserving Color in Neural Style Transfer")."""

import torch
from torch import Tensor

from ..models.statistics import Moments, moments

CHOICES = ("none", "luminance", "histogram")
_LUMA = (0.299, 0.587, 0.114)


def with_luminance_of(picture: Tensor, painted: Tensor) -> Tensor:
    """`picture` with the luminance (Rec. 601) of `painted`; both (N, 3, H, W) in [0, 1].

    Adding the difference to all three channels changes Y alone and leaves Cb and Cr as they were.
    """
    luma = torch.tensor(_LUMA, device=picture.device, dtype=picture.dtype).view(1, 3, 1, 1)
    difference = ((painted - picture) * luma).sum(dim=1, keepdim=True)
    return (picture + difference).clamp(0, 1)


def match_colors(style: Tensor, content: Moments, eps: float = 1e-5) -> Tensor:
    """`style` (1, 3, h, w) in [0, 1] with the content's mean colour (1, 3) and covariance (1, 3, 3).

    x ↦ A(x − μs) + μc with A = Σc^½ Σs^-½, the paper's linear variant of histogram matching. On the CPU,
    wherever what comes in may be: a 3×3 matrix is no work for a GPU, and not all have float64.
    """
    style, content = style.cpu(), Moments(content.mean.cpu(), content.var.cpu())
    own = moments(style, joint=True)

    def power(covariance: Tensor, exponent: float) -> Tensor:
        values, vectors = torch.linalg.eigh(covariance[0].double() + eps * torch.eye(3))
        return vectors @ torch.diag(values.pow(exponent)) @ vectors.T

    matrix = (power(content.var, 0.5) @ power(own.var, -0.5)).to(style.dtype)
    pixels = style.flatten(2)[0] - own.mean.T
    return (matrix @ pixels + content.mean.T).clamp(0, 1).reshape(style.shape)

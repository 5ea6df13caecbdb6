"""Keeping the photo's colours (Gatys et al. 2016, "Preserving Color in Neural Style Transfer")."""

import torch
from torch import Tensor

CHOICES = ("none", "luminance", "histogram")
_LUMA = (0.299, 0.587, 0.114)


def with_luminance_of(picture: Tensor, painted: Tensor) -> Tensor:
    """`picture` with the luminance (Rec. 601) of `painted`; both (N, 3, H, W) in [0, 1].

    Adding the difference to all three channels changes Y alone and leaves Cb and Cr as they were.
    """
    luma = torch.tensor(_LUMA, device=picture.device, dtype=picture.dtype).view(1, 3, 1, 1)
    difference = ((painted - picture) * luma).sum(dim=1, keepdim=True)
    return (picture + difference).clamp(0, 1)


def match_colors(style: Tensor, content: Tensor, eps: float = 1e-5) -> Tensor:
    """`style` with the mean colour and colour covariance of `content`; (1, 3, h, w) in [0, 1].

    x ↦ A(x − μs) + μc with A = Σc^½ Σs^-½, the paper's linear variant of histogram matching.
    """
    pixels, target = (x.double().flatten(2)[0] for x in (style, content))
    mean, goal = pixels.mean(dim=1, keepdim=True), target.mean(dim=1, keepdim=True)

    def power(x: Tensor, center: Tensor, exponent: float) -> Tensor:
        covariance = (x - center) @ (x - center).T / x.shape[1]
        values, vectors = torch.linalg.eigh(covariance + eps * torch.eye(3, dtype=x.dtype))
        return vectors @ torch.diag(values.pow(exponent)) @ vectors.T

    matrix = power(target, goal, 0.5) @ power(pixels, mean, -0.5)
    return (matrix @ (pixels - mean) + goal).clamp(0, 1).reshape(style.shape).to(style.dtype)

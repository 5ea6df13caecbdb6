"""Keeping the photo's colours (Gatys et al. 2016, "Preserving Color in Neural Style Transfer")."""

import os
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor

from ..errors import InputError
from ..media.tensors import ImageSource, describe, style_tensor
from ..models.statistics import Moments, moments
from ..options import StylizeOptions
from ..styles.code import StyleCode, blend
from ..styles.code_file import NO_PICTURE, SUFFIX
from ..styles.encode import Style, StyleEncoder
from ..styles.names import is_learned, parts_of
from .buffer import ImageBuffer
from .tiling import palette

_LUMA = (0.299, 0.587, 0.114)


def with_luminance_of(picture: Tensor, painted: Tensor) -> Tensor:
    """`picture` with the luminance (Rec. 601) of `painted`; both (N, 3, H, W) in [0, 1].

    Adding the difference to all three channels changes Y alone and leaves Cb and Cr as they were.
    """
    luma = torch.tensor(_LUMA, device=picture.device, dtype=picture.dtype).view(1, 3, 1, 1)
    difference = ((painted - picture) * luma).sum(dim=1, keepdim=True)
    return (picture + difference).clamp(0, 1)


def keeping_colors(strength: float) -> Callable[[Tensor, Tensor], Tensor]:
    """A function of (content, painted) that gives the painted picture the content's colours; strength
    from 0 (not at all) to 1."""
    return lambda content, painted: painted.lerp(with_luminance_of(content, painted), strength)


def encode_recolored(
    encoder: StyleEncoder, source: Style, content: ImageBuffer, options: StylizeOptions
) -> StyleCode:
    """The code of a style whose picture is first given the content's colours (`recolored`).

    Raises InputError for styles that have no picture: codes and learned styles.
    """
    if (parts := parts_of(source)) is not None:
        codes = [encode_recolored(encoder, each, content, options) for each in parts]
        return blend(codes, list(parts.values()))
    text = str(source) if isinstance(source, (str, os.PathLike)) else ""
    if encoder.learned or is_learned(text):
        raise InputError("preserve_color histogram needs a style's picture: a learned one has none")
    if isinstance(source, StyleCode) or text.endswith(SUFFIX):
        raise InputError(NO_PICTURE)
    if content.shape[0] > 1:
        raise InputError("preserve_color histogram takes one content picture at a time")
    style = recolored(cast(ImageSource, source), palette(content), options)
    return encoder.encode_picture(style, describe(source), options.refine > 0)


def recolored(source: ImageSource, content: Moments, options: StylizeOptions) -> Tensor:
    """A style's picture (1, 3, h, w) in [0, 1] with the content's colours, on the CPU.

    content: the moments of its pixels, with covariance. `options.color_strength` is how much.
    """
    style = style_tensor(source, options.style_size, options.style_crop).cpu()
    return style.lerp(match_colors(style, content), options.color_strength)


def match_colors(style: Tensor, content: Moments, eps: float = 1e-5) -> Tensor:
    """`style` (1, 3, h, w) in [0, 1] with the content's mean colour (1, 3) and covariance (1, 3, 3).

    x ↦ A(x − μs) + μc with A = Σc^½ Σs^-½, the paper's linear variant of histogram matching. Always on
    the CPU: the matrices are 3×3, and not every GPU has float64.
    """
    style, content = style.cpu(), Moments(content.mean.cpu(), content.var.cpu())
    before = moments(style, joint=True)

    def power(covariance: Tensor, exponent: float) -> Tensor:
        values, vectors = torch.linalg.eigh(covariance[0].double() + eps * torch.eye(3))
        root: Tensor = vectors @ torch.diag(values.pow(exponent)) @ vectors.T
        return root

    matrix = (power(content.var, 0.5) @ power(before.var, -0.5)).to(style.dtype)
    pixels = style.flatten(2)[0] - before.mean.T
    return (matrix @ pixels + content.mean.T).clamp(0, 1).reshape(style.shape)

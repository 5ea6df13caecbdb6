"""Pictures of any type as tensors, and back."""

import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..errors import InputError
from .image import Picture, read_picture, style_image, to_picture

ImageSource = str | os.PathLike[str] | Image.Image | np.ndarray | Tensor | Picture


def as_uint8(image: Image.Image) -> Tensor:
    """A PIL image as uint8 (1, C, H, W), channels last in memory."""
    array = np.array(image)
    return torch.from_numpy(array.reshape(*array.shape[:2], -1)).permute(2, 0, 1)[None]


def to_tensor(image: Image.Image) -> Tensor:
    """A PIL image as float32 (1, C, H, W) in [0, 1]."""
    return as_uint8(image).float() / 255


def to_array(picture: Tensor) -> np.ndarray:
    """uint8 (1, 3, H, W) as (H, W, 3)."""
    return picture[0].permute(1, 2, 0).contiguous().cpu().numpy()


def open_picture(source: ImageSource) -> Picture:
    """A path, PIL image or uint8 array as a Picture. Raises InputError for anything else."""
    if isinstance(source, Picture):
        return source
    if isinstance(source, (str, os.PathLike)):
        return read_picture(source)
    if isinstance(source, Image.Image):
        return to_picture(source)
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] != 3 or not source.size:
            raise InputError(f"an array must be uint8 (H, W, 3), not {source.dtype} {source.shape}")
        return Picture(Image.fromarray(source))
    raise InputError(f"a picture is a path, PIL image, array or tensor, not {type(source).__name__}")


def check_tensor(x: Tensor) -> None:
    """Raise InputError unless x is a batch of pictures, float (N, 3, H, W)."""
    if x.ndim != 4 or x.shape[1] != 3 or not x.numel() or not x.is_floating_point():
        raise InputError(f"a tensor must be float (N, 3, H, W), not {x.dtype} {tuple(x.shape)}")


def style_tensor(source: ImageSource, size: int, crop: float) -> Tensor:
    """A style's picture as the encoder sees it, float32 (1, 3, H, W) in [0, 1].

    size, crop: as for `style_image`; a tensor is used as it is.
    """
    if isinstance(source, Tensor):
        check_tensor(source)
        if len(source) > 1:
            raise InputError("a style is one picture: (1, 3, H, W)")
        return source.float()
    return to_tensor(style_image(open_picture(source).rgb, size, crop))


def describe(source: object) -> str:
    """The name of a style in a code's metadata."""
    return Path(source).name if isinstance(source, (str, os.PathLike)) else "a picture"

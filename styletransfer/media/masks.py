"""Masks as arrays. No torch here."""

import os
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from ..errors import InputError
from .image import read_picture, to_picture

Map: TypeAlias = str | os.PathLike[str] | Image.Image | np.ndarray[Any, Any]


def read_mask(source: Map, size: tuple[int, int]) -> np.ndarray:
    """Read a grey picture as float32 (H, W) in [0, 1]: white is 1, black and transparent are 0.

    size: the (width, height) that it must have. Raises InputError otherwise.
    """
    if isinstance(source, (np.ndarray, Image.Image)):
        picture = to_picture(map_image(source))
    else:
        picture = read_picture(os.fspath(source))
    check_map_size("mask", picture.rgb.size, size)
    mask = np.array(picture.rgb.convert("L"), dtype=np.float32) / 255
    if picture.alpha is None:
        return mask
    return mask * (np.array(picture.alpha, dtype=np.float32) / 255)


def map_image(source: Image.Image | np.ndarray) -> Image.Image:
    """A mask or map in memory as a PIL image. Raises InputError for anything else."""
    if isinstance(source, Image.Image):
        return source
    channels = source.shape[2:] if source.dtype == np.uint8 else ()
    known = source.dtype in (np.uint8, bool) and source.ndim == 2 + len(channels) and source.size
    if not known or channels not in ((), (2,), (3,), (4,)):
        raise InputError(f"a mask or map must be uint8 (H, W), not {source.dtype} {source.shape}")
    return Image.fromarray(source)


def check_map_size(what: str, found: tuple[int, int], wanted: tuple[int, int]) -> None:
    """Raise InputError unless a mask or map has the photo's size."""
    if found != wanted:
        sizes = f"{found[0]}×{found[1]}, the photo {wanted[0]}×{wanted[1]}"
        raise InputError(f"the {what} is {sizes}: they must be alike")

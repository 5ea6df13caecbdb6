"""Content of any type as an image buffer, and the result in the same type."""

from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ..device import enough_memory
from ..media.image import resize_short_side, with_short_side
from ..media.tensors import ImageSource, as_uint8, check_tensor, open_picture, to_array
from .buffer import ImageBuffer

Content = TypeVar("Content", bound=ImageSource)


@dataclass(frozen=True)
class OpenedContent:
    """Content ready to be painted.

    image: its pixels. size: width and height before it was resized. transparency: its alpha channel,
    which bypasses the network and is put back afterwards.
    """

    image: ImageBuffer
    size: tuple[int, int]
    transparency: Image.Image | None = None


def open_content(content: ImageSource, short_side: int | None = None) -> OpenedContent:
    """Read content into memory, resized to a short side unless that is None. InputError if it is not a
    picture."""
    if isinstance(content, Tensor):
        check_tensor(content)
        height, width = content.shape[2:]
        if short_side is not None:
            content = _resized(content, short_side)
        return OpenedContent(ImageBuffer(content), (width, height))
    picture = open_picture(content)
    size, rgb, alpha = picture.rgb.size, picture.rgb, picture.alpha
    if short_side is not None:
        alpha = alpha and resize_short_side(alpha, short_side)
        rgb = resize_short_side(rgb, short_side)
    return OpenedContent(ImageBuffer(as_uint8(rgb)), size, alpha)


def in_type_of(
    content: Content, painted: Tensor, transparency: Image.Image | None
) -> Content | Image.Image:
    """The painted pixels, float or uint8 (N, 3, H, W), in the content's type; for a path a PIL image."""
    if isinstance(content, Tensor):
        return cast(Content, painted)
    array = to_array(painted)
    if isinstance(content, np.ndarray):
        return cast(Content, array)
    image = Image.fromarray(array)
    if transparency is not None:
        image.putalpha(transparency)
    return image


def _resized(content: Tensor, short_side: int) -> Tensor:
    height, width = content.shape[2:]
    wide, high = with_short_side((width, height), short_side)
    with enough_memory(content.device, "a smaller size"):
        x = F.interpolate(content.float(), (high, wide), mode="bicubic", antialias=True)
    return x.clamp(0, 1).to(content.dtype)

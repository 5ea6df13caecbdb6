"""Nodes for ComfyUI: load a stylizer, encode and blend styles, stylize.

ComfyUI's images are float (B, H, W, C) in [0, 1], its masks float (B, H, W), where 1 is to be painted.
Wrong input raises InputError, whose message ComfyUI shows at the node.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...errors import InputError
from ...models.shipped import header, models
from ...options import LEAST_STROKES, LEAST_STYLE_SIZE, MAX_ALPHA, MAX_STROKES, STYLE_SIZE
from ...styles.code import StyleCode
from ...styles.names import BANK, BANK_MODEL, DEFAULT_MODEL, shipped_styles
from ...stylize.stylizer import Stylizer

CATEGORY = "styletransfer"
FROM_IMAGE = "from image"
Inputs = dict[str, dict[str, tuple[Any, ...]]]


class LoadStylizer:
    """Loads a model on ComfyUI's device."""

    CATEGORY, FUNCTION = CATEGORY, "load"
    RETURN_TYPES, RETURN_NAMES = ("STYLIZER",), ("stylizer",)

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        """The node's inputs and widgets, as ComfyUI reads them."""
        precisions = ["auto", "fp32", "bf16", "fp16"]
        return {
            "required": {
                "model": (models(), {"default": DEFAULT_MODEL}),
                "precision": (precisions, {"default": "auto"}),
            }
        }

    def load(self, model: str, precision: str) -> tuple[Stylizer]:
        """The stylizer."""
        return (Stylizer(model, _device(), precision),)


class EncodeStyle:
    """Encodes a style: an image, the mean of several, a shipped painting, or a learned style."""

    CATEGORY, FUNCTION = CATEGORY, "encode"
    RETURN_TYPES, RETURN_NAMES = ("STYLE_CODE",), ("style",)

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        """The node's inputs and widgets, as ComfyUI reads them."""
        names = [FROM_IMAGE, *shipped_styles(), *(BANK + name for name in header(BANK_MODEL).styles)]
        size = {"default": STYLE_SIZE, "min": LEAST_STYLE_SIZE, "max": 2048, "step": 16}
        crop = {"default": 1.0, "min": 0.05, "max": 1.0, "step": 0.05}
        return {
            "required": {
                "stylizer": ("STYLIZER",),
                "name": (names, {"default": FROM_IMAGE}),
                "style_size": ("INT", size),
                "style_crop": ("FLOAT", crop),
            },
            "optional": {"image": ("IMAGE",)},
        }

    def encode(
        self,
        stylizer: Stylizer,
        name: str,
        style_size: int,
        style_crop: float,
        image: Tensor | None = None,
    ) -> tuple[StyleCode]:
        """The code. An image counts only where no name is chosen."""
        if name != FROM_IMAGE:
            return (stylizer.style(name, style_size, style_crop),)
        if image is None:
            raise InputError("connect an image to the style, or choose one by name")
        pictures = [(each[..., :3].clamp(0, 1) * 255).round().byte().cpu().numpy() for each in image]
        return (stylizer.blend(pictures, size=style_size, crop=style_crop),)


class BlendStyles:
    """Blends two styles."""

    CATEGORY, FUNCTION = CATEGORY, "blend"
    RETURN_TYPES, RETURN_NAMES = ("STYLE_CODE",), ("style",)

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        """The node's inputs and widgets, as ComfyUI reads them."""
        share = {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.05}
        return {
            "required": {
                "stylizer": ("STYLIZER",),
                "style_a": ("STYLE_CODE",),
                "style_b": ("STYLE_CODE",),
                "share_of_b": ("FLOAT", share),
            }
        }

    def blend(
        self, stylizer: Stylizer, style_a: StyleCode, style_b: StyleCode, share_of_b: float
    ) -> tuple[StyleCode]:
        """The code of both."""
        return (stylizer.blend([style_a, style_b], [1 - share_of_b, share_of_b]),)


class Stylize:
    """Paints images in a style, everywhere or where a mask is white."""

    CATEGORY, FUNCTION = CATEGORY, "stylize"
    RETURN_TYPES, RETURN_NAMES = ("IMAGE",), ("image",)

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        """The node's inputs and widgets, as ComfyUI reads them."""
        strength = {"default": 1.0, "min": 0.0, "max": MAX_ALPHA, "step": 0.05}
        strokes = {"default": 1.0, "min": LEAST_STROKES, "max": MAX_STROKES, "step": 0.1}
        return {
            "required": {
                "stylizer": ("STYLIZER",),
                "image": ("IMAGE",),
                "style": ("STYLE_CODE",),
                "strength": ("FLOAT", strength),
                "strokes": ("FLOAT", strokes),
                "preserve_color": (["none", "luminance"], {"default": "none"}),
            },
            "optional": {
                "mask": ("MASK",),
                "feather": ("INT", {"default": 0, "min": 0, "max": 512}),
            },
        }

    def stylize(
        self,
        stylizer: Stylizer,
        image: Tensor,
        style: StyleCode,
        strength: float,
        strokes: float,
        preserve_color: str,
        mask: Tensor | None = None,
        feather: int = 0,
    ) -> tuple[Tensor]:
        """The images, one after the other, each of its own size.

        mask: one for all, or one for each; of another size, it is resized.
        """
        masks = None if mask is None else _masks(mask, image)
        tick, painted = _progress(len(image)), []
        for number, photo in enumerate(image):
            out = stylizer.stylize(
                photo[None, ..., :3].movedim(-1, 1).float().clamp(0, 1),
                style,
                strength,
                strokes=strokes,
                preserve_color=preserve_color,
                mask=None if masks is None else masks[number % len(masks)],
                feather=feather,
            )
            pixels = out.movedim(1, -1)[0].to(photo)  # type: ignore[union-attr]
            painted.append(torch.cat([pixels, photo[..., 3:]], dim=-1))  # transparency stays
            tick()
        return (torch.stack(painted),)


NODE_CLASS_MAPPINGS = {
    "StyleTransferLoad": LoadStylizer,
    "StyleTransferEncode": EncodeStyle,
    "StyleTransferBlend": BlendStyles,
    "StyleTransferStylize": Stylize,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "StyleTransferLoad": "Load Stylizer",
    "StyleTransferEncode": "Encode Style",
    "StyleTransferBlend": "Blend Styles",
    "StyleTransferStylize": "Stylize",
}


def _masks(mask: Tensor, image: Tensor) -> list[np.ndarray]:
    """Masks (B, H, W) or (H, W) resized to the images, as uint8."""
    mask = mask.reshape(-1, 1, *mask.shape[-2:]).float()
    if len(mask) not in (1, len(image)):
        raise InputError(
            f"there are {len(mask)} masks for {len(image)} images: one for all, or for each"
        )
    if mask.shape[2:] != image.shape[1:3]:
        mask = F.interpolate(mask, size=tuple(image.shape[1:3]), mode="bilinear", antialias=True)
    return list((mask[:, 0].clamp(0, 1) * 255).round().byte().cpu().numpy())


def _device() -> str:
    """The device that ComfyUI computes on; outside ComfyUI the best one there is."""
    try:
        from comfy.model_management import get_torch_device
    except ImportError:
        return "auto"
    return str(get_torch_device())


def _progress(total: int) -> Callable[[], None]:
    """A function to call after each image: moves ComfyUI's bar, and stops if its user wants to."""
    try:
        from comfy.model_management import throw_exception_if_processing_interrupted as stop
        from comfy.utils import ProgressBar
    except ImportError:
        return lambda: None
    bar = ProgressBar(total)

    def tick() -> None:
        bar.update(1)
        stop()

    return tick

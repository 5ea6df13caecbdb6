"""The engine: any picture type in, the same type out, on any device."""

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..device import fast_dtype, pick_device
from ..errors import InputError
from ..io.image import Picture, read_picture, resize_short_side, to_picture
from ..io.weights import load_model
from . import color
from .memory import check_memory
from .style_code import SUFFIX, StyleCode, blend

Source = str | os.PathLike | Image.Image | np.ndarray | Tensor | Picture
Content = TypeVar("Content", bound=Source)
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
STYLE_SIZE = 512


class Stylizer:
    """A loaded model, ready to repaint pictures.

        s = Stylizer()
        out = s.stylize("photo.jpg", "starry.jpg", alpha=0.8)   # a PIL image
        code = s.style("starry.jpg")                            # encode once, use many times

    model: a shipped name or a safetensors path. device: auto, cpu, cuda, cuda:N or mps. precision:
    auto (bf16 where the device is faster with it), fp32, bf16 or fp16; style statistics are always
    float32. Raises InputError for what is not to be had.
    """

    def __init__(self, model: str | Path = "adain-vgg", device: str = "auto", precision: str = "auto"):
        self.device = pick_device(device)
        self.dtype = _dtype(precision, self.device)
        net = load_model(model)
        self.model, self.digest = str(model), net.digest
        self.net = net.to(self.device, memory_format=torch.channels_last)

    @torch.inference_mode()
    def style(self, source: Source | StyleCode, size: int = STYLE_SIZE) -> StyleCode:
        """The style code of a picture, or of a `.style.safetensors` file.

        size: short side in pixels at which a picture is encoded; smaller gives finer strokes.
        Tensors are (1, 3, H, W) in [0, 1].
        """
        if isinstance(source, (str, os.PathLike)) and str(source).endswith(SUFFIX):
            source = StyleCode.load(source)
        if isinstance(source, StyleCode):
            self._check_code(source)
            return source
        return self._encode(_style_tensor(source, size))

    def blend(
        self,
        styles: Mapping[Source, float] | Sequence[Source | StyleCode],
        weights: Sequence[float] | None = None,
        size: int = STYLE_SIZE,
    ) -> StyleCode:
        """One code of several styles: {"a.jpg": 0.7, "b.jpg": 0.3}, or a list and its weights."""
        if isinstance(styles, Mapping):
            styles, weights = list(styles), list(styles.values())
        return blend([self.style(source, size) for source in styles], weights)

    @torch.inference_mode()
    def stylize(
        self,
        content: Content,
        style: Source | StyleCode | Sequence[Source | StyleCode],
        alpha: float = 1.0,
        *,
        weights: Sequence[float] | None = None,
        preserve_color: str = "none",
        size: int | None = None,
        style_size: int = STYLE_SIZE,
    ) -> Content | Image.Image:
        """Repaint content in a style, or in a blend of several.

        content: a path or PIL image (gives a PIL image, with the content's alpha channel if it has
        one), an (H, W, 3) uint8 array (gives one), or an (N, 3, H, W) float tensor in [0, 1] (gives
        one, of its device and dtype). The result has exactly the content's size, or a short side of
        `size`. alpha: 0 (the photo, reconstructed) to 1. preserve_color: none, luminance (only
        brightness is painted) or histogram (the style gets the photo's colours first; pictures
        only, not codes).
        """
        if not 0 <= alpha <= 1:
            raise InputError(f"alpha is {alpha:g}: it goes from 0 to 1")
        if preserve_color not in color.CHOICES:
            raise InputError(f"preserve_color is {preserve_color!r}: not one of {color.CHOICES}")
        if size is not None and size < 1 or style_size < 16:
            raise InputError("sizes are too small: at least 1 for size, 16 for style_size")
        picture = None
        if isinstance(content, Tensor):
            _check_tensor(content)
            x = content
            if size is not None:
                scale = size / min(x.shape[2:])
                shape = [max(1, round(side * scale)) for side in x.shape[2:]]
                x = torch.nn.functional.interpolate(
                    x.float(), shape, mode="bicubic", antialias=True
                ).clamp(0, 1)
        else:
            picture = _picture(content)
            if size is not None:
                alpha_channel = picture.alpha and resize_short_side(picture.alpha, size)
                picture = Picture(resize_short_side(picture.rgb, size), alpha_channel)
            x = _tensor(picture.rgb)

        styles = list(style) if isinstance(style, (list, tuple)) else [style]
        if preserve_color == "histogram":
            styles = [self._recolored(source, x, style_size) for source in styles]
        out = self._run(x, self.blend(styles, weights, style_size), alpha)
        if preserve_color == "luminance":
            out = color.with_luminance_of(x.to(out), out)

        if picture is None:
            return out.to(content.device, content.dtype)
        array = out[0].mul(255).round().byte().permute(1, 2, 0).cpu().numpy()
        if isinstance(content, np.ndarray):
            return array
        image = Image.fromarray(array)
        if picture.alpha is not None:
            image.putalpha(picture.alpha)
        return image

    def _run(self, x: Tensor, code: StyleCode, alpha: float) -> Tensor:
        height, width = x.shape[2:]
        self._check_memory(x)
        x = pad_to_multiple(x.to(self.device, torch.float32))
        x = x.contiguous(memory_format=torch.channels_last)
        statistics = {
            tap: type(pair)(*(part.to(self.device) for part in pair))
            for tap, pair in code.statistics.items()
        }
        try:
            with self._precision():
                out = self.net(x, statistics, alpha)
        except torch.OutOfMemoryError:
            raise InputError(
                f"{width}×{height} does not fit into the memory of {self.device}: give a smaller --size"
            ) from None
        return out[:, :, :height, :width].float().clamp(0, 1)

    def _encode(self, style: Tensor) -> StyleCode:
        self._check_memory(style)
        with self._precision():
            found = self.net.code(pad_to_multiple(style.to(self.device, torch.float32)))
        return StyleCode({k: type(v)(v.mean.cpu(), v.std.cpu()) for k, v in found.items()}, self.digest)

    def _recolored(self, source: Source | StyleCode, content: Tensor, size: int) -> StyleCode:
        if isinstance(source, StyleCode) or str(source).endswith(SUFFIX):
            raise InputError("preserve_color histogram needs the style's picture, not its code")
        if len(content) > 1:
            raise InputError("preserve_color histogram takes one content picture at a time")
        return self._encode(color.match_colors(_style_tensor(source, size), content.float().cpu()))

    def _check_memory(self, x: Tensor) -> None:
        count, _, height, width = x.shape
        check_memory(width, height * count, self.device, self.dtype, self.net.config.taps)

    def _check_code(self, code: StyleCode) -> None:
        if code.model != self.digest:
            raise InputError(f"this style code was made with another model than {self.model}")

    def _precision(self):
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.dtype)


def pad_to_multiple(x: Tensor, multiple: int = 8, least: int = 16) -> Tensor:
    """Reflect (N, C, H, W) at its right and bottom edge until both sides are multiples, and
    at least `least`: three poolings divide by 8, and reflection needs two positions at the last.

    Unlike torch's own padding this also takes a picture smaller than what is to be added.
    """
    for dim in (2, 3):
        length = x.shape[dim]
        target = max(least, -(-length // multiple) * multiple)
        if target != length:
            period = max(1, 2 * (length - 1))
            index = torch.arange(target, device=x.device) % period
            x = x.index_select(dim, torch.minimum(index, period - index) if length > 1 else index)
    return x


def _dtype(precision: str, device: torch.device) -> torch.dtype:
    if precision == "auto":
        return fast_dtype(device)
    if precision not in PRECISIONS:
        raise InputError(f"precision is {precision!r}: not one of auto, {', '.join(PRECISIONS)}")
    return PRECISIONS[precision]


def _picture(source: Source) -> Picture:
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


def _check_tensor(x: Tensor) -> None:
    if x.ndim != 4 or x.shape[1] != 3 or not x.numel() or not x.is_floating_point():
        raise InputError(f"a tensor must be float (N, 3, H, W), not {x.dtype} {tuple(x.shape)}")


def _tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def _style_tensor(source: Source, size: int) -> Tensor:
    if isinstance(source, Tensor):
        _check_tensor(source)
        if len(source) > 1:
            raise InputError("a style is one picture: (1, 3, H, W)")
        return source.float()
    return _tensor(resize_short_side(_picture(source).rgb, size))

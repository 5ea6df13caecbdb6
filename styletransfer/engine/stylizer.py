"""The engine: any picture type in, the same type out, on any device."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from .. import __version__
from ..device import enough_memory, fast_dtype, pick_device
from ..errors import InputError
from ..io.image import Picture, pictures_in, resize_short_side
from ..io.weights import load_model
from ..nn.normalization import Statistics
from ..nn.stylizer import Code, StylizerNet
from . import color
from .cache import remembered
from .canvas import Canvas
from .memory import check_memory
from .names import BANK, DEFAULT_MODEL, made_of
from .paint import Progress, paint
from .pictures import (
    Source,
    as_uint8,
    check_tensor,
    describe,
    open_picture,
    pad_to_multiple,
    style_tensor,
    to_array,
)
from .regions import Map, read_mask, read_regions, soften
from .style_code import FORMAT, SUFFIX, StyleCode, blend
from .tiles import Look, palette

Style = Source | StyleCode | Mapping[Source, float]
"""One style: a picture, a code or its file, a folder of pictures, or a blend of such."""
Content = TypeVar("Content", bound=Source)
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
STYLE_SIZE = 512
MAX_ALPHA = 2.0


class Stylizer:
    """A loaded model, ready to repaint pictures.

        s = Stylizer()
        out = s.stylize("photo.jpg", "starry.jpg", alpha=0.8)   # a PIL image
        code = s.style("starry.jpg")                            # encode once, use many times

    model: a shipped name or a safetensors path. device: auto, cpu, cuda, cuda:N or mps. precision:
    auto (bf16 where the device is faster with it), fp32, bf16 or fp16; style statistics are always
    float32. Raises InputError for what is not to be had.

    styles: the codes of the styles that a conditional model has learned, by name; "bank:NAME" wherever
    a style is taken.
    """

    def __init__(self, model: str | Path = DEFAULT_MODEL, device: str = "auto", precision: str = "auto"):
        self.device = pick_device(device)
        self.dtype = _dtype(precision, self.device)
        net = load_model(model)
        self.model, self.digest = str(model), net.digest
        self.styles = {name: self._known(net, n) for n, name in enumerate(net.config.styles)}
        self.net = net.to(self.device, self.dtype, memory_format=torch.channels_last)

    @torch.inference_mode()
    def style(self, source: Style, size: int = STYLE_SIZE, crop: float = 1.0) -> StyleCode:
        """The style code of a picture, of a `.style.safetensors` file, of a folder of pictures (the
        mean of its codes: an artist's works), of one that the model has learned ("bank:lion"), or of a
        blend, {"a.jpg": 0.7, "b.jpg": 0.3}, or "a.jpg:0.7,b.jpg:0.3".

        size: short side in pixels at which a picture is encoded; smaller gives finer strokes.
        crop: the middle part of each side that is looked at, above 0 to 1; less gives larger ones.
        Tensors are (1, 3, H, W) in [0, 1].
        """
        if isinstance(source, Mapping):
            return self.blend(source, size=size, crop=crop)
        if isinstance(source, (str, os.PathLike)):
            if (parts := made_of(str(source))) != {str(source): 1.0}:
                return self.blend(parts, size=size, crop=crop)
            if str(source).startswith(BANK) and not os.path.exists(source):
                return self._learned(str(source).removeprefix(BANK))
            if str(source).endswith(SUFFIX):
                source = StyleCode.load(source)
            elif os.path.isdir(source):
                return self.blend(pictures_in(source), size=size, crop=crop)
        if isinstance(source, StyleCode):
            self._check_code(source)
            return source
        if self.styles:
            raise InputError(f"{self.model} paints in the styles it has learned: {self._names()}")
        if self.net.config.bottleneck == "instance":
            raise InputError(f"{self.model} paints in the one style it has learned: give no other")
        if size < 16 or not 0 < crop <= 1:
            raise InputError("a style's size is at least 16, its crop above 0 and at most 1")
        return self._encode(style_tensor(source, size, crop), describe(source))

    def blend(
        self,
        styles: Mapping[Source, float] | Sequence[Style],
        weights: Sequence[float] | None = None,
        size: int = STYLE_SIZE,
        crop: float = 1.0,
    ) -> StyleCode:
        """One code of several styles: {"a.jpg": 0.7, "b.jpg": 0.3}, or a list and its weights."""
        if isinstance(styles, Mapping):
            styles, weights = list(styles), list(styles.values())
        return blend([self.style(source, size, crop) for source in styles], weights)

    @torch.inference_mode()
    def stylize(
        self,
        content: Content,
        style: Style | Sequence[Style] | None = None,
        alpha: float = 1.0,
        *,
        weights: Sequence[float] | None = None,
        mask: Map | None = None,
        regions: Map | None = None,
        region: Mapping[str, Style] | None = None,
        feather: int = 0,
        preserve_color: str = "none",
        color_strength: float = 1.0,
        size: int | None = None,
        style_size: int = STYLE_SIZE,
        style_crop: float = 1.0,
        tile: str | int = "auto",
        stats: str = "exact",
        progress: Progress | None = None,
    ) -> Content | Image.Image:
        """Repaint content in a style, or in a blend of several.

        content: a path or PIL image (gives a PIL image, with the content's alpha channel if it has
        one), an (H, W, 3) uint8 array (gives one), or an (N, 3, H, W) float tensor in [0, 1] (gives
        one, of its device and dtype). The result has exactly the content's size, or a short side of
        `size`. alpha: 0 (the photo, reconstructed) to 1; up to 2 exaggerates.

        mask: a grey picture of the content's size that alpha is multiplied with: white 1, black 0.
        regions: a map of the content's size whose colours or labels choose the style at each
        position: region gives the style of each, {"#ff0000": "sky.jpg", "#00ff00": {"a.jpg": 0.5,
        "b.jpg": 0.5}}; style, if given, takes the rest. feather: pixels to either side over which
        regions (and the mask) fade into each other.

        preserve_color: none, luminance (only brightness is painted) or histogram (the style gets the
        photo's colours first; pictures only, not codes); color_strength: how much of that, 0 to 1.
        style_size, style_crop: as `size` and `crop` of `style`.

        tile: side in pixels of what the network sees at once, "off" for the whole picture, or "auto",
        as memory allows. Tiles take longer and change nothing: statistics are still the whole
        picture's. stats: "exact", or "thumbnail", statistics from a small copy of the content, which
        is faster with tiles and only approximate. progress: told of the share that is done.
        """
        canvas, picture, whole = _open(content, size)
        out = self.repaint(
            canvas, style, alpha, weights=weights, mask=mask, regions=regions, region=region,
            feather=feather, preserve_color=preserve_color, color_strength=color_strength,
            style_size=style_size, style_crop=style_crop, tile=tile, stats=stats, progress=progress,
            map_size=whole,
        )  # fmt: skip
        return _like(content, out.pixels, picture)

    @torch.inference_mode()
    def repaint(
        self,
        canvas: Canvas,
        style: Style | Sequence[Style] | None = None,
        alpha: float = 1.0,
        *,
        weights: Sequence[float] | None = None,
        mask: Map | None = None,
        regions: Map | None = None,
        region: Mapping[str, Style] | None = None,
        feather: int = 0,
        preserve_color: str = "none",
        color_strength: float = 1.0,
        style_size: int = STYLE_SIZE,
        style_crop: float = 1.0,
        tile: str | int = "auto",
        stats: str = "exact",
        progress: Progress | None = None,
        map_size: tuple[int, int] | None = None,
    ) -> Canvas:
        """`stylize` for a canvas, which may be larger than memory; gives another of its kind.

        map_size: width and height that mask and regions are to have, if not the canvas's.
        """
        if not 0 <= alpha <= MAX_ALPHA:
            raise InputError(
                f"alpha is {alpha:g}: it goes from 0 to 1, or to {MAX_ALPHA:g} to exaggerate"
            )
        if preserve_color not in color.CHOICES:
            raise InputError(f"preserve_color is {preserve_color!r}: not one of {color.CHOICES}")
        if not 0 <= color_strength <= 1:
            raise InputError(f"color_strength is {color_strength:g}: it goes from 0 to 1")
        if feather < 0:
            raise InputError(f"feather is {feather}: 0 or more pixels")
        if (regions is None) != (region is None):
            raise InputError("regions (a map) and region (its styles) go together")
        shape = canvas.shape[1:]
        map_size = map_size or shape[::-1]

        def code(styles: Style | Sequence[Style], weights: Sequence[float] | None = None) -> StyleCode:
            styles = list(styles) if isinstance(styles, (list, tuple)) else [styles]
            if preserve_color == "histogram":
                look = style_size, style_crop, color_strength
                styles = [self._recolored(s, canvas, *look) for s in styles]
            return self.blend(styles, weights, style_size, style_crop)

        if regions is None:
            if style is None and self.net.config.bottleneck == "instance":
                codes = [StyleCode({}, self.digest, self.model)]
            elif style is None:
                raise InputError("no style given")
            else:
                codes = [code(style, weights)]
            shares = None
        else:
            codes = [code(each) for each in region.values()]
            if style is not None:
                codes.append(code(style, weights))
            shares = _fit(
                read_regions(regions, list(region), style is not None, map_size), shape, feather
            )
            used = shares.amax(dim=(0, 2, 3)) > 0
            codes, shares = [c for c, u in zip(codes, used) if u], shares[:, used]
            shares = None if len(codes) == 1 else shares
        strength: float | Tensor = alpha
        if mask is not None:
            map = _fit(read_mask(mask, map_size), shape, feather)
            strength = alpha if map.min() == 1 else alpha * map

        def finish(x: Tensor, painted: Tensor) -> Tensor:
            if preserve_color == "luminance":
                return painted.lerp(color.with_luminance_of(x, painted), color_strength)
            return painted

        look = Look(self._joined(codes), strength, shares)
        return paint(self.net, canvas, look, tile, stats, finish, progress)

    @torch.inference_mode()
    def variations(
        self, content: Source, looks: Iterable[tuple[StyleCode, float]], size: int | None = None
    ) -> Iterator[Image.Image]:
        """One picture in many styles and strengths: looks are (code, alpha), one PIL image for each."""
        canvas, _, _ = _open(content, size)
        for code, alpha in looks:
            self._check_code(code)
            out = paint(self.net, canvas, Look(self._joined([code]), alpha))
            yield Image.fromarray(to_array(out.pixels))

    @torch.inference_mode()
    def repaint_each(self, canvas: Canvas, codes: Sequence[StyleCode], alpha: float = 1.0) -> Canvas:
        """A canvas of N pictures, each in its own of N codes; on a GPU faster than one by one."""
        for code in codes:
            self._check_code(code)
        return paint(self.net, canvas, Look(self._joined(codes), alpha))

    def _known(self, net: StylizerNet, number: int) -> StyleCode:
        found = net.learned(torch.tensor([number]))
        return StyleCode(found, self.digest, self.model, styles={net.config.styles[number]: 1.0})

    def _learned(self, name: str) -> StyleCode:
        if not self.styles:
            raise InputError(f"{self.model} has not learned {BANK}{name}, nor others: give a picture")
        if name not in self.styles:
            raise InputError(f"{self.model} has not learned {name!r}, but {self._names()}")
        return self.styles[name]

    def _names(self) -> str:
        return ", ".join(BANK + name for name in self.styles)

    def _joined(self, codes: Sequence[StyleCode]) -> Code:
        """One code, of a row for each, where the network is."""
        return {
            tap: Statistics(
                *(torch.cat(part).to(self.device) for part in zip(*(c.statistics[tap] for c in codes)))
            )
            for tap in codes[0].statistics
        }

    def _encode(self, style: Tensor, name: str) -> StyleCode:
        count, _, height, width = style.shape
        check_memory(width, height * count, self.net)

        def encoded() -> StyleCode:
            with enough_memory(self.device, "a smaller --style-size"):
                found = self.net.code(pad_to_multiple(style.to(self.device, torch.float32)))
            statistics = {tap: Statistics(s.mean.cpu(), s.std.cpu()) for tap, s in found.items()}
            return StyleCode(statistics, self.digest, self.model, styles={name: 1.0})

        about = f"{FORMAT} {__version__} {self.digest} {self.model} {self.device.type} {self.dtype}"
        return remembered(style, about, name, encoded)

    def _recolored(
        self, source: Style, content: Canvas, size: int, crop: float, strength: float
    ) -> StyleCode:
        if isinstance(source, Mapping):
            codes = [self._recolored(each, content, size, crop, strength) for each in source]
            return blend(codes, list(source.values()))
        text = str(source) if isinstance(source, (str, os.PathLike)) else ""
        if self.styles or isinstance(source, StyleCode) or text.endswith(SUFFIX) or os.path.isdir(text):
            raise InputError("preserve_color histogram needs the style's picture, not its code")
        if content.shape[0] > 1:
            raise InputError("preserve_color histogram takes one content picture at a time")
        style = style_tensor(source, size, crop).cpu()
        matched = color.match_colors(style, palette(content))
        return self._encode(style.lerp(matched, strength), describe(source))

    def _check_code(self, code: StyleCode) -> None:
        if code.digest != self.digest:
            other = f", {code.model}," if code.model and code.model != self.model else ""
            raise InputError(f"this style code was made with another model{other} than {self.model}")


def _open(content: Source, size: int | None) -> tuple[Canvas, Picture | None, tuple[int, int]]:
    """Content on a canvas, resized; as a Picture if it is one; and its own width and height."""
    if size is not None and size < 1:
        raise InputError(f"size is {size}: at least 1")
    if isinstance(content, Tensor):
        check_tensor(content)
        height, width = content.shape[2:]
        if size is None:
            return Canvas(content), None, (width, height)
        scale = size / min(width, height)
        shape = [max(1, round(side * scale)) for side in (height, width)]
        x = F.interpolate(content.float(), shape, mode="bicubic", antialias=True)
        return Canvas(x.clamp(0, 1).to(content.dtype)), None, (width, height)
    picture = open_picture(content)
    whole = picture.rgb.size
    if size is not None:
        alpha = picture.alpha and resize_short_side(picture.alpha, size)
        picture = Picture(resize_short_side(picture.rgb, size), alpha)
    return Canvas(as_uint8(picture.rgb)), picture, whole


def _fit(map: Tensor, shape: Sequence[int], radius: int) -> Tensor:
    """A map of the content's own size at the size it is painted at, feathered."""
    return soften(F.interpolate(map, size=tuple(shape), mode="area"), radius)


def _like(content: Content, out: Tensor, picture: Picture | None) -> Content | Image.Image:
    """The result in the type that the content came in."""
    if isinstance(content, Tensor):
        return out
    array = to_array(out)
    if isinstance(content, np.ndarray):
        return array
    image = Image.fromarray(array)
    if picture.alpha is not None:
        image.putalpha(picture.alpha)
    return image


def _dtype(precision: str, device: torch.device) -> torch.dtype:
    if precision == "auto":
        return fast_dtype(device)
    if precision not in PRECISIONS:
        raise InputError(f"precision is {precision!r}: not one of auto, {', '.join(PRECISIONS)}")
    return PRECISIONS[precision]

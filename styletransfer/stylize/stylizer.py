"""The engine: any picture type in, the same type out, on any device."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ..device import enough_memory
from ..errors import InputError
from ..media.image import Picture, resize_short_side, with_short_side
from ..media.tensors import ImageSource, as_uint8, check_tensor, open_picture, to_array
from ..styles.code import StyleCode
from ..styles.encode import STYLE_SIZE, Style, Styles
from . import color
from .buffer import ImageBuffer
from .levels import Conditioning
from .paint import Progress, paint
from .regions import Map, read_mask, read_regions, soften

Content = TypeVar("Content", bound=ImageSource)
MAX_ALPHA = 2.0


class Stylizer(Styles):
    """A loaded model, ready to repaint pictures.

        s = Stylizer()
        out = s.stylize("photo.jpg", "starry.jpg", alpha=0.8)   # a PIL image
        code = s.style("starry.jpg")                            # encode once, use many times

    model: a shipped name or a safetensors path. device: auto, cpu, cuda, cuda:N or mps. precision:
    auto (bf16 where the device is faster with it), fp32, bf16 or fp16; style statistics are always
    float32. Raises InputError for what is not to be had.
    """

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
        strokes: float = 1.0,
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
        photo's colours first; pictures only, not codes or learned styles); color_strength: how much of
        that, 0 to 1.
        strokes: how broad strokes are, 0.5 to 4 times the model's own: so many times smaller is what a
        draft is painted of (`stylize.levels`). style_size, style_crop: as `size` and `crop` of `style`.

        tile: side in pixels of what the network sees at once, "off" for the whole picture, or "auto",
        as memory allows. Tiles take longer and change nothing: statistics are still the whole
        picture's. stats: "exact", or "thumbnail", statistics from a small copy of the content, which
        is faster with tiles and only approximate. progress: told of the share that is done.
        """
        canvas, picture, whole = _open(content, size)
        out = self.repaint(
            canvas, style, alpha, weights=weights, mask=mask, regions=regions, region=region,
            feather=feather, preserve_color=preserve_color, color_strength=color_strength,
            strokes=strokes, style_size=style_size, style_crop=style_crop, tile=tile, stats=stats,
            progress=progress, map_size=whole,
        )  # fmt: skip
        return _like(content, out.pixels, picture)

    @torch.inference_mode()
    def repaint(
        self,
        canvas: ImageBuffer,
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
        strokes: float = 1.0,
        style_size: int = STYLE_SIZE,
        style_crop: float = 1.0,
        tile: str | int = "auto",
        stats: str = "exact",
        progress: Progress | None = None,
        map_size: tuple[int, int] | None = None,
    ) -> ImageBuffer:
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
        if feather > max(shape):
            raise InputError(f"feather is {feather}: more than the picture is long, {max(shape)} pixels")
        map_size = map_size or shape[::-1]

        def code(styles: Style | Sequence[Style], weights: Sequence[float] | None = None) -> StyleCode:
            styles = list(styles) if isinstance(styles, (list, tuple)) else [styles]
            if preserve_color == "histogram":
                look = style_size, style_crop, color_strength
                styles = [self._recolored(s, canvas, *look) for s in styles]
            return self.blend(styles, weights, style_size, style_crop)

        if regions is None:
            if style is None and not self.net.bottleneck.takes_style:
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

        look = Conditioning(self._joined(codes), strength, shares)
        return paint(self.net, canvas, look, tile, stats, finish, progress, strokes)

    @torch.inference_mode()
    def variations(
        self,
        content: ImageSource,
        looks: Iterable[tuple[StyleCode, float]],
        size: int | None = None,
        strokes: float = 1.0,
    ) -> Iterator[Image.Image]:
        """One picture in many styles and strengths: looks are (code, alpha), one PIL image for each."""
        canvas, _, _ = _open(content, size)
        for code, alpha in looks:
            self._check_code(code)
            out = paint(self.net, canvas, Conditioning(self._joined([code]), alpha), strokes=strokes)
            yield Image.fromarray(to_array(out.pixels))

    @torch.inference_mode()
    def repaint_each(
        self, canvas: ImageBuffer, codes: Sequence[StyleCode], alpha: float = 1.0, strokes: float = 1.0
    ) -> ImageBuffer:
        """A canvas of N pictures, each in its own of N codes; on a GPU faster than one by one."""
        for code in codes:
            self._check_code(code)
        return paint(self.net, canvas, Conditioning(self._joined(codes), alpha), strokes=strokes)


def _open(content: ImageSource, size: int | None) -> tuple[ImageBuffer, Picture | None, tuple[int, int]]:
    """Content on a canvas, resized; as a Picture if it is one; and its own width and height."""
    if size is not None and size < 1:
        raise InputError(f"size is {size}: at least 1")
    if isinstance(content, Tensor):
        check_tensor(content)
        height, width = content.shape[2:]
        if size is None:
            return ImageBuffer(content), None, (width, height)
        wide, high = with_short_side((width, height), size)
        with enough_memory(content.device, "a smaller size"):
            x = F.interpolate(content.float(), (high, wide), mode="bicubic", antialias=True)
        return ImageBuffer(x.clamp(0, 1).to(content.dtype)), None, (width, height)
    picture = open_picture(content)
    whole = picture.rgb.size
    if size is not None:
        alpha = picture.alpha and resize_short_side(picture.alpha, size)
        picture = Picture(resize_short_side(picture.rgb, size), alpha)
    return ImageBuffer(as_uint8(picture.rgb)), picture, whole


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

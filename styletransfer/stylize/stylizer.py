"""`Stylizer`, the class that paints: any picture type in, the same type out, on any device."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image

from ..device import pick_device, pick_dtype
from ..errors import InputError
from ..media.masks import Map
from ..media.tensors import ImageSource, to_array
from ..models.weights import load_model
from ..options import STYLE_SIZE, StylizeOptions, check_alpha
from ..styles.code import StyleCode
from ..styles.encode import Style, StyleEncoder, stacked
from ..styles.names import DEFAULT_MODEL
from . import color
from .buffer import ImageBuffer
from .content import Content, in_type_of, open_content
from .levels import Conditioning
from .paint import Progress, paint
from .pretrained import Pretrained
from .refine import RefineStep, Watch, check_refinable, refine
from .regions import alpha_map, region_maps
from .tiling import Hooks


class Stylizer(Pretrained):
    """A loaded model, ready to repaint pictures.

        s = Stylizer()
        out = s.stylize("photo.jpg", "starry.jpg", alpha=0.8)   # a PIL image
        code = s.style("starry.jpg")                            # encode once, use many times

    model: a shipped model's name, or the path of a weight file. device: auto, cpu, cuda, cuda:N or mps.
    precision: auto (bf16 where the device is faster with it), fp32, bf16 or fp16; style statistics are
    always float32. Raises InputError for a model or device that is not there.
    """

    def __init__(self, model: str | Path = DEFAULT_MODEL, device: str = "auto", precision: str = "auto"):
        self.device = pick_device(device)
        self.dtype = pick_dtype(precision, self.device)
        net = load_model(model)
        self.style_encoder = StyleEncoder(net, str(model))
        net.to(self.device, self.dtype).to(memory_format=torch.channels_last)
        self.net = net

    @property
    def model(self) -> str:
        """The name or path that it was loaded from."""
        return self.style_encoder.model

    @property
    def digest(self) -> str:
        """SHA-256 of its weight file."""
        return self.style_encoder.digest

    @property
    def styles(self) -> dict[str, StyleCode]:
        """The codes that a conditional model has learned, by name; as a style, "bank:NAME"."""
        return self.style_encoder.learned

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
        refine: int = 0,
        progress: Progress | None = None,
        watch: Watch | None = None,
        options: StylizeOptions | None = None,
    ) -> Content | Image.Image:
        """Repaint content in a style, or in a blend of several.

        Args:
            content: a path or PIL image, an (H, W, 3) uint8 array, or an (N, 3, H, W) float tensor in
                [0, 1].
            style: a picture, a style code or its file, a folder of pictures, or a blend {style: weight};
                a list of these is blended by `weights`.
            alpha: the strength, from 0 (the photo itself) to 1 (the full style); up to 2 exaggerates.
            weights: one for each style in the list; equal by default.
            mask: a grey picture of the content's size that multiplies alpha: white 1, black 0.
            regions: a map of the content's size whose colours or labels choose the style at each
                position.
            region: the style of each colour or label, {"#ff0000": "sky.jpg", "#00ff00": {"a.jpg": 0.5,
                "b.jpg": 0.5}}; `style`, if given, takes the rest.
            feather: pixels to either side over which the borders of regions and mask are softened.
            preserve_color: none; luminance, which paints brightness only; or histogram, which first
                gives the style's picture the photo's colours.
            color_strength: how much of preserve_color, 0 to 1.
            size: short side of the result in pixels; the content's own size by default.
            strokes: width of strokes relative to the model's own, 0.5 to 4: drafts are painted so many
                times smaller (`stylize.levels`).
            style_size: short side in pixels at which styles are encoded; smaller gives finer strokes.
            style_crop: the central part of each side of a style that is used, above 0 to 1.
            tile: side in pixels of the tiles that the network sees, "off" for the whole picture, or
                "auto", by free memory. The result is the same: statistics are always the whole
                picture's.
            stats: "exact", or "thumbnail", which takes statistics from a small copy: faster with tiles,
                but approximate.
            refine: steps of optimisation afterwards, 25 for a print (`stylize.refine`).
            progress: called with the share that is done, up to 1.
            watch: called after every step of refinement; if it raises `StopRefining`, refinement ends
                and keeps what it has reached.
            options: all of these but style, progress and watch as one object, in place of the keywords.

        Returns:
            The picture in the content's type, on its device and in its dtype; for a path a PIL image.
            PIL images keep the content's alpha channel.

        Raises:
            InputError: for anything wrong with content, style or options, or if memory runs out.
        """
        given = StylizeOptions(
            alpha=alpha, weights=weights, mask=mask, regions=regions, region=region, feather=feather,
            preserve_color=preserve_color, color_strength=color_strength, size=size, strokes=strokes,
            style_size=style_size, style_crop=style_crop, tile=tile, stats=stats, refine=refine,
        )  # fmt: skip
        if options is not None and (names := given.changed()):
            raise InputError(f"give options, or {', '.join(names)} in them")
        options = options or given

        photo = open_content(content, options.size)
        painted = self.repaint(
            photo.image, style, options, map_size=photo.size, progress=progress, watch=watch
        )
        return in_type_of(content, painted.pixels, photo.transparency)

    @torch.inference_mode()
    def repaint(
        self,
        image: ImageBuffer,
        style: Style | Sequence[Style] | None = None,
        options: StylizeOptions = StylizeOptions(),
        *,
        map_size: tuple[int, int] | None = None,
        progress: Progress | None = None,
        watch: Watch | None = None,
    ) -> ImageBuffer:
        """`stylize` for an image buffer, which may be larger than memory; returns one of the same kind.

        Styles are encoded to codes, and masks and regions to maps of where each code applies. Then the
        network paints: the encoder gives the content's features, the bottleneck gives them the codes'
        statistics, and the decoder makes a picture of them.

        map_size: (width, height) that mask and regions must have; the image's by default.
        """
        codes = self._encode_styles(style, image, options)
        codes, conditioning = self._conditioning(codes, image, options, map_size)
        if not options.refine or options.alpha == 0:
            hooks = Hooks()
            if options.preserve_color == "luminance":
                hooks = Hooks(color.keeping_colors(options.color_strength))
            return paint(self.net, image, conditioning, options, hooks, progress)
        check_refinable(codes, image)
        painted = paint(self.net, image, conditioning, options)

        def tell(step: RefineStep) -> None:
            if watch:
                watch(step)
            if progress:
                progress(step.done)

        return refine(painted, image, codes, conditioning, options, self.device, tell)

    @torch.inference_mode()
    def variations(
        self,
        content: ImageSource,
        codes_and_alphas: Iterable[tuple[StyleCode, float]],
        size: int | None = None,
        strokes: float = 1.0,
    ) -> Iterator[Image.Image]:
        """One picture in many styles and strengths: yields a PIL image for each (code, alpha)."""
        photo = open_content(content, StylizeOptions(size=size, strokes=strokes).size)
        for code, alpha in codes_and_alphas:
            painted = self.repaint_each(photo.image, [code], alpha, strokes)
            yield Image.fromarray(to_array(painted.pixels))

    @torch.inference_mode()
    def repaint_each(
        self,
        images: ImageBuffer,
        codes: Sequence[StyleCode],
        alpha: float | Sequence[float] = 1.0,
        strokes: float = 1.0,
    ) -> ImageBuffer:
        """Paint N pictures of one size, each in its own style; on a GPU faster than one by one.

        codes: N. alpha: one for all, or N.
        """
        for code in codes:
            self.style_encoder.check(code)
        if isinstance(alpha, Sequence):
            for number in alpha:
                check_alpha(number)
            _, height, width = images.shape
            each = torch.tensor(alpha, dtype=torch.float32)[:, None, None, None]
            strength: float | torch.Tensor = each.expand(-1, 1, height, width)
        else:
            check_alpha(alpha)
            strength = alpha
        conditioning = Conditioning(stacked(codes, self.device), strength)
        return paint(self.net, images, conditioning, StylizeOptions(strokes=strokes))

    def style(
        self, source: Style, size: int = STYLE_SIZE, crop: float = 1.0, quantiles: bool = False
    ) -> StyleCode:
        """Encode a style. The style code can be used many times, saved and blended.

        Args:
            source: a picture (as for `stylize`; tensors are (1, 3, H, W)), a `.style.safetensors` file,
                a folder of pictures (the mean of their codes, such as an artist's works), a style that
                the model has learned ("bank:lion"), or a blend: {"a.jpg": 0.7, "b.jpg": 0.3} or
                "a.jpg:0.7,b.jpg:0.3".
            size: short side in pixels at which a picture is encoded; smaller gives finer strokes.
            crop: the central part of each side that is used, above 0 to 1; less gives broader strokes.
            quantiles: whether to compute what refinement needs too, some 100 KB. Codes from files keep
                what they have.

        Raises:
            InputError: for a style that cannot be read, or that this model cannot paint.
        """
        return self.style_encoder.encode(source, size, crop, quantiles)

    def blend(
        self,
        styles: Mapping[Any, float] | Sequence[Style],
        weights: Sequence[float] | None = None,
        size: int = STYLE_SIZE,
        crop: float = 1.0,
        quantiles: bool = False,
    ) -> StyleCode:
        """Encode and blend several styles into one code: {"a.jpg": 0.7, "b.jpg": 0.3}, or a list and its
        weights, which are normalised to sum to 1. Other arguments and errors as for `style`."""
        return self.style_encoder.blend(styles, weights, size, crop, quantiles)

    def _encode_styles(
        self, style: Style | Sequence[Style] | None, content: ImageBuffer, options: StylizeOptions
    ) -> list[StyleCode]:
        """The codes of all regions, and of the style for the rest, if there is one."""
        regions = (options.region or {}).values()
        codes = [self._encode_one(each, None, content, options) for each in regions]
        if style is not None:
            codes.append(self._encode_one(style, options.weights, content, options))
        elif options.region is None:
            codes.append(self.style_encoder.empty_code())
        return codes

    def _encode_one(
        self,
        style: Style | Sequence[Style],
        weights: Sequence[float] | None,
        content: ImageBuffer,
        options: StylizeOptions,
    ) -> StyleCode:
        """The code of a style or a blend; recoloured first if preserve_color is histogram."""
        if isinstance(style, (list, tuple)):
            styles: list[Style] = list(style)
        else:
            styles = [cast(Style, style)]
        if options.preserve_color == "histogram":
            encoder = self.style_encoder
            styles = [color.encode_recolored(encoder, each, content, options) for each in styles]
        view = options.style_size, options.style_crop
        return self.blend(styles, weights, *view, quantiles=options.refine > 0)

    def _conditioning(
        self,
        codes: list[StyleCode],
        content: ImageBuffer,
        options: StylizeOptions,
        map_size: tuple[int, int] | None,
    ) -> tuple[list[StyleCode], Conditioning]:
        """Codes and maps on the network's device as a `Conditioning`; regions that the map does not
        contain are left out, also of the codes that are returned."""
        _, height, width = content.shape
        if (feather := options.feather) > (side := max(height, width)):
            raise InputError(f"feather is {feather}: more than the picture is long, {side} pixels")
        map_size = map_size or (width, height)
        maps = None
        if options.regions is not None:
            with_rest = len(codes) > len(options.region or {})
            maps = region_maps(options, with_rest, (height, width), map_size)
            used = maps.amax(dim=(0, 2, 3)) > 0
            codes = [code for code, is_used in zip(codes, used) if is_used]
            maps = maps[:, used] if len(codes) > 1 else None
        alpha = alpha_map(options, (height, width), map_size)
        return codes, Conditioning(stacked(codes, self.device), alpha, maps)

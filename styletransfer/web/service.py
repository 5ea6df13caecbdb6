"""What the studio does, without its page: one painter for all visitors, in any of the models."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast

import torch
from PIL import Image

from ..media.image import Picture, example_photo, open_map, read_picture, resize_short_side
from ..models.network import StylizerNet
from ..models.shipped import models
from ..options import StylizeOptions
from ..styles.code import StyleCode
from ..styles.encode import Style
from ..stylize.refine import Watch
from ..stylize.stylizer import Stylizer
from ..system.host import cores
from .sent_files import open_still
from .wish import Blend, Wish

PREVIEW = 512  # short side while one tries
SWATCH = 240  # short side of a photo in a learned style, which shows it
LOADED = 2  # models beside the first that are kept

Step = Callable[[float], None]
"""Called with the share of the work that is done; raises `JobStopped` if nobody wants it any more."""


class StudioService:
    """The models that there are, loaded when they are asked for; all of it is called from one thread.

    stylizer: of the model that the studio was opened with. device, precision: as it was asked for.
    """

    def __init__(self, stylizer: Stylizer, device: str = "auto", precision: str = "auto"):
        self.first, self.device, self.precision = stylizer, device, precision
        self.models = list(dict.fromkeys([str(stylizer.model), *models()]))
        self.loaded: OrderedDict[str, Stylizer] = OrderedDict()
        self.style = lru_cache(maxsize=256)(self._style)
        self.still = lru_cache(maxsize=1)(open_still)  # decoded once for many previews

    def stylizer(self, model: str) -> Stylizer:
        """The model of a name in `models`."""
        if model == self.models[0]:
            return self.first
        if model not in self.loaded:
            self.loaded[model] = Stylizer(model, self.device, self.precision)
            if len(self.loaded) > LOADED:
                self.loaded.popitem(last=False)
        self.loaded.move_to_end(model)
        return self.loaded[model]

    def paint(
        self,
        wish: Wish,
        photo: Picture,
        step: Step,
        short_side: int | None = None,
        watch: Watch | None = None,
    ) -> Image.Image:
        """A photo as it is wished. short_side: of a preview, which is not refined. watch: told of every
        step of refining."""
        options = wish.options
        if short_side is not None:
            photo, options = made_small(photo, options, short_side)
        refine = options.refine > 0  # of which the network's work is a twentieth
        first: Step = (lambda share: step(0.05 * share)) if refine else step
        stylizer = self.stylizer(wish.model)
        with watched(stylizer.net, first, len(wish.styles)) as progress:
            options, sources = self._encoded(wish, options)
            if not any(isinstance(source, str) for source in sources):
                progress.all_encoded()
            told: Step = (lambda share: step(0.05 + 0.94 * share)) if refine else progress.painted
            painted = stylizer.stylize(
                photo, sources or None, options=options, progress=told, watch=watch
            )
        return cast(Image.Image, painted)

    def frame(self, wish: Wish, frame: Picture) -> Image.Image:
        """A picture of the camera, as it is: none of the options that take their time."""
        stylizer = self.stylizer(wish.model)
        code = self.code(wish.model, wish.styles, wish.options)
        options = StylizeOptions(
            alpha=wish.options.alpha, strokes=wish.options.strokes,
            preserve_color="luminance" if wish.options.preserve_color == "luminance" else "none",
            color_strength=wish.options.color_strength,
        )  # fmt: skip
        with half_the_cores():
            return cast(Image.Image, stylizer.stylize(frame, code, options=options))

    def code(
        self, model: str, styles: Blend, options: StylizeOptions, quantiles: bool = False
    ) -> StyleCode:
        """The style code of a blend. quantiles: with what refining needs of it."""
        view = options.style_size, options.style_crop
        codes = [self.style(model, source, *view, quantiles) for source in styles]
        return self.stylizer(model).blend(codes, list(styles.values()))

    def swatch(self, model: str, style: str) -> Image.Image:
        """The example photo in a style that a model has learned."""
        photo = Picture(resize_short_side(read_picture(example_photo()).rgb, SWATCH))
        return cast(Image.Image, self.stylizer(model).stylize(photo, style))

    def _encoded(self, wish: Wish, options: StylizeOptions) -> tuple[StylizeOptions, list[Style]]:
        """The options, and the styles as codes: but for what has to see the styles' pictures."""
        if options.preserve_color == "histogram":
            return options, list(wish.styles)
        view = options.style_size, options.style_crop, options.refine > 0

        def encoded(source: Any) -> StyleCode:
            return self.style(wish.model, str(source), *view)

        if options.region:
            region = {
                color: self.stylizer(wish.model).blend([encoded(each) for each in cast(Blend, blend)])
                for color, blend in options.region.items()
            }
            options = replace(options, region=region)
        return options, [encoded(source) for source in wish.styles]

    def _style(self, model: str, source: str, size: int, crop: float, quantiles: bool) -> StyleCode:
        return self.stylizer(model).style(source, size, crop, quantiles)


@contextmanager
def half_the_cores() -> Iterator[None]:
    """While it lasts, this thread's network leaves the others to the browser, which has as much to do
    with a camera's pictures: where both want all of them, threads that share a picture mostly wait for
    each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, min(before, cores() // 2)))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def made_small(
    photo: Picture, options: StylizeOptions, short_side: int
) -> tuple[Picture, StylizeOptions]:
    """A photo and its options for a preview: smaller with all maps, not refined, with borders as soft as
    they will be."""
    wanted = options.size or min(photo.rgb.size)
    side = min(wanted, short_side, min(photo.rgb.size))
    alpha = photo.alpha and resize_short_side(photo.alpha, side)
    small = Picture(resize_short_side(photo.rgb, side), alpha)

    def fitted(map: Any, how: Image.Resampling) -> Image.Image | None:
        return None if map is None else open_map(map).resize(small.rgb.size, how)

    mask = fitted(options.mask, Image.Resampling.BILINEAR)
    regions = fitted(options.regions, Image.Resampling.NEAREST)
    feather = round(options.feather * side / wanted)
    return small, replace(options, size=None, mask=mask, regions=regions, feather=feather, refine=0)


class JobProgress:
    """How far a job has come: styles are encoded in its first fifth, then the photo is painted.

    step is told of the share that is done, below 1, which never falls. styles: how many there are.
    """

    def __init__(self, net: StylizerNet, step: Step, styles: int):
        self.step, self.said = step, 0.0
        convolutions = [m for m in net.modules() if hasattr(m, "kernel_size")]
        self.encoding = styles * sum(hasattr(m, "kernel_size") for m in net.encoder.modules())
        self.painting = len(convolutions)
        self.heard = 0  # convolutions of the styles; and since the last tile was done
        self.since = 0
        self.tiles, self.tile = 0.0, 1.0  # share of the tiles that are done, and of one of them

    def all_encoded(self) -> None:
        """The styles are known, some perhaps from before."""
        self.heard = self.encoding

    def painted(self, share: float) -> None:
        """So much has been painted, tile by tile."""
        self.tile, self.tiles, self.since = share - self.tiles, share, 0
        self._tell()

    def convolved(self, *_: object) -> None:
        """The network has gone through another convolution."""
        if self.heard < self.encoding:
            self.heard += 1
        else:
            self.since += 1
        self._tell()

    def _tell(self) -> None:
        first = self.heard / self.encoding if self.encoding else 1.0
        within = min(1.0, self.since / self.painting)
        share = 0.2 * first + 0.8 * min(1.0, self.tiles + self.tile * within)
        self.said = max(self.said, min(share, 0.99))  # all is done only when the picture is there
        self.step(self.said)


@contextmanager
def watched(net: StylizerNet, step: Step, styles: int) -> Iterator[JobProgress]:
    """While it lasts, `step` hears of every convolution of the network, and may raise to end it."""
    progress = JobProgress(net, step, styles)
    convolutions = [m for m in net.modules() if hasattr(m, "kernel_size")]
    hooks = [m.register_forward_hook(progress.convolved) for m in convolutions]
    try:
        yield progress
    finally:
        for hook in hooks:
            hook.remove()

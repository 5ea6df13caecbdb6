"""Refining: a painted picture made better by optimisation, for those who can wait.

The feed-forward result is where it starts, coarse to fine, so that a few steps suffice where a start
from noise takes hundreds. What is matched is the whole distribution of VGG features, not their moments:
sorted in one dimension along many directions (sliced Wasserstein, Heitz et al. 2021, arXiv 2006.07229,
eq. 4), at three distances; what is kept is how the photo's features vary over the picture.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from ..device import fast_dtype
from ..errors import InputError
from ..media.tensors import ImageSource, style_tensor
from ..models.statistics import Moments
from ..models.vgg import VGGEncoder
from ..models.weights import load_encoder
from ..options import StylizeOptions
from ..styles.code import StyleCode
from ..styles.code_file import SUFFIX
from ..styles.encode import Style
from ..styles.names import is_learned, parts_of
from .buffer import DiskImageBuffer, ImageBuffer
from .color import keeping_colors, recolored
from .paint import Progress
from .regions import alpha_map, region_maps
from .tiling import palette

STYLE_TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
CONTENT_TAPS = ("relu3_3", "relu4_1")
VIEWS = 3  # distances from which the style is compared, each twice the one before
STYLE_VIEWS = 5  # of a style: a large picture begins at what is farther away
DIRECTIONS, QUANTILES = 64, 128
CONTENT_WEIGHT = 0.8
RATE = 0.01  # of Adam, in the range of the picture being 1
COARSEST = 96  # pixels of the short side at which it begins, at least
LARGEST = 1_600_000  # pixels that are optimised; of a larger picture only its smaller copies
BANDS = 4  # of the Laplacian pyramid whose coefficients are optimised

Quantiles = list[dict[str, Tensor]]
"""For each view, by tap, the quantiles of features along each direction, (DIRECTIONS, QUANTILES)."""


class Refinement:
    """What a content is to be refined towards, made ready before it is painted; arguments as for
    `Stylizer.repaint`. Called with what was painted, it gives something better of the same kind.

    InputError for styles without a picture, and for content that is more than one picture in memory.
    """

    def __init__(
        self,
        style: Style | Sequence[Style] | None,
        content: ImageBuffer,
        options: StylizeOptions,
        map_size: tuple[int, int] | None,
        device: torch.device,
    ):
        count, height, width = content.shape
        if isinstance(content, DiskImageBuffer) or count > 1:
            raise InputError("refine takes one picture at a time, which fits into memory")
        self.content, self.options, self.device = content, options, device
        size = map_size or (width, height)
        colors = palette(content) if options.preserve_color == "histogram" else None
        styles: list[tuple[Any, Sequence[float] | None]] = [
            (each, None) for each in (options.region or {}).values()
        ]
        if style is not None:
            styles.append((style, options.weights))
        self.styles = [
            style_quantiles(each, options, device, weights, colors) for each, weights in styles
        ]
        self.mask = alpha_map(replace(options, alpha=1.0), (height, width), size)
        self.maps: Tensor | None = None
        if options.regions is not None:
            self.maps = region_maps(options, style is not None, (height, width), size)
        if isinstance(self.mask, Tensor):
            self.maps = self.mask if self.maps is None else self.maps * self.mask

    def __call__(self, painted: ImageBuffer, progress: Progress | None = None) -> ImageBuffer:
        """Better pixels of what was painted; progress is told of the share that is done."""
        everything = slice(0, painted.shape[1]), slice(0, painted.shape[2])
        start, content = (x.read(*everything).to(self.device) for x in (painted, self.content))
        maps = None if self.maps is None else self.maps.to(self.device)
        picture = refine(
            start, content, self.styles, maps, self.options, progress or (lambda share: None)
        )
        if isinstance(self.mask, Tensor):
            picture = start.lerp(picture, self.mask.to(self.device))
        if self.options.preserve_color == "luminance":
            picture = keeping_colors(self.options.color_strength)(content, picture)
        better = painted.blank()
        better.write(*everything, picture)
        return better


def refine(
    start: Tensor,
    content: Tensor,
    styles: Sequence[Quantiles],
    region_maps: Tensor | None,
    options: StylizeOptions,
    progress: Callable[[float], None] = lambda share: None,
) -> Tensor:
    """A better picture of the same size, float32 (1, 3, H, W) in [0, 1].

    start: what the network painted; content: the photo; both likewise. styles: one for each region of
    the maps (1, R, H, W), each of which counts by its area; one that counts everywhere needs none.
    options: `refine`, how many steps at the coarsest size (finer ones take fewer), alpha and strokes.
    Ctrl-C ends it with what has been reached, as does a loss that is no longer a number.
    """
    vgg = _encoder(start.device)
    sizes = _sizes(start.shape[2:])
    plan = {level: max(3, options.refine >> max(0, 2 * (2 - level))) for level in sizes}
    total = sum(steps * 0.25**level for level, steps in plan.items())
    done, picture = 0.0, start
    for level, steps in plan.items():
        small, photo = (_smaller(x, 0.5**level) for x in (picture, content))
        maps = None if region_maps is None else _smaller(region_maps, 0.5**level)

        def tick(step: int, level: int = level, before: float = done) -> None:
            progress((before + step * 0.25**level) / total)

        with torch.inference_mode(False), torch.enable_grad():
            photo = photo.clone()
            targets = _targets(vgg, photo, styles, level, options.alpha)
            loss = partial(_loss, vgg, _kept(vgg, photo), targets, maps, options.strokes)
            better, ended = _optimise(small.clone(), loss, steps, tick)
        change = F.interpolate(better - small, size=start.shape[2:], mode="bicubic")
        picture = (picture + change).clamp(0, 1) if level else better
        done += steps * 0.25**level
        if ended:
            break
    return picture


@torch.no_grad()
def style_quantiles(
    style: Style | Sequence[Style],
    options: StylizeOptions,
    device: torch.device,
    weights: Sequence[float] | None = None,
    colors: Moments | None = None,
) -> Quantiles:
    """What is matched of a style; of a blend the means of its parts' quantiles, as far as each counts.

    colors: the photo's, if the styles are to be given them first. InputError for a code or a learned
    style, which have no picture.
    """
    if isinstance(style, (list, tuple)):
        found = [style_quantiles(part, options, device, None, colors) for part in style]
        return mixed_quantiles(found, weights or [1.0] * len(found))
    if (parts := parts_of(cast(Style, style))) is not None:
        return style_quantiles(list(parts), options, device, list(parts.values()), colors)
    text = str(style) if isinstance(style, (str, os.PathLike)) else ""
    if isinstance(style, StyleCode) or text.endswith(SUFFIX) or is_learned(text):
        raise InputError("refining needs a style's picture: a code or a learned style has none")
    source = cast(ImageSource, style)
    if colors is None:
        picture = style_tensor(source, options.style_size, options.style_crop)
    else:
        picture = recolored(source, colors, options)
    vgg, views = _encoder(device), _views(picture.to(device, torch.float32), STYLE_VIEWS)
    return [{tap: _quantiles(x, tap) for tap, x in _features(vgg, view).items()} for view in views]


def mixed_quantiles(parts: Sequence[Quantiles], weights: Sequence[float]) -> Quantiles:
    """The weighted mean of distributions: in one dimension, that of their quantiles (the barycentre)."""
    total = sum(weights)
    return [
        {tap: sum((w / total) * view[tap] for w, view in zip(weights, views)) for tap in views[0]}
        for views in zip(*parts)
    ]


def _optimise(
    start: Tensor, loss_of: Callable[[Tensor], Tensor], steps: int, tick: Callable[[int], None]
) -> tuple[Tensor, bool]:
    """The picture after so many steps of Adam at its own size, and whether all is to end there."""
    bands = [band.requires_grad_(True) for band in _bands(start)]
    adam = torch.optim.Adam(bands, lr=RATE, betas=(0.9, 0.99))
    cooling = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - 0.9 * step / steps)
    best = start
    for step in range(steps):
        try:
            picture = _joined(bands)
            loss = loss_of(picture)
            if not math.isfinite(loss.item()):
                return best, True
            best = picture.detach().clamp(0, 1)
            adam.zero_grad()
            loss.backward()
            adam.step()
            cooling.step()
            tick(step + 1)
        except KeyboardInterrupt:
            return best, True
    return _joined(bands).detach().clamp(0, 1), False


def _kept(vgg: VGGEncoder, content: Tensor) -> dict[str, Tensor]:
    """The photo's features that say what is where."""
    with torch.no_grad():
        return _features(vgg, content, CONTENT_TAPS)


def _loss(
    vgg: VGGEncoder,
    kept: Mapping[str, Tensor],
    targets: Sequence[Quantiles],
    region_maps: Tensor | None,
    strokes: float,
    picture: Tensor,
) -> Tensor:
    """How far a picture is from the styles' distributions, and from the photo's structure."""
    loss = 10 * (picture - picture.clamp(0, 1)).square().mean()
    features = _features(vgg, picture, (*STYLE_TAPS, *CONTENT_TAPS))
    for tap, x in kept.items():
        loss = loss + CONTENT_WEIGHT * _decorrelation(features[tap], x) / len(kept)
    views = list(_views(_smaller(picture, 1 / strokes), len(targets[0])))
    for number, view in enumerate(views):
        seen = features if view is picture else _features(vgg, view)  # the costliest of all, once
        for region, style in enumerate(targets):
            area = 1.0 if region_maps is None else region_maps[:, region].mean().item()
            for tap in STYLE_TAPS:
                x = seen[tap]
                where = None if region_maps is None else _positions(region_maps[:, region], x)
                if where is not None and not where.any():
                    continue
                wanted = style[number][tap]
                distance = (_quantiles(x, tap, where) - wanted).abs().mean() / wanted.abs().mean()
                loss = loss + area * distance / len(views)
    return loss


def _targets(
    vgg: VGGEncoder, content: Tensor, styles: Sequence[Quantiles], level: int, alpha: float
) -> list[Quantiles]:
    """The styles' quantiles for each view of a picture that was halved `level` times; for α other than 1
    on the line from the photo's own to them."""
    seen = range(level, max(level + 1, VIEWS))
    targets = [[style[min(n, len(style) - 1)] for n in seen] for style in styles]
    if alpha == 1:
        return targets
    with torch.no_grad():
        photo = [
            {tap: _quantiles(x, tap) for tap, x in _features(vgg, view).items()}
            for view in _views(content, len(seen))
        ]
    return [
        [{t: p[t].lerp(q[t], alpha) for t in q} for p, q in zip(photo, target)] for target in targets
    ]


def _decorrelation(a: Tensor, b: Tensor) -> Tensor:
    """One less the correlation over space of each channel, the mean of all: 0 alike, 1 unrelated. Colour
    and contrast, which are the style's, do not count."""
    a, b = (x.float() - x.float().mean(dim=(2, 3), keepdim=True) for x in (a, b))
    return (1 - F.cosine_similarity(a.flatten(2), b.flatten(2), dim=2)).mean()


def _quantiles(x: Tensor, tap: str, where: Tensor | None = None) -> Tensor:
    """Quantiles of features (1, C, H, W) along each direction, at all positions or at some (H · W)."""
    flat = x[0].flatten(1).float()
    flat = flat if where is None else flat[:, where]
    directions = _directions(tap, flat.shape[0]).to(flat.device)
    with torch.autocast(flat.device.type, enabled=False):
        ordered = (directions @ flat).sort(dim=1).values[None]
    mode = "area" if ordered.shape[2] >= QUANTILES else "linear"
    return F.interpolate(ordered, size=QUANTILES, mode=mode)[0]


@lru_cache(8)
def _directions(tap: str, channels: int) -> Tensor:
    with torch.inference_mode(False):
        generator = torch.Generator().manual_seed(STYLE_TAPS.index(tap))
        return F.normalize(torch.randn(DIRECTIONS, channels, generator=generator), dim=1)


@lru_cache(2)
def _encoder(device: torch.device) -> VGGEncoder:
    with torch.inference_mode(False):
        return load_encoder().to(device).to(memory_format=torch.channels_last)


def _features(vgg: VGGEncoder, picture: Tensor, taps: Sequence[str] = STYLE_TAPS) -> dict[str, Tensor]:
    half = fast_dtype(picture.device)
    with torch.autocast(picture.device.type, half, enabled=half != torch.float32):
        found: dict[str, Tensor] = vgg(picture.contiguous(memory_format=torch.channels_last), taps)
    return found


def _views(picture: Tensor, count: int) -> Iterator[Tensor]:
    """A picture as it is seen from so many distances, as long as there is something to be seen."""
    for number in range(count):
        if number:
            picture = _smaller(picture, 0.5)
        if min(picture.shape[2:]) < 32:
            return
        yield picture


def _smaller(x: Tensor, share: float) -> Tensor:
    if share == 1:
        return x
    size = [max(1, round(side * share)) for side in x.shape[2:]]
    return F.interpolate(x, size=size, mode="bilinear", antialias=True)


def _positions(region: Tensor, x: Tensor) -> Tensor:
    """Which positions of features are more of this region (1, H, W) than of others, (H · W)."""
    return F.interpolate(region[None], size=x.shape[2:], mode="area").flatten() > 0.5


def _sizes(shape: Sequence[int]) -> list[int]:
    """How many times a picture is halved, the most first: from `COARSEST` on, to itself if that is not
    too large."""
    deepest = max(0, min(4, int(math.log2(max(1.0, min(shape) / COARSEST)))))
    finest = max(0, math.ceil(math.log(shape[0] * shape[1] / LARGEST, 4)))
    return list(range(max(deepest, finest), finest - 1, -1))


def _bands(picture: Tensor) -> list[Tensor]:
    """The Laplacian pyramid: what each size has and the one below has not, and the smallest."""
    found = []
    for _ in range(BANDS):
        if min(picture.shape[2:]) < 16:
            break
        below = F.avg_pool2d(picture, 2, ceil_mode=True)
        found.append(picture - F.interpolate(below, size=picture.shape[2:], mode="bilinear"))
        picture = below
    return [*found, picture]


def _joined(bands: Sequence[Tensor]) -> Tensor:
    *finer, picture = bands
    for band in reversed(finer):
        picture = F.interpolate(picture, size=band.shape[2:], mode="bilinear") + band
    return picture

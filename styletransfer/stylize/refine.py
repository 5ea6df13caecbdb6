"""Refining: a painted picture made better by optimisation, for those who can wait.

The feed-forward result is where it starts, coarse to fine, so that a few steps suffice where a start
from noise takes hundreds. What is matched is the style's whole distribution of VGG features at three
distances (`styles.quantiles`), not its moments; what is kept is how the photo's features vary over the
picture.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import InputError
from ..models.vgg import VGGEncoder
from ..options import StylizeOptions
from ..styles.code import StyleCode
from ..styles.quantiles import (
    TAPS,
    Quantiles,
    feature_quantiles,
    smaller,
    vgg_encoder,
    vgg_features,
    views,
)
from .buffer import ImageBuffer
from .color import keeping_colors
from .levels import Conditioning
from .tiling import thumbnail

CONTENT_TAPS = ("relu3_3", "relu4_1")
VIEWS = 3  # distances from which the style is compared, each twice the one before
CONTENT_WEIGHT = 0.4
RATE = 0.006  # of Adam, in the range of the picture being 1
FEWER, LEAST = 0.5, 3  # steps: this share of them at each finer size, and so many at the least
COARSEST = 96  # pixels of the short side at which it begins, at least
LARGEST = 1_600_000  # pixels that are optimised: of a larger picture a smaller copy
BANDS = 4  # of the Laplacian pyramid whose coefficients are optimised
ROWS = 512  # of a picture that are changed at a time


class StopRefining(Exception):
    """Raised by who watches: what has been reached is to be kept."""


class RefineStep(NamedTuple):
    """How far refining is. done: the share of all its work. style, content: the losses, of the picture
    before this step. picture: after it, float32 (1, 3, H, W) in [0, 1], of what is optimised in the end.
    size: width and height at which this step was taken."""

    done: float
    style: float
    content: float
    picture: Tensor
    size: tuple[int, int]


Watch = Callable[[RefineStep], None]


class Losses(NamedTuple):
    """Scalars; range: how far the picture is beyond [0, 1]."""

    style: Tensor
    content: Tensor
    range: Tensor


def refined(
    painted: ImageBuffer,
    content: ImageBuffer,
    codes: Sequence[StyleCode],
    conditioning: Conditioning,
    options: StylizeOptions,
    device: torch.device,
    watch: Watch | None = None,
) -> ImageBuffer:
    """Something better than what was painted, of the same kind; arguments as for `Stylizer.repaint`.

    codes: of the regions of the conditioning, or one, as `check_refinable` wants them. Of a picture of
    more than `LARGEST` pixels a smaller copy is optimised, and what changes enlarged.
    """
    _, height, width = content.shape
    halvings = max(0, math.ceil(math.log(height * width / LARGEST, 4)))
    start, photo = (
        thumbnail(x, min(height, width) >> halvings).pixels.to(device) for x in (painted, content)
    )
    conditioning = conditioning.window(slice(0, height), slice(0, width), device)
    mask = None
    if isinstance(conditioning.alpha, Tensor):
        mask = conditioning.alpha / options.alpha
    maps = conditioning.region_maps
    if mask is not None:
        maps = mask if maps is None else maps * mask
    if maps is not None:
        maps = F.interpolate(maps, size=start.shape[2:], mode="area")
    styles = [code.quantiles for code in codes]
    better = refine(start, photo, styles, maps, options, watch, halvings)
    return _changed(painted, content, better - start, mask, options)


def check_refinable(codes: Sequence[StyleCode], content: ImageBuffer) -> None:
    """InputError for codes without quantiles, and for several pictures at once."""
    if content.shape[0] > 1:
        raise InputError("refine takes one picture at a time")
    if not all(code.quantiles for code in codes):
        raise InputError(
            "refining needs a style's quantiles, which learned styles and older codes have not: "
            "stylize style save makes codes that have them"
        )


def _changed(
    painted: ImageBuffer,
    content: ImageBuffer,
    change: Tensor,
    mask: Tensor | None,
    options: StylizeOptions,
) -> ImageBuffer:
    """What was painted and the change, which is enlarged to its size, some rows at a time."""
    _, height, width = painted.shape
    better, device = painted.blank(), change.device
    columns = (torch.arange(width, device=device) * 2 + 1) / width - 1
    for top in range(0, height, ROWS):
        rows = slice(top, min(top + ROWS, height))
        down = (torch.arange(rows.start, rows.stop, device=device) * 2 + 1) / height - 1
        grid = torch.stack(torch.meshgrid(columns, down, indexing="xy"), dim=2)[None]
        more = F.grid_sample(change, grid, "bicubic", "border", align_corners=False)
        photo, part = (x.read(rows, slice(0, width)).to(device) for x in (content, painted))
        part = (part + (more if mask is None else more * mask[:, :, rows])).clamp(0, 1)
        if options.preserve_color == "luminance":
            part = keeping_colors(options.color_strength)(photo, part)
        better.write(rows, slice(0, width), part)
    return better


def refine(
    start: Tensor,
    content: Tensor,
    styles: Sequence[Quantiles],
    region_maps: Tensor | None,
    options: StylizeOptions,
    watch: Watch | None = None,
    halvings: int = 0,
) -> Tensor:
    """A better picture of the same size, float32 (1, 3, H, W) in [0, 1].

    start: what the network painted; content: the photo; both likewise. styles: one for each region of
    the maps (1, R, H, W), each of which counts by its area; one that counts everywhere needs none.
    options: `refine`, how many steps at the coarsest size (finer ones take fewer), alpha and strokes.
    halvings: how often these pictures were halved before. `StopRefining` ends it with what has been
    reached, and so does a loss that is no longer a number. Nothing is random.
    """
    vgg, shape = vgg_encoder(start.device), start.shape[2:]
    levels = range(_deepest(shape), -1, -1)
    plan = {level: max(LEAST, round(options.refine * FEWER**n)) for n, level in enumerate(levels)}
    total = sum(steps * 0.25**level for level, steps in plan.items())
    done, picture = 0.0, start
    try:
        for level, steps in plan.items():
            begun, small = picture, smaller(picture, 0.5**level)
            photo = smaller(content, 0.5**level)
            maps = None if region_maps is None else smaller(region_maps, 0.5**level)
            targets = _targets(vgg, photo, styles, halvings + level, options.alpha)
            losses = partial(_losses, vgg, _kept(vgg, photo), targets, maps, options.strokes)
            descent, size = _Descent(small, steps), (small.shape[3], small.shape[2])
            for _ in range(steps):
                better, (style, kept) = descent.step(losses)
                done += 0.25**level
                change = F.interpolate(better - small, size=shape, mode="bicubic") if level else 0
                picture = (begun + change).clamp(0, 1) if level else better
                if watch:
                    watch(RefineStep(done / total, style, kept, picture, size))
    except StopRefining:
        pass
    return picture


class _Descent:
    """Adam over a picture's Laplacian pyramid. start: (1, 3, H, W)."""

    @torch.inference_mode(False)
    def __init__(self, start: Tensor, steps: int):
        self.bands = [band.requires_grad_(True) for band in _bands(start.clone())]
        self.adam = torch.optim.Adam(self.bands, lr=RATE, betas=(0.9, 0.99))
        self.cooling = torch.optim.lr_scheduler.LambdaLR(self.adam, lambda step: 1 - 0.9 * step / steps)

    @torch.inference_mode(False)
    @torch.enable_grad()
    def step(self, losses_of: Callable[[Tensor], Losses]) -> tuple[Tensor, tuple[float, float]]:
        """The picture after one more step, and the losses of style and content before it."""
        losses = losses_of(_joined(self.bands))
        self.adam.zero_grad()
        (losses.style + CONTENT_WEIGHT * losses.content + 10 * losses.range).backward()
        self.adam.step()
        self.cooling.step()
        picture = _joined(self.bands).detach().clamp(0, 1)
        values = losses.style.item(), losses.content.item()
        if not all(map(math.isfinite, values)) or not picture.isfinite().all():
            raise StopRefining
        return picture, values


def _kept(vgg: VGGEncoder, content: Tensor) -> dict[str, Tensor]:
    """The photo's features that say what is where."""
    with torch.inference_mode(False), torch.no_grad():
        return vgg_features(vgg, content.clone(), CONTENT_TAPS)


def _losses(
    vgg: VGGEncoder,
    kept: Mapping[str, Tensor],
    targets: Sequence[Quantiles],
    region_maps: Tensor | None,
    strokes: float,
    picture: Tensor,
) -> Losses:
    """How far a picture is from the styles' distributions, and from the photo's structure."""
    features = vgg_features(vgg, picture, (*TAPS, *CONTENT_TAPS))
    content = torch.stack([_decorrelation(features[tap], x) for tap, x in kept.items()]).mean()
    style = picture.new_zeros(())
    seen = list(views(smaller(picture, 1 / strokes), len(targets[0])))
    for number, view in enumerate(seen):
        found = features if view is picture else vgg_features(vgg, view)  # the costliest of all, once
        for region, target in enumerate(targets):
            area = 1.0 if region_maps is None else region_maps[:, region].mean().item()
            for tap in TAPS:
                where = None if region_maps is None else _positions(region_maps[:, region], found[tap])
                if where is not None and not where.any():
                    continue
                wanted = target[number][tap]
                distance = (feature_quantiles(found[tap], tap, where) - wanted).abs().mean()
                style = style + area * distance / wanted.abs().mean() / len(seen)
    return Losses(style, content, (picture - picture.clamp(0, 1)).square().mean())


@torch.no_grad()
def _targets(
    vgg: VGGEncoder, content: Tensor, styles: Sequence[Quantiles], level: int, alpha: float
) -> list[Quantiles]:
    """The styles' quantiles for each view of a picture that was halved `level` times; for α other than 1
    on the line from the photo's own to them."""
    distances = range(level, max(level + 1, VIEWS))

    def target(style: Quantiles) -> Quantiles:
        nearest = (style[min(n, len(style) - 1)] for n in distances)
        return tuple({tap: q.to(content.device).clone() for tap, q in view.items()} for view in nearest)

    with torch.inference_mode(False):
        targets = [target(style) for style in styles]
        if alpha == 1:
            return targets
        photo = [
            {tap: feature_quantiles(x, tap) for tap, x in vgg_features(vgg, view).items()}
            for view in views(content.clone(), len(distances))
        ]
        return [
            tuple({t: p[t].lerp(q[t], alpha) for t in q} for p, q in zip(photo, target))
            for target in targets
        ]


def _decorrelation(a: Tensor, b: Tensor) -> Tensor:
    """One less the correlation over space of each channel, the mean of all: 0 alike, 1 unrelated. Colour
    and contrast, which are the style's, do not count."""
    a, b = (x.float() - x.float().mean(dim=(2, 3), keepdim=True) for x in (a, b))
    return (1 - F.cosine_similarity(a.flatten(2), b.flatten(2), dim=2)).mean()


def _positions(region: Tensor, x: Tensor) -> Tensor:
    """Which positions of features are more of this region (1, H, W) than of others, (H · W)."""
    return F.interpolate(region[None], size=x.shape[2:], mode="area").flatten() > 0.5


def _deepest(shape: Sequence[int]) -> int:
    """How many times a picture is halved before it is begun with."""
    return max(0, min(4, int(math.log2(max(1.0, min(shape) / COARSEST)))))


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

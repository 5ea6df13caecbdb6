"""Refining: a painted picture made better by optimisation, for those who can wait.

The feed-forward result is where it starts, coarse to fine, so that a few steps suffice where a start
from noise takes hundreds. What is matched is the style's whole distribution of VGG features at three
distances (`styles.quantiles`); what is kept is how the photo's features vary over the
picture.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import InputError
from ..options import StylizeOptions
from ..styles.code import StyleCode
from ..styles.quantiles import Quantiles, smaller, vgg_encoder
from .buffer import ImageBuffer
from .color import keeping_colors
from .levels import Conditioning
from .refine_loss import Losses, RefineLoss
from .tiling import thumbnail

CONTENT_WEIGHT, RANGE_WEIGHT = 0.8, 10.0
RATE = 0.006  # of Adam, in the range of the picture being 1
WARM = 4  # steps until it has that rate: the first ones of Adam go as far for noise as for anything
FEWER, LEAST = 0.5, 3  # steps: this share of them at each finer size, and so many at the least
COARSEST = 96  # pixels of the short side at which it begins, at least
HALVINGS = 4  # from the picture to where it begins, at most
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


def refine(
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
    more than `LARGEST` pixels (of which finer strokes make more) a smaller copy is optimised, and the
    change enlarged.
    """
    _, height, width = content.shape
    seen = height * width / min(1, options.strokes) ** 2
    halvings = max(0, math.ceil(math.log(seen / LARGEST, 4)))
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
    better = optimize(start, photo, styles, maps, options, watch, halvings)
    return _with_change(painted, content, better - start, mask, options)


def check_refinable(codes: Sequence[StyleCode], content: ImageBuffer) -> None:
    """InputError for codes without quantiles, and for several pictures at once."""
    if content.shape[0] > 1:
        raise InputError("refine takes one picture at a time")
    if not all(code.quantiles for code in codes):
        raise InputError(
            "refining needs a style's quantiles, which learned styles and older codes have not: "
            "stylize style save makes codes that have them"
        )


def optimize(
    start: Tensor,
    content: Tensor,
    styles: Sequence[Quantiles],
    region_maps: Tensor | None,
    options: StylizeOptions,
    watch: Watch | None = None,
    halvings: int = 0,
) -> Tensor:
    """A better picture of the same size, float32 (1, 3, H, W) in [0, 1], the same each time.

    start: what the network painted; content: the photo; both likewise. styles: one for each region of
    the maps (1, R, H, W), each of which counts by its area; one that counts everywhere needs none.
    options: `refine`, how many steps at the coarsest size (finer ones take fewer), alpha and strokes.
    halvings: how often these pictures were halved before. `StopRefining` ends it with what has been
    reached, and so does a loss that is no longer a number.
    """
    vgg, shape = vgg_encoder(start.device), start.shape[2:]
    generator = torch.Generator().manual_seed(0)
    levels = range(_deepest(shape, options.strokes), -1, -1)
    plan = {level: max(LEAST, round(options.refine * FEWER**n)) for n, level in enumerate(levels)}
    total = sum(steps * 0.25**level for level, steps in plan.items())
    done, picture = 0.0, start
    try:
        for level, steps in plan.items():
            begun, small, photo = picture, *(smaller(x, 0.5**level) for x in (picture, content))
            maps = None if region_maps is None else smaller(region_maps, 0.5**level)
            look = halvings + level, options.alpha, options.strokes
            loss = RefineLoss(vgg, photo, styles, maps, *look, generator)
            descent, size = _Descent(small, steps), (small.shape[3], small.shape[2])
            for _ in range(steps):
                better, (style, kept) = descent.step(loss)
                done += 0.25**level
                change = F.interpolate(better - small, size=shape, mode="bicubic") if level else 0
                picture = (begun + change).clamp(0, 1) if level else better
                if watch:
                    watch(RefineStep(done / total, style, kept, picture, size))
    except StopRefining:
        pass
    return picture


class _Descent:
    """Adam over a picture's Laplacian pyramid, as NNST does (Kolkin et al. 2022, arXiv 2203.13215).
    start: (1, 3, H, W)."""

    @torch.inference_mode(False)
    def __init__(self, start: Tensor, steps: int):
        self.bands = [band.requires_grad_(True) for band in laplacian_bands(start.clone())]
        self.adam = torch.optim.Adam(self.bands, lr=RATE, betas=(0.9, 0.99))

        def share(step: int) -> float:
            return min(1, (step + 1) / WARM) * (1 - 0.9 * step / steps)

        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.adam, share)

    @torch.inference_mode(False)
    @torch.enable_grad()
    def step(self, loss: Callable[[Tensor], Losses]) -> tuple[Tensor, tuple[float, float]]:
        """The picture after one more step, and the losses of style and content before it."""
        losses = loss(joined(self.bands))
        self.adam.zero_grad()
        (losses.style + CONTENT_WEIGHT * losses.content + RANGE_WEIGHT * losses.range).backward()
        self.adam.step()
        self.schedule.step()
        picture = joined(self.bands).detach().clamp(0, 1)
        values = losses.style.item(), losses.content.item()
        if not all(map(math.isfinite, values)) or not picture.isfinite().all():
            raise StopRefining
        return picture, values


def laplacian_bands(picture: Tensor) -> list[Tensor]:
    """What each of `BANDS` sizes of a picture (1, 3, H, W) has and the half of it has not, the finest
    first, and what is left (Burt & Adelson 1983); fewer of a picture of a few pixels."""
    found = []
    for _ in range(BANDS):
        if min(picture.shape[2:]) < 16:
            break
        below = F.avg_pool2d(picture, 2, ceil_mode=True)
        found.append(picture - F.interpolate(below, size=picture.shape[2:], mode="bilinear"))
        picture = below
    return [*found, picture]


def joined(bands: Sequence[Tensor]) -> Tensor:
    """The picture that has these `laplacian_bands`."""
    *finer, picture = bands
    for band in reversed(finer):
        picture = F.interpolate(picture, size=band.shape[2:], mode="bilinear") + band
    return picture


def _deepest(shape: Sequence[int], strokes: float) -> int:
    """How many times a picture is halved before it is begun with; fewer times for broad strokes, which
    make it smaller once more."""
    least = COARSEST * max(1, strokes)
    return max(0, min(HALVINGS, int(math.log2(max(1.0, min(shape) / least)))))


def _with_change(
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

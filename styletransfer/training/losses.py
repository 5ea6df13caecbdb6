"""What the stylizer is trained for. All distances are per sample; smaller is better."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..evaluation.metrics import ssim
from ..models.bottlenecks.adain import adain
from ..models.draft import Grain
from ..models.network import StylizerNet
from ..models.slim import resized
from ..models.statistics import EPS, Statistics, regional_statistics, statistics
from ..models.vgg import STYLE_TAPS, VGGEncoder
from .recipe import Recipe

CONTENT_TAPS = ("relu3_3", "relu4_1")
LOSS_TAPS = (*STYLE_TAPS, "relu3_3")
STROKE_TAPS = ("relu2_1", "relu3_1", "relu4_1")
PROJECTIONS, POSITIONS = 64, 2048  # of features, drawn anew in each step

Spread = Mapping[str, Statistics]
"""Variance over styles of every channel's mean and of its standard deviation, (C,) each."""

# A photo that already looks like its style would make a relative distance explode, so the photo's
# own distance counts as at least a quarter of the usual. Constants, not a batch's mean: the loss of
# a batch must be the mean over its samples for several processes to share it.
STYLE_FLOOR = 4.0  # two independent styles are 2 apart for mean and deviation of each of 4 taps: 16
GRAM_FLOOR = 0.5
COLOR_FLOOR = 0.01
STROKES_FLOOR = 0.5


def style_distance(a: Mapping[str, Statistics], b: Mapping[str, Statistics], spread: Spread | None):
    """Σ over taps of the mean over channels of squared differences of μ and σ; (N,) float32.

    Each channel is measured in units of its own variance over styles, as the style metric does:
    otherwise a few strong channels are all that is matched. spread None: as published, without.
    """
    total = 0.0
    for tap in STYLE_TAPS:
        for i, (x, y) in enumerate(zip(a[tap], b[tap])):
            square = (x - y).square()
            total = total + (square if spread is None else square / spread[tap][i]).mean(dim=1)
    return total


def gram(x: Tensor) -> Tensor:
    """Gram matrix of features (N, C, H, W) per position, (N, C, C) float32 (Gatys 2015, eq. 3)."""
    flat = x.flatten(2)
    return (flat @ flat.transpose(1, 2)).float() / flat.shape[2]


def gram_distance(
    a: Mapping[str, Tensor], b: Mapping[str, Tensor], units: Mapping[str, Tensor] = {}
) -> Tensor:
    """Σ over taps of |a − b|² / |b|² for Gram matrices a and b (the style's); (N,) float32.

    units: `Encoder.units`, if channels are to count as in the network that was released, as they do in
    the gram metric: there the strong ones count for more.
    """
    total = 0.0
    for tap in STYLE_TAPS:
        x, y = a[tap], b[tap]
        if tap in units:
            unit = units[tap].to(x.device)
            x, y = (z * unit * unit[:, None] for z in (x, y))
        total = total + (x - y).square().sum(dim=(1, 2)) / y.square().sum(dim=(1, 2))
    return total


def color_distance(a: Statistics, b: Statistics) -> Tensor:
    """Mean over R, G and B of squared differences of μ and σ of the pixels; (N,) float32."""
    return sum((x - y).square().mean(dim=1) for x, y in zip(a, b))


def content_distance(
    a: Mapping[str, Tensor], b: Mapping[str, Tensor], taps: Sequence[str] = CONTENT_TAPS
) -> Tensor:
    """½ · mean (IN(a) − IN(b))² over the taps; (N,) float32, 0 alike … 1 unrelated.

    Instance-normalised features do not see colour and contrast, which belong to the style.
    Written out, it is one minus the correlation, which needs no normalised copies.
    """
    distances = []
    for tap in taps:
        x, y = statistics(a[tap]), statistics(b[tap])
        covariance = (a[tap].float() * b[tap].float()).mean(dim=(2, 3)) - x.mean * y.mean
        own = 1 - 0.5 * EPS * (x.std**-2 + y.std**-2)  # below one where a channel is constant
        distances.append((own - covariance / (x.std * y.std)).mean(dim=1))
    return torch.stack(distances).mean(dim=0)


def structure_distance(a: Tensor, b: Tensor) -> Tensor:
    """1 − SSIM of the luminance of pictures (N, 3, H, W) about [0, 1]; (N,) float32."""
    with torch.autocast(a.device.type, enabled=False):  # half precision has no room for variances
        return 1 - ssim(a.float(), b.float())


def weave_distance(x: Tensor, stride: int) -> Tensor:
    """How far what repeats every `stride` pixels is from nothing, as a network's own grid does: the mean
    square of how the means of the stride × stride phases differ from the mean of all, in hundredths of
    the range; (N,) float32. x: pictures (N, 3, H, W) about [0, 1], H and W multiples of stride.
    """
    phases = x.float().unflatten(3, (-1, stride)).unflatten(2, (-1, stride)).mean(dim=(2, 4))
    return (100 * (phases - phases.mean(dim=(2, 3), keepdim=True))).square().mean(dim=(1, 2, 3))


def seen_at(x: Tensor, share: float) -> Tensor:
    """Pictures (N, 3, H, W) at a share of their size, as a viewer who stands back sees them."""
    if share == 1:
        return x
    small = F.interpolate(x.float(), scale_factor=share, mode="bilinear", antialias=True)
    return small.contiguous(memory_format=torch.channels_last)


def balanced(distance: Tensor, reference: Tensor, floor: float) -> Tensor:
    """d(output, style) / d(content, style), (N,): each pair counts alike, however far apart.

    (The idea of the style-aware balanced loss, arXiv 2104.10064.)
    """
    return distance / reference.clamp(min=floor)


def sliced_distance(
    a: Mapping[str, Tensor], b: Mapping[str, Tensor], units: Mapping[str, Tensor], seed: int
) -> Tensor:
    """Σ over taps of mean |sorted projections of a − of b| over mean |those of b|; (N,) float32.

    The sliced 1-Wasserstein distance between the distributions of features a and b (the style's), (N, C,
    H, W) of one size each, over random directions drawn anew for each seed (Heitz et al. 2021, arXiv
    2006.07229, eq. 4). Sorted in one dimension, two distributions are matched as well as can be; Gram
    matrices see no more of them than products. units: as for `gram_distance`.
    """
    generator = torch.Generator().manual_seed(seed)
    total = 0.0
    for tap in STROKE_TAPS:
        channels, count = a[tap].shape[1], a[tap].shape[2] * a[tap].shape[3]
        directions = F.normalize(torch.randn(PROJECTIONS, channels, generator=generator), dim=1)
        directions = directions.to(a[tap].device) * units.get(tap, torch.ones(1)).to(a[tap].device)
        seen = torch.randperm(count, generator=generator)[:POSITIONS].to(a[tap].device)
        with torch.autocast(a[tap].device.type, enabled=False):
            x, y = (directions @ f.flatten(2)[:, :, seen].float() for f in (a[tap], b[tap]))
            x, y = x.sort(dim=2).values, y.sort(dim=2).values
            total = total + (x - y).abs().mean(dim=(1, 2)) / y.abs().mean(dim=(1, 2))
    return total


@dataclass
class ViewFeatures:
    """What VGG sees of a batch from one distance: features by tap.

    photo, painting: of the B crops of each; output: of the N pictures made of them.
    """

    photo: dict[str, Tensor]
    painting: dict[str, Tensor]
    output: dict[str, Tensor]


def stylization_losses(
    net: StylizerNet,
    vgg: VGGEncoder,
    painter: nn.Module,
    recipe: Recipe,
    photos: Tensor,
    paintings: Tensor,
    spread: Spread,
    shares: Tensor | None = None,
    seen: Tensor | None = None,
    which: Tensor | None = None,
    seed: int = 0,
) -> dict[str, Tensor]:
    """The losses of one batch by name, each a scalar with a weight NAME_weight in the recipe.

    photos, paintings: (B, 3, H, W) in [0, 1]; each photo is painted in the recipe's number of styles
    of the batch, its own and those after it: N = B · pairings pictures. vgg: what all is measured on;
    net's own encoder, unless that is trained itself. painter: gives the picture and the features it
    was made of (`trainer.Painter`). shares: (N, 2, H, W), where each sample is to take its own style
    and where the next sample's; every region then has its own style losses, which count by its area.
    seen: the photos as the network is given them, if it is to paint them as if they were others.
    which: the paintings' numbers, (B,), for a network that learns each by its number. seed: of what is
    drawn to compare by, and of where in the grain a draft is.
    """
    times = recipe.pairings
    originals, models = seen_at(photos, recipe.viewed), seen_at(paintings, recipe.viewed)
    photo, painting = _targets(vgg, originals, models)
    known = net.encoder is vgg and recipe.viewed == 1  # what the network sees is what is measured
    code = None  # the painter encodes the paintings itself
    if known and which is None:
        joint = {tap: statistics(painting[tap], True) for tap in net.config.joint if tap in painting}
        wanted = {tap: statistics(painting[tap]) for tap in STYLE_TAPS}
        code = net.palette(paintings) | wanted | joint
        if shares is not None:  # rows of (N, 2, C): the sample's own style and the next one's
            code = {tap: Statistics(*(_with_next(part) for part in code[tap])) for tap in code}
    corner = np.random.default_rng(seed).integers(Grain.PERIOD, size=2).tolist()
    painted, aim = painter(
        photos if seen is None else seen, paintings, code, times, shares, which, corner
    )
    picture = seen_at(painted, recipe.viewed)
    near = ViewFeatures(photo, painting, vgg(picture, LOSS_TAPS))
    goal = aim["relu4_1"].detach() if known and net.bottleneck.gives_content_target else None
    losses = content_losses(near, recipe, goal)
    if recipe.structure_weight:
        losses["structure"] = structure_distance(picture, again(originals, times)).mean()
    if recipe.weave_weight:  # at the size at which the network paints, where its grid is
        inside = resized(painted, *net.config.scale)
        losses["weave"] = weave_distance(inside, net.encoder.stride).mean()
        if net.config.drafts:  # and where the grid of its drafts would be seen
            coarse = net.encoder.stride * 2**net.config.drafts
            losses["weave"] = losses["weave"] + weave_distance(painted, coarse).mean()
    views = [near, *_farther(vgg, recipe.views - 1, originals, models, picture)]
    for i, view in enumerate(views):
        for name, loss in style_losses(view, vgg, recipe, spread, shares, seed + i).items():
            losses[name] = losses.get(name, 0.0) + loss / len(views)
    if recipe.color_weight:
        tones, compare = statistics(models), _comparison(recipe, len(photos), shares)
        losses["color"] = compare(
            color_distance, lambda x: _measured(x, shares), tones, picture, originals, COLOR_FLOOR
        )
    return losses


def content_losses(view: ViewFeatures, recipe: Recipe, goal: Tensor | None) -> dict[str, Tensor]:
    """How far the pictures are from the photos. goal: of their relu4_1, if the recipe asks for AdaIN's
    output, as published, and it is known."""
    times, losses = recipe.pairings, {}
    if recipe.content_loss == "target":
        if goal is None:
            style = _mapped(statistics(view.painting["relu4_1"]), lambda x: paired(x, times))
            goal = adain(again(view.photo["relu4_1"], times), style)
        losses["content"] = (view.output["relu4_1"].float() - goal.float()).square().mean()
    else:
        content = {tap: again(view.photo[tap], times) for tap in CONTENT_TAPS}
        losses["content"] = content_distance(view.output, content).mean()
    if recipe.detail_weight:
        original = {"relu3_3": again(view.photo["relu3_3"], times)}
        losses["detail"] = content_distance(view.output, original, ("relu3_3",)).mean()
    return losses


def style_losses(
    view: ViewFeatures, vgg: VGGEncoder, recipe: Recipe, spread: Spread, shares: Tensor | None, seed: int
) -> dict[str, Tensor]:
    """How far the pictures are from their styles; arguments as for `stylization_losses`."""
    compare = _comparison(recipe, len(next(iter(view.photo.values()))), shares)
    units = spread if recipe.balance else None
    losses = {
        "style": compare(
            lambda a, b: style_distance(a, b, units),
            lambda x: {tap: _measured(x[tap], shares) for tap in STYLE_TAPS},
            {tap: statistics(view.painting[tap]) for tap in STYLE_TAPS},
            view.output, view.photo, STYLE_FLOOR,
        )
    }  # fmt: skip
    if recipe.gram_weight:
        losses["gram"] = compare(
            lambda a, b: gram_distance(a, b, vgg.units),
            lambda x: {tap: gram(_regions(x[tap], shares)) for tap in STYLE_TAPS},
            {tap: gram(view.painting[tap]) for tap in STYLE_TAPS},
            view.output, view.photo, GRAM_FLOOR,
        )  # fmt: skip
    if recipe.strokes_weight and shares is None:
        losses["strokes"] = compare(
            lambda a, b: sliced_distance(a, b, vgg.units, seed),
            lambda x: {tap: x[tap] for tap in STROKE_TAPS},
            {tap: view.painting[tap] for tap in STROKE_TAPS}, view.output, view.photo, STROKES_FLOOR,
        )  # fmt: skip
    return losses


def _comparison(recipe: Recipe, count: int, shares: Tensor | None) -> Callable[..., Tensor]:
    """Distance of what was made to what is wanted, over the photo's own if the recipe balances."""
    times = recipe.pairings

    def compare(distance, summary, wanted, made, untouched, floor: float) -> Tensor:
        wanted = _mapped(
            wanted, lambda x: paired(x, times) if shares is None else _with_next(x).flatten(0, 1)
        )
        found = distance(summary(made), wanted)
        if recipe.balance:
            with torch.no_grad():
                reference = distance(_mapped(summary(untouched), lambda x: again(x, times)), wanted)
            found = balanced(found, reference, floor)
        if shares is None:
            return found.mean()
        return (found * shares.mean(dim=(2, 3)).flatten()).sum() / count

    return compare


def _farther(
    vgg: VGGEncoder, count: int, photos: Tensor, paintings: Tensor, pictures: Tensor
) -> Iterator[ViewFeatures]:
    """What is seen from twice as far each time: all at half the size."""
    for _ in range(count):
        photos, paintings, pictures = (seen_at(x, 0.5) for x in (photos, paintings, pictures))
        yield ViewFeatures(*_targets(vgg, photos, paintings), vgg(pictures, LOSS_TAPS))


@torch.no_grad()
def _targets(vgg: VGGEncoder, photos: Tensor, paintings: Tensor) -> list[dict[str, Tensor]]:
    """Features by tap, of the photos and of the paintings."""
    found = vgg(torch.cat([photos, paintings]), LOSS_TAPS)
    parts = slice(len(photos)), slice(len(photos), None)
    return [{tap: x[part] for tap, x in found.items()} for part in parts]


def _measured(x: Tensor, shares: Tensor | None) -> Statistics:
    """Statistics of a batch, a row for each sample, or for each region of each."""
    if shares is None:
        return statistics(x)
    found = regional_statistics(x, F.interpolate(shares, size=x.shape[2:], mode="area"))
    return Statistics(*(part.flatten(0, 1) for part in found))


def again(x: Tensor, times: int) -> Tensor:
    """The rows of x, (N, …), over and over: (times · N, …)."""
    return x if times == 1 else x.repeat(times, *[1] * (x.ndim - 1))


def paired(x: Tensor, times: int) -> Tensor:
    """The rows of x for each repetition that `again` makes: first their own, then the next one's, …"""
    return x if times == 1 else torch.cat([x.roll(-i, dims=0) for i in range(times)])


def _mapped(found, change: Callable[[Tensor], Tensor]):
    """The same nest of dicts and Statistics with every tensor changed."""
    if isinstance(found, Tensor):
        return change(found)
    if isinstance(found, Statistics):
        return Statistics(*map(change, found))
    return {key: _mapped(value, change) for key, value in found.items()}


def _with_next(x: Tensor) -> Tensor:
    """(N, …) to (N, 2, …): each row and the one after it."""
    return torch.stack([x, x.roll(-1, dims=0)], dim=1)


def _regions(x: Tensor, shares: Tensor | None) -> Tensor:
    """Features (N, C, H, W) of every region alone, (N · R, C, H, W), scaled so that the Gram matrix
    per position is that of the region's own positions; as they are if there are no regions."""
    if shares is None:
        return x
    local = F.interpolate(shares, size=x.shape[2:], mode="area")
    scale = (local / local.mean(dim=(2, 3), keepdim=True).clamp(min=1e-3)).sqrt().to(x.dtype)
    return (x[:, None] * scale[:, :, None]).flatten(0, 1)

"""All losses of a batch by name, as the recipe weights them."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor, nn

from ...models.bottlenecks.adain import adain
from ...models.draft import Grain
from ...models.network import StylizerNet
from ...models.slim import resized
from ...models.statistics import Statistics, statistics
from ...models.vgg import STYLE_TAPS, VGGEncoder
from ..recipe import Recipe
from ..training_batch import Batch
from .balance import COLOR_FLOOR, GRAM_FLOOR, STROKES_FLOOR, STYLE_FLOOR, StyleComparison
from .color_loss import color_distance
from .content_loss import CONTENT_TAPS, content_distance, structure_distance
from .grid_loss import weave_distance
from .pairing import (
    map_tensors,
    region_features,
    region_statistics,
    roll_rows,
    tile_rows,
    with_next_row,
)
from .strokes_loss import STROKE_TAPS, sliced_distance
from .style_loss import Spread, gram, gram_distance, style_distance
from .views import LOSS_TAPS, ViewFeatures, downscaled, farther_views, target_features


def stylization_losses(
    net: StylizerNet,
    trainable: nn.Module,
    vgg: VGGEncoder,
    recipe: Recipe,
    batch: Batch,
    spread: Spread,
    seed: int = 0,
) -> dict[str, Tensor]:
    """The losses of one batch by name, each a scalar with a weight NAME_weight in the recipe.

    Each content image is painted in `pairings` styles of the batch, its own and the following ones: N =
    B · pairings outputs. trainable: the network as a `TrainableNet`. vgg: the network that losses are
    measured on. spread: that of the styles, if the recipe balances. seed: for random directions and the
    position in the grain.
    """
    content, style = (downscaled(x, recipe.viewed) for x in (batch.content, batch.style))
    content_features, style_features = target_features(vgg, content, style)
    encoder: nn.Module = net.encoder
    reusable = encoder is vgg and recipe.viewed == 1  # what the network sees is what is measured
    code = None  # the network encodes the styles itself
    if reusable and batch.labels is None:
        code = style_code(net, batch, style_features)
    inputs = batch.content if batch.inputs is None else batch.inputs
    corner = np.random.default_rng(seed).integers(Grain.PERIOD, size=2).tolist()
    full_size, decoded_features = trainable(
        inputs, batch.style, code, recipe.pairings, batch.region_maps, batch.labels, corner
    )
    output = downscaled(full_size, recipe.viewed)
    near = ViewFeatures(content_features, style_features, vgg(output, LOSS_TAPS))
    target = None
    if reusable and net.bottleneck.gives_content_target:
        target = decoded_features["relu4_1"].detach()
    losses = content_losses(near, recipe, target)
    if recipe.structure_weight:
        losses["structure"] = structure_distance(output, tile_rows(content, recipe.pairings)).mean()
    if recipe.weave_weight:
        losses["weave"] = weave_loss(net, full_size)
    views = [near, *farther_views(vgg, recipe.views - 1, content, style, output)]
    for i, view in enumerate(views):
        for name, loss in style_losses(view, vgg, recipe, spread, batch.region_maps, seed + i).items():
            losses[name] = losses[name] + loss / len(views) if name in losses else loss / len(views)
    if recipe.color_weight:
        compare = StyleComparison(recipe.pairings, recipe.balance, batch.region_maps)
        losses["color"] = compare(
            color_distance,
            lambda x: region_statistics(x, batch.region_maps),
            statistics(style),
            output,
            content,
            COLOR_FLOOR,
        )
    return losses


def style_code(
    net: StylizerNet, batch: Batch, style_features: Mapping[str, Tensor]
) -> dict[str, Statistics]:
    """The code of a batch's styles: rows (B, C), or with region maps (B, 2, C), each sample's own style
    and the next one's. VGG's features are reused where they are the network's own."""
    joint = {tap: statistics(style_features[tap], True) for tap in net.config.joint if tap in LOSS_TAPS}
    single = {tap: statistics(style_features[tap]) for tap in STYLE_TAPS}
    code = net.palette(batch.style) | single | joint
    if batch.region_maps is None:
        return code
    paired: dict[str, Statistics] = map_tensors(code, with_next_row)
    return paired


def content_losses(view: ViewFeatures, recipe: Recipe, target: Tensor | None) -> dict[str, Tensor]:
    """Distances of the outputs to the content.

    target: AdaIN's output at relu4_1, (N, C, H, W), for the published content loss (Huang & Belongie
    2017, eq. 12), if the recipe asks for it.
    """
    times, losses = recipe.pairings, {}
    if recipe.content_loss == "target":
        if target is None:
            style = statistics(view.style["relu4_1"])
            style = Statistics(*(roll_rows(part, times) for part in style))
            target = adain(tile_rows(view.content["relu4_1"], times), style)
        losses["content"] = (view.output["relu4_1"].float() - target.float()).square().mean()
    else:
        content = {tap: tile_rows(view.content[tap], times) for tap in CONTENT_TAPS}
        losses["content"] = content_distance(view.output, content).mean()
    if recipe.detail_weight:
        detail = {"relu3_3": tile_rows(view.content["relu3_3"], times)}
        losses["detail"] = content_distance(view.output, detail, ("relu3_3",)).mean()
    return losses


def weave_loss(net: StylizerNet, output: Tensor) -> Tensor:
    """The weave at the decoder's stride, for the picture and for its draft."""
    loss = weave_distance(resized(output, *net.config.scale), net.encoder.stride).mean()
    if net.config.drafts:
        loss = loss + weave_distance(output, net.encoder.stride * 2**net.config.drafts).mean()
    return loss


def style_losses(
    view: ViewFeatures,
    vgg: VGGEncoder,
    recipe: Recipe,
    spread: Spread,
    region_maps: Tensor | None,
    seed: int,
) -> dict[str, Tensor]:
    """Distances of the outputs to their styles; arguments as for `stylization_losses`."""
    compare = StyleComparison(recipe.pairings, recipe.balance, region_maps)
    units = spread if recipe.balance else None
    losses = {
        "style": compare(
            lambda a, b: style_distance(a, b, units),
            lambda x: {tap: region_statistics(x[tap], region_maps) for tap in STYLE_TAPS},
            {tap: statistics(view.style[tap]) for tap in STYLE_TAPS},
            view.output,
            view.content,
            STYLE_FLOOR,
        )
    }
    if recipe.gram_weight:
        losses["gram"] = compare(
            lambda a, b: gram_distance(a, b, vgg.units),
            lambda x: {tap: gram(region_features(x[tap], region_maps)) for tap in STYLE_TAPS},
            {tap: gram(view.style[tap]) for tap in STYLE_TAPS},
            view.output,
            view.content,
            GRAM_FLOOR,
        )
    if recipe.strokes_weight and region_maps is None:  # regions have no common number of positions
        losses["strokes"] = compare(
            lambda a, b: sliced_distance(a, b, vgg.units, seed),
            lambda x: {tap: x[tap] for tap in STROKE_TAPS},
            {tap: view.style[tap] for tap in STROKE_TAPS},
            view.output,
            view.content,
            STROKES_FLOOR,
        )
    return losses

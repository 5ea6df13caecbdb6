"""What the stylizer is trained for. All distances are per sample; smaller is better."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..nn.normalization import EPS, Statistics, statistics
from ..nn.stylizer import StylizerNet
from ..nn.vgg import STYLE_TAPS
from .recipe import Recipe

CONTENT_TAPS = ("relu3_3", "relu4_1")
LOSS_TAPS = (*STYLE_TAPS, "relu3_3")

Spread = Mapping[str, Statistics]
"""Variance over styles of every channel's mean and of its standard deviation, (C,) each."""

# A photo that already looks like its style would make a relative distance explode, so the photo's
# own distance counts as at least a quarter of the usual. Constants, not a batch's mean: the loss of
# a batch must be the mean over its samples for several processes to share it.
STYLE_FLOOR = 4.0  # two independent styles are 2 apart for mean and deviation of each of 4 taps: 16
GRAM_FLOOR = 0.5
COLOR_FLOOR = 0.01


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


def gram_distance(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> Tensor:
    """Σ over taps of |a − b|² / |b|² for Gram matrices a and b (the style's); (N,) float32."""
    return sum(
        (a[tap] - b[tap]).square().sum(dim=(1, 2)) / b[tap].square().sum(dim=(1, 2))
        for tap in STYLE_TAPS
    )


def color_distance(a: Statistics, b: Statistics) -> Tensor:
    """Mean over R, G and B of squared differences of μ and σ of the pixels; (N,) float32."""
    return sum((x - y).square().mean(dim=1) for x, y in zip(a, b))


def content_distance(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> Tensor:
    """½ · mean (IN(a) − IN(b))² over the content taps; (N,) float32, 0 alike … 1 unrelated.

    Instance-normalised features do not see colour and contrast, which belong to the style.
    Written out, it is one minus the correlation, which needs no normalised copies.
    """
    distances = []
    for tap in CONTENT_TAPS:
        x, y = statistics(a[tap]), statistics(b[tap])
        covariance = (a[tap].float() * b[tap].float()).mean(dim=(2, 3)) - x.mean * y.mean
        own = 1 - 0.5 * EPS * (x.std**-2 + y.std**-2)  # below one where a channel is constant
        distances.append((own - covariance / (x.std * y.std)).mean(dim=1))
    return torch.stack(distances).mean(dim=0)


def balanced(distance: Tensor, reference: Tensor, floor: float) -> Tensor:
    """Mean of d(output, style) / d(content, style): each pair counts alike, however far apart.

    (The idea of the style-aware balanced loss, arXiv 2104.10064.)
    """
    return (distance / reference.clamp(min=floor)).mean()


def stylization_losses(
    net: StylizerNet,
    decoder: nn.Module,
    recipe: Recipe,
    content: Tensor,
    style: Tensor,
    spread: Spread,
) -> dict[str, Tensor]:
    """The losses of one batch by name, each a scalar with a weight NAME_weight in the recipe.

    content, style: (N, 3, H, W) in [0, 1]. decoder: the net's own, perhaps wrapped.
    """
    with torch.no_grad():
        target = net.encoder(torch.cat([content, style]), LOSS_TAPS)
        photo = {tap: x[: len(content)] for tap, x in target.items()}
        painting = {tap: x[len(content) :] for tap, x in target.items()}
        code = {tap: statistics(painting[tap]) for tap in STYLE_TAPS}
    aim = net.bottleneck({tap: photo[tap] for tap in net.config.taps}, code)
    picture = decoder(aim)
    output = net.encoder(picture, LOSS_TAPS)

    def compare(distance, made, untouched, floor):
        """Distance of what was made, over the untouched photo's own if the recipe balances."""
        if not recipe.balance:
            return distance(made).mean()
        with torch.no_grad():
            reference = distance(untouched)
        return balanced(distance(made), reference, floor)

    losses = {}
    if recipe.content_loss == "target":
        losses["content"] = (output["relu4_1"].float() - aim["relu4_1"].float()).square().mean()
    else:
        losses["content"] = content_distance(output, photo).mean()
    units = spread if recipe.balance else None
    losses["style"] = compare(
        lambda x: style_distance({tap: statistics(x[tap]) for tap in STYLE_TAPS}, code, units),
        output, photo, STYLE_FLOOR,
    )  # fmt: skip
    if recipe.gram_weight:
        grams = {tap: gram(painting[tap]) for tap in STYLE_TAPS}
        losses["gram"] = compare(
            lambda x: gram_distance({tap: gram(x[tap]) for tap in STYLE_TAPS}, grams),
            output, photo, GRAM_FLOOR,
        )  # fmt: skip
    if recipe.color_weight:
        tones = statistics(style)
        losses["color"] = compare(
            lambda x: color_distance(statistics(x), tones), picture, content, COLOR_FLOOR
        )
    return losses

"""What refining makes smaller: how far a picture is from its styles, and from the photo."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..models.vgg import VGGEncoder
from ..styles.quantiles import (
    TAPS,
    Distribution,
    Quantiles,
    distribution,
    mixed,
    smaller,
    vgg_features,
    views,
)

CONTENT_TAPS = ("relu3_3", "relu4_1")
VIEWS = 3  # distances from which the style is compared, each twice the one before
POSITIONS = 2**13  # of a tap's features that are compared in a step, at most
MOMENTS = 1.2  # weight of means and of deviations beside that of quantiles


class Losses(NamedTuple):
    """Scalars; range: how far the picture is beyond [0, 1]."""

    style: Tensor
    content: Tensor
    range: Tensor


class RefineLoss:
    """The losses of a picture of one size, float32 (1, 3, H, W).

    content: the photo at that size. styles: one for each of the region maps (1, R, H, W), or one and no
    maps. level: how often the picture was halved; it is compared with what the style shows from so far
    away. alpha: for other than 1 the style's distributions are on the line from the photo's own to them.
    strokes: so many times smaller the picture is compared. generator: of the positions that each step
    compares, some of many, as STROTSS does (Kolkin et al. 2019, arXiv 1904.12785).
    """

    def __init__(
        self,
        vgg: VGGEncoder,
        content: Tensor,
        styles: Sequence[Quantiles],
        region_maps: Tensor | None,
        level: int,
        alpha: float,
        strokes: float,
        generator: torch.Generator,
    ):
        self.vgg, self.region_maps, self.strokes, self.generator = vgg, region_maps, strokes, generator
        with torch.inference_mode(False), torch.no_grad():
            content = content.clone()  # of inference, of which nothing can be differentiated
            self.content = vgg_features(vgg, content, CONTENT_TAPS)
            seen = smaller(content, 1 / strokes)
            self.targets = _targets(vgg, seen, styles, level, alpha)

    def __call__(self, picture: Tensor) -> Losses:
        features = vgg_features(self.vgg, picture, (*TAPS, *CONTENT_TAPS))
        content = torch.stack([decorrelation(features[tap], x) for tap, x in self.content.items()])
        style = picture.new_zeros(())
        seen = list(views(smaller(picture, 1 / self.strokes), len(self.targets[0])))
        for number, view in enumerate(seen):
            found = features if view is picture else vgg_features(self.vgg, view)  # the costliest once
            for region, target in enumerate(self.targets):
                style = style + self._style(found, target[number], region) / len(seen)
        return Losses(style, content.mean(), (picture - picture.clamp(0, 1)).square().mean())

    def _style(self, found: dict[str, Tensor], wanted: dict[str, Distribution], region: int) -> Tensor:
        """Σ over taps of `distance`, times a region's area."""
        weight = None if self.region_maps is None else self.region_maps[:, region]
        total = found[TAPS[0]].new_zeros((), dtype=torch.float32)
        for tap in TAPS:
            at = self._positions(found[tap], weight)
            if at is None or len(at):
                total = total + distance(distribution(found[tap], tap, at), wanted[tap])
        return total if weight is None else total * weight.mean()

    def _positions(self, x: Tensor, weight: Tensor | None) -> Tensor | None:
        """Which positions of features are compared: those that are more of a region (1, H, W) than of
        others, and of too many some; None for all."""
        count = x.shape[2] * x.shape[3]
        if weight is None and count <= POSITIONS:
            return None
        at = torch.arange(count, device=x.device)
        if weight is not None:
            at = at[F.interpolate(weight[None], size=x.shape[2:], mode="area").flatten() > 0.5]
        if len(at) > POSITIONS:
            some = torch.randperm(len(at), generator=self.generator)[:POSITIONS]
            at = at[some.to(x.device)]
        return at


def distance(found: Distribution, style: Distribution) -> Tensor:
    """The mean |difference| of quantiles over the mean |the style's|: the sliced 1-Wasserstein distance
    (Heitz et al. 2021, arXiv 2006.07229, eq. 4), relative. And `MOMENTS` times the same of channels'
    means and deviations, which few directions leave open: what AdaIN's own loss compares (Huang &
    Belongie 2017, eq. 13)."""
    moments, wanted = (torch.cat([x.mean, x.std]) for x in (found, style))
    return _relative(found.quantiles, style.quantiles) + MOMENTS * _relative(moments, wanted)


def _relative(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().mean() / b.abs().mean()


def decorrelation(a: Tensor, b: Tensor) -> Tensor:
    """1 − the correlation over space of each channel, the mean of all: 0 alike, 1 unrelated.

    Of features (1, C, H, W). It is ½ · mean (IN(a) − IN(b))², what the content score is measured by
    (`evaluation.metrics.content_score`): colour and contrast, which are the style's, do not count, nor
    does a channel that is the same all over b.
    """
    a, b = ((x.float() - x.float().mean(dim=(2, 3), keepdim=True)).flatten(2) for x in (a, b))
    varies = b.square().mean(dim=2) > 1e-8
    return ((1 - F.cosine_similarity(a, b, dim=2)) * varies).mean()


def _targets(
    vgg: VGGEncoder, content: Tensor, styles: Sequence[Quantiles], level: int, alpha: float
) -> list[Quantiles]:
    """The styles' quantiles for each view of a picture that was halved `level` times."""
    distances = range(level, max(level + 1, VIEWS))

    def target(style: Quantiles) -> Quantiles:
        nearest = (style[min(n, len(style) - 1)] for n in distances)
        return tuple(
            {tap: Distribution(*(x.to(content.device).clone() for x in view[tap])) for tap in view}
            for view in nearest
        )

    targets = [target(style) for style in styles]
    if alpha == 1:
        return targets
    photo = tuple(
        {tap: distribution(x, tap) for tap, x in vgg_features(vgg, view).items()}
        for view in views(content, len(distances))
    )
    return [mixed([photo, target], [1 - alpha, alpha]) for target in targets]

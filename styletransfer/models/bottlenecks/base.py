"""The protocol of a bottleneck, and the blend with alpha that all kinds share."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple, Protocol, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..statistics import Code, Moments, Statistics


class TapLayout(Protocol):
    """What a bottleneck needs to know of a `Config`, which in turn knows the kinds of bottleneck."""

    @property
    def taps(self) -> tuple[str, ...]: ...
    @property
    def depths(self) -> tuple[str, ...]: ...
    @property
    def joint(self) -> tuple[str, ...]: ...
    @property
    def styles(self) -> tuple[str, ...]: ...
    @property
    def widths(self) -> dict[str, int]: ...


class TapCondition(NamedTuple):
    """What the features of one tap are normalised with.

    code: as for `Bottleneck.forward`. region_maps: (1 or N, R, H, W) at the features' size, or None.
    content_moments: the content's, per region if there are regions; None to take them from the features.
    """

    tap: str
    code: Code
    region_maps: Tensor | None = None
    content_moments: Moments | None = None


class Bottleneck(nn.ModuleDict):
    """What stands between encoder and decoder: it gives the photo's features the style's statistics.

    The dictionary holds, by tap, whatever layers of its own a kind has; most have none. A new kind is a
    subclass in a file of its own and a line in `BOTTLENECKS`. It implements `match` and sets those of
    the class variables below that differ. The rest of the package asks for these, never for the kind.
    """

    prefix: ClassVar[str]
    """Prefix of its layers' names in weight files."""
    takes_style: ClassVar[bool] = True
    """Whether it needs a style code; otherwise its decoder has learned one style."""
    learns_styles: ClassVar[bool] = False
    """Whether it has learned the codes of `Config.styles` and takes no others; see `learned`."""
    knows_palette: ClassVar[bool] = True
    """Whether the photo's pixels can be a tap."""
    matches_jointly: ClassVar[bool] = True
    """Whether encoder taps can be joint; otherwise they are matched channel by channel."""
    takes_moments: ClassVar[bool] = True
    """Whether the content's moments can be computed beforehand, from the features as they come."""
    untileable: ClassVar[str] = ""
    """Why a picture cannot be painted in tiles, even with its moments known; empty if it can."""
    exportable: ClassVar[bool] = False
    """Whether it can be exported to ONNX."""
    trained_with_maps: ClassVar[bool] = False
    """Whether training shows it maps of two styles; otherwise one style per photo."""
    trained_in_uneven_light: ClassVar[bool] = False
    """Whether training shows it photos in uneven light, to paint them as if lit evenly."""
    gives_content_target: ClassVar[bool] = False
    """Whether its relu4_1 features are the target of the published content loss."""

    def __init__(self, config: TapLayout):
        super().__init__()

    def forward(
        self,
        features: Mapping[str, Tensor],
        code: Code | None,
        alpha: float | Tensor = 1.0,
        region_maps: Tensor | None = None,
        content_moments: Mapping[str, Moments] = {},
    ) -> dict[str, Tensor]:
        """(1 − α) · f + α · `match`(f) at each tap (Huang & Belongie 2017, eq. 14).

        features: (N, C, H, W) by tap. code: N rows or 1; None or empty without a style. alpha: a
        number, or a map (1 or N, 1, H, W) at the picture's size. region_maps: (1 or N, R, H, W) at the
        picture's size, the weight of each of a code's R rows at each position (`regional_adain`).
        content_moments: by tap, where the content's moments are known and not taken from `features`.
        """
        mixed = {}
        for tap, x in features.items():
            local = None if region_maps is None else resized_map(region_maps, x)
            y = self.match(x, TapCondition(tap, code or {}, local, content_moments.get(tap)))
            if isinstance(alpha, Tensor):
                mixed[tap] = mixed_by_map(x, y, resized_map(alpha, x))
            else:
                mixed[tap] = y if alpha == 1 else x.lerp(y, alpha)
        return mixed

    def match(self, x: Tensor, condition: TapCondition) -> Tensor:
        """One tap's features x (N, C, H, W) in the style; same shape and dtype out."""
        raise NotImplementedError

    def learned(self, which: Tensor) -> dict[str, Statistics]:
        """The code of learned styles. which: their numbers (N,), or the weight of each (N, K)."""
        raise NotImplementedError


def is_map(alpha: float | Tensor) -> TypeGuard[Tensor]:
    """Whether alpha is given per position, rather than as one number (or a map of one pixel)."""
    return isinstance(alpha, Tensor) and alpha.shape[2:] != (1, 1)


def mixed_by_map(x: Tensor, y: Tensor, share: Tensor) -> Tensor:
    """(1 − share) · x + share · y. x, y: (N, C, H, W). share: of y, (1 or N, 1, H, W);
    above 1 it goes beyond y."""
    if torch.compiler.is_compiling():  # exported, lerp is computed by two formulas everywhere
        return x + share * (y - x)
    return x.lerp(y, share)


def resized_map(map: Tensor, features: Tensor) -> Tensor:
    """Average a map (N, R, H, W) at the picture's size down to the size of features; a map of one pixel
    stays as it is and broadcasts."""
    if map.shape[2:] in ((1, 1), features.shape[2:]):
        return map.to(features.dtype)
    if torch.compiler.is_compiling():  # torch cannot export area interpolation to a symbolic size
        down, right = (_averages(*sides) for sides in zip(map.shape[2:], features.shape[2:]))
        return (down @ map @ right.T).to(features.dtype)
    return F.interpolate(map, size=features.shape[2:], mode="area").to(features.dtype)


def _averages(side: int, smaller: int) -> Tensor:
    """`F.interpolate(mode="area")` along one side as a matrix (smaller, side): each output is the mean
    of all pixels that it covers, even in part."""
    position, pixel = torch.arange(smaller)[:, None], torch.arange(side)
    first, last = position * side // smaller, ((position + 1) * side - 1) // smaller
    covered = ((pixel >= first) & (pixel <= last)).float()
    return covered / covered.sum(dim=1, keepdim=True)

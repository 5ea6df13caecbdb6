"""What every bottleneck is, whichever its kind."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..statistics import Code, Moments, Statistics

if TYPE_CHECKING:
    from ..config import Config


class Bottleneck(nn.ModuleDict):
    """What stands between encoder and decoder: the photo's features in, those of its picture out.

    By tap, the layers that it has beside the encoder's and the decoder's; none for most taps or kinds. A
    new kind is a subclass in a file of its own, and a line in `BOTTLENECKS`: it says how features become
    a style's (`match`), and the facts below wherever they differ. Config, training and engine ask for
    these facts, never for the kind.
    """

    prefix: ClassVar[str]
    """Under which its layers are stored in weight files, after the encoder's and the decoder's."""
    takes_style: ClassVar[bool] = True
    """Whether it needs a style's code; else it paints in the one style that its decoder has learned."""
    learns_styles: ClassVar[bool] = False
    """Whether it knows the codes of `Config.styles` by number, and those alone: see `learned`."""
    knows_palette: ClassVar[bool] = True
    """Whether the photo's pixels can be a tap."""
    matches_jointly: ClassVar[bool] = True
    """Whether the encoder's taps can be joint; else they are matched channel by channel."""
    takes_moments: ClassVar[bool] = True
    """Whether it matches features as they come, so that their moments may be taken beforehand."""
    untileable: ClassVar[str] = ""
    """Why a part of a picture cannot be painted as the whole is, its moments being known; empty if it
    can."""
    exportable: ClassVar[bool] = False
    """Whether there are ONNX files of it."""
    trained_with_maps: ClassVar[bool] = False
    """Whether it is trained with maps of two styles; else with one style for each photo."""
    trained_in_uneven_light: ClassVar[bool] = False
    """Whether it is shown photos in uneven light, to paint them as if lit evenly."""
    gives_content_target: ClassVar[bool] = False
    """Whether what it makes of relu4_1 is what the published content loss compares a picture with."""

    def __init__(self, config: "Config"):
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

        features: (N, C, H, W) by tap. code: of N rows or 1; without styles None or empty. alpha: a
        number, or a map (1 or N, 1, H, W) at the picture's size. region_maps: (1 or N, R, H, W),
        likewise, for a code of R rows: which of them counts where (`regional_adain`). content_moments:
        the content's, at those taps where they are not to be taken from the features themselves.
        """
        mixed = {}
        for tap, x in features.items():
            local = None if region_maps is None else resized_map(region_maps, x)
            y = self.match(tap, x, code or {}, local, content_moments.get(tap))
            if isinstance(alpha, Tensor):
                mixed[tap] = x.lerp(y, resized_map(alpha, x))
            else:
                mixed[tap] = y if alpha == 1 else x.lerp(y, alpha)
        return mixed

    def match(
        self,
        tap: str,
        x: Tensor,
        code: Code,
        region_maps: Tensor | None,
        content_moments: Moments | None,
    ) -> Tensor:
        """A tap's features x (N, C, H, W) in the style; same shape and dtype out.

        code: as for `forward`. region_maps: at the size of x. content_moments: x's, or None to take
        them; with regions those of each.
        """
        raise NotImplementedError

    def learned(self, which: Tensor) -> dict[str, Statistics]:
        """The code of styles that `learns_styles`: which (N,), their numbers; or how much of each,
        (N, K)."""
        raise NotImplementedError


def is_map(alpha: float | Tensor) -> TypeGuard[Tensor]:
    """Whether this is a strength for each position, and not the same everywhere."""
    return isinstance(alpha, Tensor) and alpha.shape[2:] != (1, 1)


def resized_map(map: Tensor, features: Tensor) -> Tensor:
    """A map at the picture's size averaged down to that of features; one of a single pixel is the same
    everywhere."""
    if map.shape[2:] in ((1, 1), features.shape[2:]):
        return map.to(features.dtype)
    if torch.compiler.is_compiling():  # torch exports no averaging to a size that is not known yet
        down, right = (_averages(*sides) for sides in zip(map.shape[2:], features.shape[2:]))
        return (down @ map @ right.T).to(features.dtype)
    return F.interpolate(map, size=features.shape[2:], mode="area").to(features.dtype)


def _averages(side: int, smaller: int) -> Tensor:
    """What `interpolate` of mode area does to a side, as a matrix (smaller, side): the mean of every
    pixel that a position covers, be it in part."""
    position, pixel = torch.arange(smaller)[:, None], torch.arange(side)
    first, last = position * side // smaller, ((position + 1) * side - 1) // smaller
    covered = ((pixel >= first) & (pixel <= last)).float()
    return covered / covered.sum(dim=1, keepdim=True)

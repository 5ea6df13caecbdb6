"""How a picture is stylized: every option with its range, checked once and here. No torch here."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Self

from .errors import InputError

if TYPE_CHECKING:
    from .styles.encode import Style
    from .stylize.regions import Map

STYLE_SIZE = 512
MAX_ALPHA = 2.0
LEAST_STROKES, MAX_STROKES = 0.5, 4.0
PRESERVE_COLOR = ("none", "luminance", "histogram")
STATS = ("exact", "thumbnail")
TILE = ("auto", "off")


def _option(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class StylizeOptions:
    """What a verb or an API call was asked for, beside the content and its styles; passed on whole.

    Which network paints, where and in what precision is the `Stylizer`'s own. Maps are paths, PIL
    images or arrays, of the content's size. InputError for what cannot be.
    """

    alpha: float = _option(1.0, "Strength: 0 the photo, 1 the full style, 2 too much.")
    weights: tuple[float, ...] | None = _option(None, "How much of each style, e.g. 0.7,0.3.")
    size: int | None = _option(None, "Short side of the result in pixels.")
    strokes: float = _option(1.0, "How broad strokes are, 0.5 to 4 times the model's own.")
    style_size: int = _option(
        STYLE_SIZE, "Short side at which styles are looked at: strokes grow with it."
    )
    style_crop: float = _option(
        1.0, "The middle part of a style that is looked at; strokes grow as it shrinks."
    )
    mask: "Map | None" = _option(None, "Where to paint, and how much: white all, black nothing.")
    regions: "Map | None" = _option(None, "A map whose colours or labels choose the style.")
    region: "Mapping[str, Style] | None" = _option(None, "The style of each colour or label.")
    feather: int = _option(0, "Soften the borders of regions and mask.")
    preserve_color: str = _option(
        "none", "Keep the photo's colours: paint brightness only, or recolour the style."
    )
    color_strength: float = _option(1.0, "How much of --preserve-color, 0 to 1.")
    tile: str | int = _option(
        "auto", "Paint in tiles of N pixels a side: less memory, the same picture."
    )
    stats: str = _option("exact", "Statistics of the whole photo, or of a thumbnail: an approximation.")

    def __post_init__(self) -> None:
        check_alpha(self.alpha)
        if self.weights is not None:
            object.__setattr__(self, "weights", tuple(self.weights))
            if (
                not all(0 <= w < math.inf for w in self.weights)
                or self.weights
                and not sum(self.weights)
            ):
                raise InputError("weights must not be negative, and at least one must be above 0")
        if self.size is not None and self.size < 1:
            raise InputError(f"size is {self.size}: at least 1")
        if not LEAST_STROKES <= self.strokes <= MAX_STROKES:
            raise InputError(
                f"strokes is {self.strokes:g}: it goes from {LEAST_STROKES:g} to {MAX_STROKES:g}"
            )
        if self.style_size < 16:
            raise InputError(f"style_size is {self.style_size}: at least 16")
        if not 0 < self.style_crop <= 1:
            raise InputError(f"style_crop is {self.style_crop:g}: above 0, at most 1")
        if (self.regions is None) != (self.region is None):
            raise InputError("regions (a map) and region (its styles) go together")
        if self.feather < 0:
            raise InputError(f"feather is {self.feather}: 0 or more pixels")
        if not 0 <= self.color_strength <= 1:
            raise InputError(f"color_strength is {self.color_strength:g}: it goes from 0 to 1")
        for name, choices in (("preserve_color", PRESERVE_COLOR), ("stats", STATS)):
            if getattr(self, name) not in choices:
                raise InputError(f"{name} is {getattr(self, name)!r}: one of {', '.join(choices)}")
        if self.tile not in TILE and not (isinstance(self.tile, int) and self.tile > 0):
            raise InputError(f"tile is {self.tile}: auto, off, or a number of pixels")

    def but(self, **changes: Any) -> Self:
        """The same options with some others."""
        return replace(self, **changes)


def check_alpha(alpha: float) -> None:
    """InputError for a strength that means nothing."""
    if not 0 <= alpha <= MAX_ALPHA:
        raise InputError(f"alpha is {alpha:g}: it goes from 0 to 1, to {MAX_ALPHA:g} to exaggerate")


def option_help(name: str) -> str:
    """What an option does, in a line: for `--help`, the studio and the documentation."""
    return next(f.metadata["help"] for f in fields(StylizeOptions) if f.name == name)

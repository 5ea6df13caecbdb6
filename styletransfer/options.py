"""The options of a stylization; their ranges are checked here and nowhere else. No torch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import TYPE_CHECKING, Any

from .errors import InputError

if TYPE_CHECKING:
    from .media.masks import Map

STYLE_SIZE = 512
LEAST_STYLE_SIZE = 16
MAX_ALPHA = 2.0
REFINE, MAX_REFINE = 25, 1000  # steps: the default of a bare --refine, and the most
LEAST_STROKES, MAX_STROKES = 0.5, 4.0


class PreserveColor(str, Enum):
    """How much of the photo's colours is kept: nothing, all but brightness, or its distribution."""

    none = "none"
    luminance = "luminance"
    histogram = "histogram"


class Stats(str, Enum):
    """Where the content's statistics come from: the whole picture, or a thumbnail."""

    exact = "exact"
    thumbnail = "thumbnail"


def _option(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class StylizeOptions:
    """Everything a stylization depends on besides content, styles and model; immutable, passed whole.

    Model, device and precision belong to the `Stylizer`. The options are described at
    `Stylizer.stylize`. Raises InputError for a value out of its range.
    """

    alpha: float = _option(1.0, "Strength: 0 the photo, 1 the full style, 2 too much.")
    weights: Sequence[float] | None = _option(None, "How much of each style, e.g. 0.7,0.3.")
    size: int | None = _option(None, "Short side of the result in pixels.")
    strokes: float = _option(1.0, "Width of strokes, 0.5 to 4 times the model's own.")
    style_size: int = _option(
        STYLE_SIZE, "Short side at which styles are encoded; smaller gives finer strokes."
    )
    style_crop: float = _option(
        1.0, "The central part of a style that is used; less gives broader strokes."
    )
    mask: "Map | None" = _option(None, "Where to paint, and how much: white all, black nothing.")
    regions: "Map | None" = _option(None, "A map whose colours or labels choose the style.")
    region: "Mapping[str, Any] | None" = _option(  # the values are styles, as `styles.encode` takes them
        None,
        "The style of a colour or label, '#ff0000=sky.jpg', '3=a.jpg:0.5,b.jpg:0.5'; "
        "repeatable. A STYLE takes what is left.",
    )
    feather: int = _option(0, "Soften the borders of regions and mask.")
    preserve_color: str = _option(
        "none", "Keep the photo's colours: paint brightness only, or recolour the style."
    )
    color_strength: float = _option(1.0, "How much of --preserve-color, 0 to 1.")
    tile: str | int = _option(
        "auto", "Paint in tiles of N pixels a side: less memory, the same picture."
    )
    refine: int = _option(
        0,
        f"Steps of optimisation afterwards, {REFINE} if you give no number: a minute, not a moment.",
    )
    stats: str = _option(
        "exact", "Take statistics from the whole photo, or from a thumbnail: an approximation."
    )

    def __post_init__(self) -> None:
        check_alpha(self.alpha)
        if self.weights is not None:
            check_weights(self.weights)
        if self.size is not None and self.size < 1:
            raise InputError(f"size is {self.size}: at least 1")
        if not LEAST_STROKES <= self.strokes <= MAX_STROKES:
            raise InputError(
                f"strokes is {self.strokes:g}: it goes from {LEAST_STROKES:g} to {MAX_STROKES:g}"
            )
        if self.style_size < LEAST_STYLE_SIZE:
            raise InputError(f"style_size is {self.style_size}: at least {LEAST_STYLE_SIZE}")
        if not 0 < self.style_crop <= 1:
            raise InputError(f"style_crop is {self.style_crop:g}: above 0, at most 1")
        if (self.regions is None) != (self.region is None):
            raise InputError("regions (a map) and region (its styles) go together")
        if self.feather < 0:
            raise InputError(f"feather is {self.feather}: 0 or more pixels")
        if not 0 <= self.color_strength <= 1:
            raise InputError(f"color_strength is {self.color_strength:g}: it goes from 0 to 1")
        if isinstance(self.refine, bool) or not 0 <= self.refine <= MAX_REFINE:
            raise InputError(f"refine is {self.refine}: 0 to {MAX_REFINE} steps; {REFINE} are usual")
        _check_choice("preserve_color", self.preserve_color, PreserveColor)
        _check_choice("stats", self.stats, Stats)
        if self.tile not in ("auto", "off") and (isinstance(self.tile, str) or self.tile < 1):
            raise InputError(f"tile is {self.tile}: auto, off, or a number of pixels")

    def changed(self) -> list[str]:
        """The names of the options that are not at their defaults."""
        return [f.name for f in fields(self) if not _is(getattr(self, f.name), f.default)]


def check_alpha(alpha: float) -> None:
    """Raise InputError unless alpha is from 0 to `MAX_ALPHA`."""
    if not 0 <= alpha <= MAX_ALPHA:
        raise InputError(f"alpha is {alpha:g}: it goes from 0 to 1, to {MAX_ALPHA:g} to exaggerate")


def check_weights(weights: Sequence[float]) -> None:
    """Raise InputError unless all weights are finite and not negative, and one is above 0."""
    if not all(0 <= w < math.inf for w in weights) or not sum(weights) > 0:
        raise InputError("weights must not be negative, and at least one must be above 0")


def option_help(name: str) -> str:
    """The line that `--help` shows for an option."""
    return str(StylizeOptions.__dataclass_fields__[name].metadata["help"])


def _check_choice(name: str, value: str, choices: type[Enum]) -> None:
    if value not in (names := [str(choice.value) for choice in choices]):
        raise InputError(f"{name} is {value!r}: one of {', '.join(names)}")


def _is(value: object, default: object) -> bool:
    """Whether a value is the default. Maps may be arrays, which cannot be compared with ==."""
    return value is default or isinstance(value, (int, float, str)) and value == default

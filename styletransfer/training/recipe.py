"""Recipes: the numbers of a training run, and their files. No torch here: `--help` shows them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..errors import InputError

RECIPES = Path(__file__).parent / "recipes"

NETWORK = {
    "encoder": "slim; vgg19-oxford, the original; vgg16 or vgg19, torchvision's (a 0.5 GB download).",
    "bottleneck": "adain: any style; instance: one style, learned; conditional: a style of each "
    "painting, learned; spade: maps of styles; contextual: evens out light; layer-instance: IN and LN.",
    "taps": "Where the bottleneck acts, pixels (the palette) to relu4_1, which alone is the classic.",
    "joint": "Those of the taps whose channels are matched jointly, by their covariance.",
    "convolutions": "Of the decoder, per stage, deepest first.",
    "scale": "5,4: a slim network that works on a picture a quarter larger inside; 1,1: as it is.",
    "blocks": "Residual blocks in a slim network's decoder.",
    "drafts": "How many times a slim network paints smaller first, each time half the size.",
    "strengths": "At alpha 1, of the bottleneck in drafts and in the picture itself: 0.6,1.05.",
    "grain": "How strong the noise is on which the first of them is begun: 0.03.",
    "upsampling": "bilinear, or nearest as published.",
}
"""The keys of a recipe's [network], as `models.network.Config` has them, and what they are."""


def _value(help: str) -> Any:
    return field(metadata={"help": help})


@dataclass(frozen=True)
class Recipe:
    """How to train: the [training] table of a recipe. The values stand in recipes/default.toml alone.

    style_weight, gram_weight, strokes_weight and color_weight multiply distances that, when balanced,
    are relative to the photo's own (1 means unstylized). content_weight (when normalized), detail_weight
    and structure_weight multiply distances that are 0 for the photo and about 1 for an unrelated
    picture.
    """

    steps: int = _value("Batches to train on.")
    batch_size: int = _value("Pairs of crops in a batch, of all processes together.")
    pairings: int = _value("In how many styles of its batch each photo is painted.")
    crop: int = _value("Side of the crops in pixels, a multiple of 16.")
    zoom: tuple[float, float] = _value("A picture's short side in crops, drawn between the two.")
    viewed: float = _value("At what share of their size crops are compared: below 1, from afar.")
    views: int = _value("From how many distances styles are compared, each twice the one before.")
    learning_rate: float = _value("At its highest.")
    warmup: int = _value("Steps in which the rate rises to that.")
    decay: float = _value("0: cosine to zero at the end; else rate / (1 + decay * step).")
    clip: float = _value("Largest norm of the gradient; 0 for any.")
    ema: float = _value("Moving average of the weights; 0 keeps the last.")
    fit: bool = _value("Start from the least-squares inverse of the encoder.")
    reconstruct: int = _value("Steps of plain reconstruction first.")
    reconstruct_every: int = _value("One step in so many later; 0 for none.")
    content_loss: str = _value("normalized (relu3_3, relu4_1), or target, AdaIN's output as published.")
    balance: bool = _value("Style distances relative to the photo's own.")
    content_weight: float = _value("To look like the photo.")
    detail_weight: float = _value("To look like the photo in its details: relu3_3, normalized.")
    structure_weight: float = _value("To keep the photo's lights and darks: 1 - SSIM.")
    weave_weight: float = _value("Against what repeats with the network's own grid.")
    style_weight: float = _value("To have the painting's means and deviations.")
    gram_weight: float = _value("To have its texture.")
    strokes_weight: float = _value("To have its features' whole distributions.")
    color_weight: float = _value("To have its colours.")
    checkpoint_every: int = _value("Steps between checkpoints.")
    seed: int = _value("Of weights and crops.")

    def __post_init__(self) -> None:
        if isinstance(self.zoom, list):  # JSON and TOML know no tuples
            object.__setattr__(self, "zoom", tuple(self.zoom))
        for name, kind in Recipe.__annotations__.items():
            value = getattr(self, name)
            numbers = value if isinstance(value, tuple) else [value]
            good = (int, float) if kind is float or name == "zoom" else kind
            if not all(isinstance(v, good) and isinstance(v, bool) == (kind is bool) for v in numbers):
                raise InputError(f"{name} is {value!r}: not a {getattr(kind, '__name__', 'pair')}")
            if kind in (int, float) and value < 0:
                raise InputError(f"{name} is {value:g}: it cannot be negative")
        for name in (
            "steps",
            "batch_size",
            "pairings",
            "crop",
            "views",
            "checkpoint_every",
            "learning_rate",
        ):
            if getattr(self, name) == 0:
                raise InputError(f"{name} is 0: it must be above")
        if self.crop % 16:
            raise InputError(f"crop is {self.crop}: it must be a multiple of 16")
        if (
            not isinstance(self.zoom, tuple)
            or len(self.zoom) != 2
            or not 1 <= self.zoom[0] <= self.zoom[1]
        ):
            raise InputError(f"zoom is {self.zoom}: two numbers from 1 up, the smaller first")
        if not 0 < self.viewed <= 1 or self.crop * self.viewed < 16 * 2 ** (self.views - 1):
            raise InputError(
                f"viewed is {self.viewed:g}: a share that leaves at least 16 of the crop's pixels"
                + (f" in the last of {self.views} views" if self.views > 1 else "")
            )
        if self.ema >= 1:
            raise InputError(f"ema is {self.ema:g}: it must be below 1")
        if self.content_loss not in ("normalized", "target"):
            raise InputError(f"content_loss is {self.content_loss!r}: normalized or target")


def recipes() -> list[str]:
    """Names of the recipes that ship with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def read_recipe(name: str = "default", changes: Mapping[str, Any] = {}) -> tuple[dict[str, Any], Recipe]:
    """Read a shipped recipe or a TOML file: its [network] settings and its `Recipe`, with `changes`
    applied.

    Whatever a file leaves out is the default's. Raises InputError for unknown keys.
    """
    values = _tables("default")
    if name != "default":
        for table, found in _tables(name).items():
            values[table] |= found
    for key, value in changes.items():
        values["network" if key in NETWORK else "training"][key] = value
    return values["network"], Recipe(**values["training"])


def _tables(name: str) -> dict[str, dict[str, Any]]:
    path = RECIPES / f"{name}.toml" if name in recipes() else Path(name)
    try:
        found = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise InputError(f"no recipe {name!r}: give one of {', '.join(recipes())}, or a file") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: not a readable TOML file ({error})") from None
    known = {"network": set(NETWORK), "training": {f.name for f in fields(Recipe)}}
    for table, entries in found.items():
        if table not in known or not isinstance(entries, dict):
            raise InputError(f"{name}: unknown table {table!r}; there are [network] and [training]")
        if unknown := set(entries) - known[table]:
            raise InputError(f"{name}: unknown key {', '.join(sorted(unknown))} in [{table}]")
    return {"network": {}, "training": {}} | found

"""Options that several verbs share, and what is written in them."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from ..options import (
    LEAST_STROKES,
    MAX_STROKES,
    PreserveColor,
    Stats,
    StylizeOptions,
    check_weights,
    option_help,
)
from ..preset import read_preset, shipped_presets
from ..quick.choice import EngineName
from ..styles.names import BANK, BANK_MODEL, DEFAULT_MODEL, is_learned, parse_blend, style_weights
from . import complete

if TYPE_CHECKING:
    from ..styles.encode import Style

SUFFIX = ".style.safetensors"


class Precision(str, Enum):
    """What the network computes in."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"


Model = Annotated[str, typer.Option(help="A shipped model or a file.", autocompletion=complete.models)]
Device = Annotated[
    str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.", autocompletion=complete.devices)
]
Precise = Annotated[Precision, typer.Option(help="Precision of the network.")]
EngineOf = Annotated[
    EngineName,
    typer.Option(
        "--engine", help="onnx starts at once, and paints plain pictures on a CPU; torch does all."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite OUT.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Show = Annotated[bool, typer.Option("--show", help="Open the result when it is done.")]
Quality = Annotated[int, typer.Option(help="Quality of JPEG and WebP, 1 to 100.")]
Alpha = Annotated[float, typer.Option(help=option_help("alpha"))]
Weights = Annotated[str, typer.Option(metavar="W,W...", help=option_help("weights"))]
Size = Annotated[int | None, typer.Option(help=option_help("size"), show_default="the photo's size")]
Strokes = Annotated[float, typer.Option(min=LEAST_STROKES, max=MAX_STROKES, help=option_help("strokes"))]
StyleSize = Annotated[int, typer.Option(help=option_help("style_size"))]
StyleCrop = Annotated[float, typer.Option(help=option_help("style_crop"))]
Mask = Annotated[str, typer.Option(metavar="M.png", help=option_help("mask"))]
Regions = Annotated[str, typer.Option(metavar="MAP.png", help=option_help("regions"))]
Region = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=STYLE", help=option_help("region"), autocompletion=complete.styles),
]
Feather = Annotated[int, typer.Option(metavar="PX", help=option_help("feather"))]
KeptColor = Annotated[PreserveColor, typer.Option(help=option_help("preserve_color"))]
ColorStrength = Annotated[float, typer.Option(help=option_help("color_strength"))]
Tile = Annotated[str, typer.Option(metavar="auto|off|N", help=option_help("tile"))]
Refine = Annotated[int, typer.Option(metavar="[STEPS]", help=option_help("refine"))]
StatsOf = Annotated[Stats, typer.Option(help=option_help("stats"))]
CellSize = Annotated[int, typer.Option(help="Short side of each picture.")]


def _take_preset(context: typer.Context, name: str) -> str:
    """Makes a preset's options the defaults of this command."""
    if name and not context.resilient_parsing:
        values = read_preset(name)
        verb = context.command_path
        if missing := sorted(values.keys() - {option.name for option in context.command.params}):
            raise InputError(f"preset {name}: {verb} has no {', '.join(missing)}")
        context.default_map = {key: str(value) for key, value in values.items()}
    return name


Preset = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE.toml",
        help=f"Options from a file: {', '.join(shipped_presets())}, one of your own, or any. What is "
        "given beside it counts.",
        callback=_take_preset,
        is_eager=True,
        autocompletion=complete.presets,
    ),
]


def app() -> typer.Typer:
    """A verb's own app."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def progress(items: Iterable[Any], total: int) -> Iterable[Any]:
    """The items, with a progress bar on standard error while they are made, if that is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(items, "painting", total, console=console, disable=not console.is_terminal)


@contextmanager
def share_done(what: str) -> Iterator[Callable[[float], None]]:
    """Something to tell the share that is done; a progress bar on standard error, if a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def read_styles(styles: Iterable[str]) -> "list[Style]":
    """Every STYLE as the engine takes it, pictures read already. What is not there, or is broken, is an
    InputError now, before torch takes its seconds to import."""
    return [_read_style(style) for style in styles]


def _read_style(style: str) -> "Style":
    from ..media.image import read_picture

    if (parts := style_weights(style)) != {style: 1.0}:
        read_styles(parts)
    elif style.endswith(SUFFIX):
        check_files([style])
    elif not is_learned(style) and not os.path.isdir(style):
        return read_picture(style)
    return style


def check_files(paths: Iterable[str]) -> None:
    """InputError for a file that is not there."""
    for path in paths:
        if not os.path.exists(path):
            raise InputError(f"{path}: no such file")


def model_for(model: str, styles: Iterable[str]) -> str:
    """The model that is meant: the one that has learned the styles, if they say so and it does not."""
    parts = (part for text in styles for part in style_weights(text))
    return BANK_MODEL if model == DEFAULT_MODEL and any(map(is_learned, parts)) else model


def check_quality(quality: int) -> None:
    """InputError for what is no quality of a JPEG."""
    if not 1 <= quality <= 100:
        raise InputError(f"--quality is {quality}: 1 to 100")


def print_result(path: str, as_json: bool, **more: Any) -> None:
    """Print where a result is; as one JSON object with what else is to be said of it."""
    print(json.dumps({"output": path, **more}) if as_json else path)


def show_result(path: str, name: str = "stylize") -> None:
    """Open a result as a double click does; what cannot be opened is said, and is there all the same.

    name: of the verb that says so.
    """
    if typer.launch(path):
        print(f"{name}: nothing here opens {path}", file=sys.stderr)


def check_cell_size(size: int) -> None:
    """InputError for pictures too small to be seen on a sheet."""
    if size < 16:
        raise InputError(f"--size is {size}: at least 16")


def stylize_options(**given: Any) -> StylizeOptions:
    """The options; InputError says which of the command line's is wrong."""
    try:
        return StylizeOptions(**given)
    except InputError as error:
        name, space, what = str(error).partition(" ")  # as it is spelled there
        raise InputError(f"--{name.replace('_', '-')}{space}{what}") from None


def parse_tile(text: str) -> str | int:
    """ "512" to 512; auto and off stay."""
    return int(text) if text.isdigit() else text


def parse_weights(text: str, count: int) -> list[float]:
    """ "0.7,0.3" to weights that sum to 1, one for each of `count` styles; equal if empty."""
    weights = parse_numbers(text, "--weights") if text else [1.0] * count
    if len(weights) != count:
        raise InputError(f"--weights has {len(weights)} numbers for {count} styles: give one for each")
    if count:
        check_weights(weights)
    return [w / sum(weights) for w in weights]


def parse_numbers(text: str, option: str) -> list[float]:
    """ "1,0.5" to [1.0, 0.5]."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{option} is {text!r}: numbers with commas between them") from None


def parse_regions(texts: list[str]) -> dict[str, dict[str, float]]:
    """["#ff0000=a.jpg:0.5,b.jpg:0.5"] to {"#ff0000": {"a.jpg": 0.5, "b.jpg": 0.5}}."""
    found = {}
    for text in texts:
        key, equals, style = text.partition("=")
        if not equals or not key.strip() or not style.strip():
            raise InputError(f"--region is {text!r}: KEY=STYLE is wanted, e.g. '#ff0000=sky.jpg'")
        found[key.strip()] = parse_blend(style)
    return found


def stem(style: str) -> str:
    """What to call a style in file names and labels."""
    return "+".join(
        name.removeprefix(BANK) if is_learned(name) else Path(name.removesuffix(SUFFIX)).stem
        for name in style_weights(style)
    )

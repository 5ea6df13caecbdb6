"""Options that several verbs share, and what is written in them."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from ..styles.names import BANK, BANK_MODEL, DEFAULT_MODEL, is_learned, made_of, parse_blend  # noqa: F401, verbs take it from here

SUFFIX = ".style.safetensors"


class Precision(str, Enum):
    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"


Model = Annotated[str, typer.Option(help="A shipped model or a file.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Precise = Annotated[Precision, typer.Option(help="Of the network.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite OUT.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
StyleSize = Annotated[
    int, typer.Option(help="Short side at which styles are looked at: strokes grow with it.")
]
StyleCrop = Annotated[
    float, typer.Option(help="The middle part of a style that is looked at; strokes grow as it shrinks.")
]
Strokes = Annotated[
    float,
    typer.Option(
        min=0.5,
        max=4.0,
        help="How broad strokes are, 0.5 to 4 times the model's own.",
    ),
]
CellSize = Annotated[int, typer.Option(help="Short side of each picture.")]


def app() -> typer.Typer:
    """A verb's own app."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def progress(items: Iterable, total: int) -> Iterable:
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


def read_styles(styles: Iterable[str]) -> list:
    """Every STYLE as the engine takes it, pictures read already. What is not there, or is broken, is an
    InputError now, before torch takes its seconds to import."""
    return [_read_style(style) for style in styles]


def _read_style(style: str):
    from ..media.image import read_picture

    if (parts := made_of(style)) != {style: 1.0}:
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
    parts = (part for text in styles for part in made_of(text))
    return BANK_MODEL if model == DEFAULT_MODEL and any(map(is_learned, parts)) else model


def check_style_view(style_size: int, style_crop: float) -> None:
    """InputError for a --style-size or --style-crop that shows nothing."""
    if style_size < 16:
        raise InputError(f"--style-size is {style_size}: at least 16")
    if not 0 < style_crop <= 1:
        raise InputError(f"--style-crop is {style_crop:g}: above 0, at most 1")


def parse_weights(text: str, count: int) -> list[float]:
    """ "0.7,0.3" to shares that sum to 1, one for each of `count` styles; equal if empty."""
    try:
        weights = [float(part) for part in text.split(",")] if text else [1.0] * count
    except ValueError:
        raise InputError(f"--weights is {text!r}: numbers with commas between them") from None
    if len(weights) != count:
        raise InputError(f"--weights has {len(weights)} numbers for {count} styles: give one for each")
    if not all(0 <= w < float("inf") for w in weights) or count and not sum(weights) > 0:
        raise InputError("--weights must not be negative, and at least one must be above 0")
    return [w / sum(weights) for w in weights]


def stem(style: str) -> str:
    """What to call a style in file names and labels."""
    return "+".join(
        name.removeprefix(BANK) if is_learned(name) else Path(name.removesuffix(SUFFIX)).stem
        for name in made_of(style)
    )

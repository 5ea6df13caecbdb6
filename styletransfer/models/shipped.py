"""The files that ship with the package: weights, and ONNX graphs made of them. No torch here."""

import hashlib
import json
from math import prod
from pathlib import Path
from typing import NamedTuple

from safetensors import safe_open

from ..errors import InputError

_PACKAGED = Path(__file__).parents[1] / "weights"  # where pip puts them
WEIGHTS = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[2] / "weights"
SHIPPED_ENCODER = "vgg19-oxford"
SUFFIX = ".onnx"


def models() -> list[str]:
    """Names of the models that ship with the package."""
    return sorted(p.stem for p in WEIGHTS.glob("*.safetensors") if p.stem != SHIPPED_ENCODER)


def model_path(model: str | Path) -> Path:
    """The weight file of a model: a shipped name, or a path. InputError, with the names there are."""
    named = WEIGHTS / f"{model}.safetensors"
    if str(model) in models():
        return named
    path = Path(model)
    if path.is_file():
        return path
    raise InputError(f"no model {str(model)!r}: give one of {', '.join(models())}, or a file")


class Header(NamedTuple):
    """What the file of a shipped model says of it before its weights are read.

    styles: names of those it has learned; empty for most models. decoder_parameters: how many.
    """

    encoder: str
    bottleneck: str
    styles: list[str]
    decoder_parameters: int


def header(model: str) -> Header:
    """Read a shipped model's header."""
    with safe_open(WEIGHTS / f"{model}.safetensors", framework="numpy") as file:
        config = json.loads(file.metadata()["config"])
        names = [name for name in list(file.keys()) if name.startswith("decoder.")]
        decoder = sum(prod(file.get_slice(name).get_shape()) for name in names)
    return Header(config["encoder"], config["bottleneck"], list(config.get("styles", [])), decoder)


def graph_paths(model: str | Path) -> tuple[Path, Path] | None:
    """The ONNX files of a shipped model: the one that paints, and the one that encodes styles. None if
    there are none."""
    painter = WEIGHTS / f"{model}{SUFFIX}"
    encoder = painter.with_suffix(f".style{SUFFIX}")
    there = str(model) in models() and painter.is_file() and encoder.is_file()
    return (painter, encoder) if there else None


def file_digest(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal. Raises OSError if it cannot be read."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

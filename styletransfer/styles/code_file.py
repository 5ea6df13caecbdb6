"""Style codes as files, and what holds for a code whoever computes with it. No torch here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..media.files import write_atomically
from ..options import check_weights
from ..version import __version__

SUFFIX = ".style.safetensors"
FORMAT = "styletransfer-style-1"
_QUANTILES = "quantiles."  # before the keys of their tensors
NO_PICTURE = "preserve_color histogram needs the style's picture, not its code"


@dataclass(frozen=True)
class CodeFile:
    """What a `.style.safetensors` file holds: tap → mean (1, C) and deviation (1, C) or root (1, C, C),
    float32; quantiles: "VIEW.TAP" → those of refining, float16; the rest is as for `StyleCode`."""

    statistics: dict[str, tuple[np.ndarray, np.ndarray]]
    digest: str
    model: str = ""
    version: str = __version__
    styles: Mapping[str, float] = field(default_factory=dict)
    quantiles: Mapping[str, np.ndarray] = field(default_factory=dict)

    def save(self, path: str | Path) -> None:
        """Write it (a few KB), atomically; InputError if the disk does not take it."""
        from safetensors import SafetensorError
        from safetensors.numpy import save_file

        tensors: dict[str, np.ndarray] = {}
        for tap, (mean, std) in self.statistics.items():
            tensors |= {f"{tap}.mean": mean, f"{tap}.std": std}
        tensors |= {_QUANTILES + key: values for key, values in self.quantiles.items()}
        about = {"digest": self.digest, "model": self.model, "version": self.version}
        metadata = {"format": FORMAT, **about, "styles": json.dumps(dict(self.styles))}
        try:
            write_atomically(path, lambda target: save_file(tensors, target, metadata))
        except SafetensorError as error:
            raise InputError(f"cannot write {path}: {error}") from None

    @staticmethod
    def load(path: str | Path) -> "CodeFile":
        """Read a file that `save` wrote; InputError if it is anything else."""
        tensors, metadata = _read(path)
        if metadata.get("format") != FORMAT:
            raise InputError(f"{path}: is not a style code")
        more = [key for key in tensors if key.startswith(_QUANTILES)]
        quantiles = {key.removeprefix(_QUANTILES): tensors.pop(key) for key in more}
        taps = dict.fromkeys(key.rpartition(".")[0] for key in tensors)
        try:
            statistics = {tap: (tensors[f"{tap}.mean"], tensors[f"{tap}.std"]) for tap in taps}
            styles = {name: float(weight) for name, weight in json.loads(metadata["styles"]).items()}
            about = metadata["digest"], metadata["model"], metadata["version"]
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: is not a whole style code (lacks {error})") from None
        parts = [part for pair in statistics.values() for part in pair]
        if not all(part.dtype == np.float32 and np.isfinite(part).all() for part in parts):
            raise InputError(f"{path}: is not a whole style code (some of its numbers are none)")
        return CodeFile(statistics, *about, styles, quantiles)


def _read(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Arrays and metadata of a safetensors file; InputError if it is not one."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}  # noqa: SIM118, it is no dict
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        # The last two for number formats that numpy has not: bfloat16 and those of 8 bits.
        raise InputError(f"{path}: not a readable safetensors file ({error})") from None


Shapes = dict[str, list[tuple[int, ...]]]
"""Of a code's mean and deviation (or root) at each tap."""


def shapes_of(statistics: Mapping[str, Sequence[Any]]) -> Shapes:
    """Of a code's statistics, tensors or arrays."""
    return {tap: [tuple(part.shape) for part in pair] for tap, pair in statistics.items()}


def check_code(code: Any, model: str, digest: str, shapes: Shapes) -> None:
    """InputError for a code, `CodeFile` or `StyleCode`, that another network than this model's made, or
    that is broken. digest: of the model's weights; shapes: of its codes."""
    if code.digest != digest:
        other = f", {code.model}," if code.model and code.model != model else ""
        raise InputError(f"this style code was made with another model{other} than {model}")
    if shapes_of(code.statistics) != shapes:
        raise InputError(f"this style code is broken: it is of another shape than {model}'s")


def normalised(weights: Sequence[float] | None, count: int) -> list[float]:
    """Weights that sum to 1, one for each of `count` styles, equal for None; InputError if not."""
    weights = [1.0] * count if weights is None else [float(w) for w in weights]
    if not count:
        raise InputError("no style given")
    if len(weights) != count:
        raise InputError(f"{len(weights)} weights for {count} styles: give one for each")
    check_weights(weights)
    return [w / sum(weights) for w in weights]

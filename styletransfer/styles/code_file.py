"""Style code files, and the checks on a code that hold with torch or without. No torch here."""

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
_QUANTILES = "quantiles."  # prefix of their keys in the file
NO_PICTURE = "preserve_color histogram needs the style's picture, not its code"


@dataclass(frozen=True)
class CodeFile:
    """The content of a `.style.safetensors` file as numpy arrays.

    statistics: by tap, the mean (1, C) and the deviation (1, C) or covariance root (1, C, C), float32.
    quantiles: by "SCALE.TAP", float16. The rest is as in `StyleCode`.
    """

    statistics: dict[str, tuple[np.ndarray, np.ndarray]]
    digest: str
    model: str = ""
    version: str = __version__
    styles: Mapping[str, float] = field(default_factory=dict)
    quantiles: Mapping[str, np.ndarray] = field(default_factory=dict)

    def save(self, path: str | Path) -> None:
        """Write it atomically. Raises InputError if it cannot be written."""
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
        """Read a file that `save` wrote. Raises InputError for anything else."""
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
"""The shapes of a code's mean and deviation (or covariance root) at each tap."""


def shapes_of(statistics: Mapping[str, Sequence[Any]]) -> Shapes:
    """The shapes of a code's statistics, be they tensors or arrays."""
    return {tap: [tuple(part.shape) for part in pair] for tap, pair in statistics.items()}


def check_code(code: Any, model: str, digest: str, shapes: Shapes) -> None:
    """Raise InputError for a `CodeFile` or `StyleCode` that another model made, or that is broken.

    digest: SHA-256 of this model's weights. shapes: those of its codes.
    """
    if code.digest != digest:
        other = f", {code.model}," if code.model and code.model != model else ""
        raise InputError(f"this style code was made with another model{other} than {model}")
    if shapes_of(code.statistics) != shapes:
        raise InputError(f"this style code is broken: it is of another shape than {model}'s")


def normalised(weights: Sequence[float] | None, count: int) -> list[float]:
    """Scale weights to sum to 1; None gives equal ones. Raises InputError if they are not `count`
    usable weights (`options.check_weights`)."""
    weights = [1.0] * count if weights is None else [float(w) for w in weights]
    if not count:
        raise InputError("no style given")
    if len(weights) != count:
        raise InputError(f"{len(weights)} weights for {count} styles: give one for each")
    check_weights(weights)
    return [w / sum(weights) for w in weights]

"""A style as a few kilobytes: what the network needs to know of a painting, and arithmetic on it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from ..errors import InputError
from ..models.statistics import Statistics
from ..models.weights import read_safetensors, write_safetensors
from ..options import check_weights
from ..version import __version__
from .quantiles import DIRECTIONS, QUANTILES, TAPS, Quantiles
from .quantiles import mixed as mixed_quantiles

SUFFIX = ".style.safetensors"
FORMAT = "styletransfer-style-1"
_QUANTILES = "quantiles"  # of a view, of a tap: before the keys of their tensors


@dataclass(frozen=True)
class StyleCode:
    """Channel means and standard deviations of a style's features at each of the model's taps.

    statistics: tap → Statistics of shape (1, C), float32 on the CPU. digest: SHA-256 of the weight
    file it was made with; another model's features mean something else. The rest is for people to
    read. model: that model's name. version: of this package. styles: what it was made of, name →
    weight, summing to 1. quantiles: what refining needs besides; perhaps nothing.
    """

    statistics: dict[str, Statistics]
    digest: str
    model: str = ""
    version: str = __version__
    styles: Mapping[str, float] = field(default_factory=dict)
    quantiles: Quantiles = ()

    def save(self, path: str | Path) -> None:
        """Write a `.style.safetensors` file (a few KB; with quantiles some tens more), atomically."""
        tensors: dict[str, Tensor] = {}
        for tap, (mean, std) in self.statistics.items():
            tensors |= {f"{tap}.mean": mean, f"{tap}.std": std}
        for number, view in enumerate(self.quantiles):
            tensors |= {f"{_QUANTILES}.{number}.{tap}": values.half() for tap, values in view.items()}
        metadata = {
            "format": FORMAT,
            "digest": self.digest,
            "model": self.model,
            "version": self.version,
        }
        write_safetensors(path, tensors, {**metadata, "styles": json.dumps(dict(self.styles))})

    @staticmethod
    def load(path: str | Path) -> "StyleCode":
        """Read a file that `save` wrote; InputError if it is anything else."""
        tensors, metadata = read_safetensors(Path(path))
        if metadata.get("format") != FORMAT:
            raise InputError(f"{path}: is not a style code")
        quantiles = {key: tensors.pop(key) for key in list(tensors) if key.startswith(_QUANTILES)}
        taps = dict.fromkeys(key.rpartition(".")[0] for key in tensors)
        try:
            views = range(len(quantiles) // len(TAPS))
            seen = tuple({t: quantiles[f"{_QUANTILES}.{n}.{t}"].float() for t in TAPS} for n in views)
            statistics = {t: Statistics(tensors[f"{t}.mean"], tensors[f"{t}.std"]) for t in taps}
            styles = {name: float(weight) for name, weight in json.loads(metadata["styles"]).items()}
            about = metadata["digest"], metadata["model"], metadata["version"]
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: is not a whole style code (lacks {error})") from None
        parts = [part for pair in statistics.values() for part in pair]
        if not all(part.dtype == torch.float32 and part.isfinite().all() for part in parts):
            raise InputError(f"{path}: is not a whole style code (some of its numbers are none)")
        values = [value for view in seen for value in view.values()]
        if not all(x.shape == (DIRECTIONS, QUANTILES) and x.isfinite().all() for x in values):
            raise InputError(f"{path}: is not a whole style code (its quantiles are broken)")
        return StyleCode(statistics, *about, styles, seen)


def blend(codes: Sequence[StyleCode], weights: Sequence[float] | None = None) -> StyleCode:
    """Weighted mean of style codes; weights are normalised to sum 1, equal if not given.

    AdaIN is affine in a style's statistics, so this equals blending the bottleneck's outputs
    (Huang & Belongie 2017, eq. 15).
    """
    weights = normalised(weights, len(codes))
    if len({code.digest for code in codes}) > 1:
        raise InputError("these style codes come from different models")
    used = [(code, w) for code, w in zip(codes, weights) if w > 0]
    if len(used) == 1:
        return used[0][0]
    mixed = {}
    for tap in used[0][0].statistics:
        parts = zip(*(code.statistics[tap] for code, _ in used))
        mixed[tap] = Statistics(*(sum(w * x for (_, w), x in zip(used, part)) for part in parts))
    styles: dict[str, float] = {}
    for code, weight in used:
        for name, part in code.styles.items():
            styles[name] = styles.get(name, 0) + weight * part
    quantiles: Quantiles = ()
    if all(code.quantiles for code, _ in used):
        quantiles = mixed_quantiles([code.quantiles for code, _ in used], [w for _, w in used])
    return StyleCode(mixed, used[0][0].digest, used[0][0].model, styles=styles, quantiles=quantiles)


def normalised(weights: Sequence[float] | None, count: int) -> list[float]:
    """Weights that sum to 1, one for each of `count` styles, equal for None; InputError if not."""
    weights = [1.0] * count if weights is None else [float(w) for w in weights]
    if not count:
        raise InputError("no style given")
    if len(weights) != count:
        raise InputError(f"{len(weights)} weights for {count} styles: give one for each")
    check_weights(weights)
    return [w / sum(weights) for w in weights]

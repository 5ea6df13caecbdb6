"""Style codes: all that the network needs to know of a painting, in a few KB, and their blending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from ..errors import InputError
from ..models.statistics import Statistics
from ..models.vgg import CHANNELS
from ..version import __version__
from .code_file import CodeFile, normalised
from .quantiles import DIRECTIONS, QUANTILES, TAPS, Distribution, Quantiles
from .quantiles import mixed as mixed_quantiles


@dataclass(frozen=True)
class StyleCode:
    """A style as the statistics of its features at each of the model's taps.

    statistics: by tap, of shape (1, C), float32 on the CPU. digest: SHA-256 of the weight file that
    made it; the code means nothing to another model. quantiles: what refinement needs besides; may be
    empty. For people to read: model, that model's name; version, of this package; styles, the name and
    weight of what it was made of, summing to 1.
    """

    statistics: dict[str, Statistics]
    digest: str
    model: str = ""
    version: str = __version__
    styles: Mapping[str, float] = field(default_factory=dict)
    quantiles: Quantiles = ()

    def save(self, path: str | Path) -> None:
        """Write a `.style.safetensors` file atomically: a few KB, some 100 more with quantiles. Raises
        InputError if it cannot be written."""
        arrays = {
            tap: (mean.detach().cpu().numpy(), std.detach().cpu().numpy())
            for tap, (mean, std) in self.statistics.items()
        }
        quantiles = {
            f"{number}.{tap}.{field}": values.half().numpy()
            for number, view in enumerate(self.quantiles)
            for tap, found in view.items()
            for field, values in found._asdict().items()
        }
        CodeFile(arrays, self.digest, self.model, self.version, self.styles, quantiles).save(path)

    @staticmethod
    def load(path: str | Path) -> "StyleCode":
        """Read a file that `save` wrote. Raises InputError for anything else."""
        file = CodeFile.load(path)
        statistics = {
            tap: Statistics(*(torch.tensor(part) for part in pair))
            for tap, pair in file.statistics.items()
        }
        try:
            quantiles = _quantiles(file.quantiles)
        except KeyError:
            quantiles = ()  # of an older version, without moments
        except ValueError as error:
            raise InputError(f"{path}: is not a whole style code ({error})") from None
        return StyleCode(statistics, file.digest, file.model, file.version, file.styles, quantiles)


def _quantiles(arrays: Mapping[str, np.ndarray]) -> Quantiles:
    """Of a file's arrays by "SCALE.TAP.FIELD". KeyError or ValueError for what `save` does not write."""
    fields = {key: torch.tensor(values).float() for key, values in arrays.items()}
    scales = range(len({key.partition(".")[0] for key in arrays}))
    found = tuple(
        {
            tap: Distribution(*(fields[f"{n}.{tap}.{field}"] for field in Distribution._fields))
            for tap in TAPS
        }
        for n in scales
    )
    shapes = [[tuple(x.shape) for x in view[tap]] for view in found for tap in TAPS]
    wanted = [[(DIRECTIONS, QUANTILES), (channels,), (channels,)] for channels in CHANNELS]
    if shapes != wanted * len(found) or not all(x.isfinite().all() for x in fields.values()):
        raise ValueError("its quantiles are broken")
    return found


def blend(codes: Sequence[StyleCode], weights: Sequence[float] | None = None) -> StyleCode:
    """The weighted mean of style codes. weights: normalised to sum to 1; equal if not given.

    AdaIN is affine in a style's statistics, so this equals blending the bottleneck's outputs (Huang &
    Belongie 2017, eq. 15). Raises InputError for codes of different models, or unusable weights.
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

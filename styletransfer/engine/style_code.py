"""A style as a few kilobytes: what the network needs to know of a painting, and arithmetic on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..io.weights import read_safetensors, write_safetensors
from ..nn.normalization import Statistics

SUFFIX = ".style.safetensors"
FORMAT = "styletransfer-style-1"


@dataclass(frozen=True)
class StyleCode:
    """Channel means and standard deviations of a style's features at each of the model's taps.

    statistics: tap → Statistics of shape (1, C), float32 on the CPU. model: SHA-256 of the weight
    file it was made with; another model's features mean something else.
    """

    statistics: dict[str, Statistics]
    model: str

    def save(self, path: str | Path) -> None:
        """Write a `.style.safetensors` file (a few KB), atomically."""
        tensors = {}
        for tap, (mean, std) in self.statistics.items():
            tensors |= {f"{tap}.mean": mean, f"{tap}.std": std}
        write_safetensors(path, tensors, {"format": FORMAT, "model": self.model})

    @staticmethod
    def load(path: str | Path) -> "StyleCode":
        """Read a file that `save` wrote; InputError if it is anything else."""
        tensors, metadata = read_safetensors(Path(path))
        if metadata.get("format") != FORMAT:
            raise InputError(f"{path}: is not a style code")
        taps = dict.fromkeys(key.rpartition(".")[0] for key in tensors)
        try:
            statistics = {t: Statistics(tensors[f"{t}.mean"], tensors[f"{t}.std"]) for t in taps}
            return StyleCode(statistics, metadata["model"])
        except KeyError as error:
            raise InputError(f"{path}: is not a whole style code (lacks {error})") from None


def blend(codes: Sequence[StyleCode], weights: Sequence[float] | None = None) -> StyleCode:
    """Weighted mean of style codes; weights are normalised to sum 1, equal if not given.

    AdaIN is affine in a style's statistics, so this equals blending the bottleneck's outputs
    (Huang & Belongie 2017, eq. 15).
    """
    weights = [1.0] * len(codes) if weights is None else [float(w) for w in weights]
    if not codes:
        raise InputError("no style given")
    if len(weights) != len(codes):
        raise InputError(f"{len(weights)} weights for {len(codes)} styles: give one for each")
    if not all(0 <= w < float("inf") for w in weights) or not sum(weights) > 0:
        raise InputError("weights must not be negative, and at least one must be above 0")
    if len({code.model for code in codes}) > 1:
        raise InputError("these style codes come from different models")
    used = [(code, w / sum(weights)) for code, w in zip(codes, weights) if w > 0]
    if len(used) == 1:
        return used[0][0]
    mixed = {}
    for tap in used[0][0].statistics:
        parts = zip(*(code.statistics[tap] for code, _ in used))
        shares = [w for _, w in used]
        mixed[tap] = Statistics(*(sum(w * x for w, x in zip(shares, part)) for part in parts))
    return StyleCode(mixed, used[0][0].model)

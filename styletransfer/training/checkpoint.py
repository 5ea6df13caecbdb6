"""A run's folder: what resuming needs, and the models to use on the way."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..errors import InputError
from ..io.weights import read_safetensors, write_safetensors
from ..nn.normalization import Statistics
from ..nn.stylizer import Config, StylizerNet
from .recipe import Recipe


@dataclass
class State:
    """Everything that changes while training: what an exact continuation starts from."""

    step: int
    net: StylizerNet
    ema: StylizerNet
    optimizer: torch.optim.Optimizer
    spread: dict[str, Statistics]
    broken: dict[str, int]


def save_state(run: Path, state: State, recipe: Recipe) -> None:
    """Write RUN/state.safetensors atomically: weights, average, optimizer moments, position."""
    tensors = {f"net.{k}": v for k, v in state.net.state_dict().items()}
    tensors |= {f"ema.{k}": v for k, v in state.ema.decoder.state_dict(prefix="decoder.").items()}
    for index, moments in state.optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{k}": v for k, v in moments.items()}
    for tap, spread in state.spread.items():
        tensors |= {f"spread.{tap}.mean": spread.mean, f"spread.{tap}.std": spread.std}
    metadata = {
        "step": str(state.step),
        "broken": json.dumps(state.broken),
        "recipe": json.dumps(asdict(recipe)),
        "config": json.dumps(asdict(state.net.config)),
    }
    write_safetensors(run / "state.safetensors", tensors, metadata)


def read_state(run: Path) -> tuple[dict[str, Tensor], int, dict[str, int], Recipe, Config]:
    """What save_state wrote: tensors, step, broken counts, recipe and network config."""
    path = run / "state.safetensors"
    if not path.is_file():
        raise InputError(f"{run}: no run to resume (no state.safetensors in it)")
    tensors, metadata = read_safetensors(path)
    try:
        return (
            tensors,
            int(metadata["step"]),
            json.loads(metadata["broken"]),
            Recipe(**json.loads(metadata["recipe"])),
            Config(**json.loads(metadata["config"])),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path}: not the state of a run ({error})") from None


def restore(state: State, tensors: dict[str, Tensor]) -> None:
    """Put the tensors of a saved state into freshly made networks and optimizer, in place."""
    parts: dict[str, dict[str, Tensor]] = {"net": {}, "ema": {}, "adam": {}, "spread": {}}
    for key, value in tensors.items():
        part, _, name = key.partition(".")
        parts[part][name] = value
    state.net.load_state_dict(parts["net"])
    state.ema.load_state_dict(parts["net"] | parts["ema"])
    saved = state.optimizer.state_dict()
    for key, value in parts["adam"].items():
        index, _, name = key.partition(".")
        if value.ndim == 4:
            # The fused optimizer walks through memory: moments must lie there as weights do.
            value = value.contiguous(memory_format=torch.channels_last)
        saved["state"].setdefault(int(index), {})[name] = value
    state.optimizer.load_state_dict(saved)
    device = next(state.net.parameters()).device
    spread = parts["spread"]
    for tap in {key.rpartition(".")[0] for key in spread}:
        mean, std = spread[f"{tap}.mean"], spread[f"{tap}.std"]
        state.spread[tap] = Statistics(mean.to(device), std.to(device))

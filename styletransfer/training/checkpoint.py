"""Training state: one safetensors file from which a run goes on as if it had never stopped."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..errors import InputError
from ..models.config import SLIM, Config
from ..models.network import StylizerNet
from ..models.statistics import Statistics
from ..models.vgg import CHANNELS, STYLE_TAPS
from ..models.weights import read_config, read_safetensors, write_safetensors
from .entries import Skipped
from .losses import Spread
from .recipe import Recipe, read_recipe


@dataclass
class State:
    """Everything that changes during training. The schedule follows from the step, so it is not
    saved."""

    step: int
    net: StylizerNet
    ema: StylizerNet
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LambdaLR
    spread: Spread
    skipped: dict[str, Skipped]


@dataclass
class Saved:
    """A `State` as it was saved. tensors: weights, moving average, optimizer moments and spread, by
    name."""

    tensors: dict[str, Tensor]
    step: int
    skipped: dict[str, Skipped]
    recipe: Recipe
    config: Config


def pack(state: State) -> dict[str, Tensor]:
    """The tensors of a state, by name."""
    tensors = {f"net.{k}": v for k, v in state.net.state_dict().items()}
    averaged = state.ema.named_parameters()
    tensors |= {f"ema.{k}": v.detach() for k, v in averaged if v.requires_grad}
    for index, moments in state.optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{k}": v for k, v in moments.items()}
    for tap, spread in state.spread.items():
        tensors |= {f"spread.{tap}.mean": spread.mean, f"spread.{tap}.std": spread.std}
    return tensors


def unpack(state: State, tensors: dict[str, Tensor]) -> None:
    """Load packed tensors, in place, into a state with newly built networks and optimizer.

    Raises InputError for tensors of another network, or damaged ones.
    """
    try:
        _unpack(state, tensors)
    except (KeyError, ValueError, IndexError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"the saved state is broken, or of another network ({reason})") from None


def _unpack(state: State, tensors: dict[str, Tensor]) -> None:
    parts: dict[str, dict[str, Tensor]] = {"net": {}, "ema": {}, "adam": {}, "spread": {}}
    for key, value in tensors.items():
        part, _, name = key.partition(".")
        parts[part][name] = value
    state.net.load_state_dict(parts["net"])
    state.ema.load_state_dict(parts["net"] | parts["ema"])
    saved = state.optimizer.state_dict()
    trained = [weight for group in state.optimizer.param_groups for weight in group["params"]]
    for key, value in parts["adam"].items():
        index, _, name = key.partition(".")
        if name not in ("step", "exp_avg", "exp_avg_sq"):
            raise ValueError(f"adam.{key} is unknown")
        _expect(f"adam.{key}", value, () if name == "step" else trained[int(index)].shape)
        if value.ndim == 4:
            # The fused optimizer walks through memory: moments must lie there as weights do.
            value = value.contiguous(memory_format=torch.channels_last)
        saved["state"].setdefault(int(index), {})[name] = value
    state.optimizer.load_state_dict(saved)
    device = next(state.net.parameters()).device
    spread = {key: value.to(device) for key, value in parts["spread"].items()}
    config = state.net.config
    widths = dict(zip(STYLE_TAPS, CHANNELS if config.encoder == SLIM else config.channels))
    for tap, width in widths.items():
        for part in ("mean", "std"):
            _expect(f"spread.{tap}.{part}", spread[f"{tap}.{part}"], (width,))
    state.spread = {tap: Statistics(spread[f"{tap}.mean"], spread[f"{tap}.std"]) for tap in widths}


def _expect(name: str, tensor: Tensor, shape: Sequence[int]) -> None:
    if tuple(tensor.shape) != tuple(shape):
        raise ValueError(f"{name} is {tuple(tensor.shape)}, not {tuple(shape)}")


def save_state(run: Path, state: State, recipe: Recipe) -> None:
    """Write RUN/state.safetensors atomically."""
    metadata = {
        "step": str(state.step),
        "skipped": json.dumps(state.skipped),
        "recipe": json.dumps(asdict(recipe)),
        "config": json.dumps(asdict(state.net.config)),
    }
    write_safetensors(run / "state.safetensors", pack(state), metadata)


def read_state(run: Path) -> Saved:
    """Read what `save_state` wrote. Raises InputError if it is missing or damaged."""
    path = run / "state.safetensors"
    if not path.is_file():
        raise InputError(f"{run}: no run to resume (no state.safetensors in it)")
    tensors, metadata = read_safetensors(path)
    try:
        step, skipped = int(metadata["step"]), json.loads(metadata["skipped"])
        if step < 0 or not all(isinstance(skipped[kind], dict) for kind in ("content", "style")):
            raise ValueError("step or skipped cannot be")
        return Saved(
            tensors,
            step,
            skipped,
            Recipe(**asdict(read_recipe()[1]) | json.loads(metadata["recipe"])),  # older ones hold less
            read_config(metadata["config"], tensors),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path}: not the state of a run ({error})") from None

"""Weight files: safetensors with the network's config in the metadata; nothing is ever unpickled."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..errors import InputError
from ..media.files import write_atomically
from .config import Config
from .network import StylizerNet
from .shipped import SHIPPED_ENCODER, WEIGHTS, file_digest, model_path
from .vgg import VGGEncoder, normalize_activations

FORMAT = "styletransfer-1"


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a safetensors file; InputError if it is not one."""
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}  # noqa: SIM118, it is no dict
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable safetensors file ({error})") from None


def write_safetensors(path: str | Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors and metadata atomically; InputError if the disk does not take them."""
    tensors = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
    try:
        write_atomically(path, lambda target: save_file(tensors, target, metadata))
    except SafetensorError as error:
        raise InputError(f"cannot write {path}: {error}") from None


def load_encoder(normalized: bool = True) -> VGGEncoder:
    """The original Oxford VGG-19 up to relu4_1, float32 on the CPU.

    normalized: filters scaled to a mean activation of 1, as the stylizer uses it; False gives the
    network as it was released, which the metrics use.
    """
    tensors, _ = read_safetensors(WEIGHTS / f"{SHIPPED_ENCODER}.safetensors")
    means = {
        key.removesuffix(".mean_activation").removeprefix("conv"): tensors.pop(key).float()
        for key in list(tensors)
        if key.endswith(".mean_activation")
    }
    encoder = VGGEncoder("vgg19")
    encoder.load_state_dict({key: tensor.float() for key, tensor in tensors.items()})
    encoder.requires_grad_(False)
    return normalize_activations(encoder, means) if normalized else encoder


def load_model(model: str | Path) -> StylizerNet:
    """Load a network, float32 on the CPU and in eval mode, without gradients.

    model: a shipped model's name or the path of a safetensors file; the file's metadata hold the
    config. Raises InputError for a file that is not one of ours, or is damaged.
    """
    path = model_path(model)
    tensors, metadata = read_safetensors(path)
    if metadata.get("format") != FORMAT:
        raise InputError(f"{path}: not a styletransfer model (or one of a newer version)")
    try:
        net = StylizerNet(read_config(metadata["config"], tensors))
        if not any(key.startswith("encoder.") for key in tensors):
            encoder = load_encoder().state_dict(prefix="encoder.")
            tensors = {**tensors, **encoder}
        net.load_state_dict(tensors)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: its weights do not fit its config ({reason})") from None
    net.digest = file_digest(path)
    return net.requires_grad_(False).eval()


def read_config(text: str, tensors: dict[str, Tensor]) -> Config:
    """Parse a config and check it against the weights, before a network is built of it.

    Raises ValueError, KeyError or TypeError if it is invalid or describes a larger network.
    """
    config = Config(**json.loads(text))
    widest = max((side for tensor in tensors.values() for side in tensor.shape), default=0)
    deepest = max(config.blocks, sum(config.convolutions))
    if max(*config.channels, len(config.styles)) > widest or deepest > len(tensors):
        raise ValueError("it is of a larger network")
    return config


def save_model(path: str | Path, net: StylizerNet, extra: dict[str, str] | None = None) -> None:
    """Write a network atomically: float16 weights (float32 biases), config and `extra` in the metadata.

    The shipped encoder is not stored again; any other is, so that the file is complete.
    """
    tensors = net.state_dict()
    if net.config.encoder == SHIPPED_ENCODER and net.config.channels == Config().channels:
        tensors = {key: t for key, t in tensors.items() if not key.startswith("encoder.")}
    half = {key: _half(key, tensor) for key, tensor in tensors.items()}
    metadata = {"format": FORMAT, "config": json.dumps(asdict(net.config)), **(extra or {})}
    write_safetensors(path, half, metadata)


def _half(key: str, tensor: Tensor) -> Tensor:
    # Biases stay float32: they are small, and conv1_1's carries the folded mean colour.
    dtype = torch.float32 if key.endswith("bias") else torch.float16
    return tensor.to(dtype)

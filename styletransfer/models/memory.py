"""How many pixels fit into memory, estimated before painting begins."""

import torch

from ..errors import InputError
from ..system import host
from .config import SLIM
from .network import StylizerNet
from .vgg import STYLE_TAPS

# Bytes per pixel: how peak memory grows with the picture, measured in bfloat16 (benchmarks/speed.md),
# plus a tenth; float32 in proportion.
VGG = {torch.float32: 1800, torch.bfloat16: 1000, torch.float16: 1000}
SLIM_BYTES = {torch.float32: 295, torch.bfloat16: 196, torch.float16: 196}  # per pixel at `scale`
DRAFT = 12  # for the draft at half the size, the photo at that size, and its enlargement


def affordable(net: StylizerNet, more: int = 0, most: int | None = None) -> int:
    """How many pixels can be stylized at once in the free memory of the network's device.

    more: bytes per pixel that are needed besides. most: an upper limit in bytes.
    """
    free = _free(net.device)
    return int(min(free, most or free) / (_bytes_per_pixel(net) + more))


def features_affordable(net: StylizerNet, share: float, free: int | None = None) -> int:
    """Of how many pixels the encoder's features can be kept in a share of the free memory, or of so many
    bytes that are free elsewhere."""
    after, before = net.config.scale
    values = sum(net.config.widths[tap] / 4 ** STYLE_TAPS.index(tap) for tap in net.config.depths)
    free = _free(net.device) if free is None else free
    return int(share * free / (values * net.dtype.itemsize * (after / before) ** 2))


def check_memory(width: int, height: int, net: StylizerNet, more: int = 0) -> None:
    """Raise InputError, with a size that would fit, if a picture cannot be stylized at once."""
    pixels = affordable(net, more)
    if width * height > pixels:
        need = width * height * (_bytes_per_pixel(net) + more)
        short = int(min(width, height) * (0.9 * pixels / (width * height)) ** 0.5) // 8 * 8
        raise InputError(
            f"a picture of {width}×{height} needs about {need / 1e9:.1f} GB and "
            f"{_free(net.device) / 1e9:.1f} GB is free: try --size {max(short, 16)}"
        )


def _bytes_per_pixel(net: StylizerNet) -> int:
    if net.config.encoder == SLIM:
        after, before = net.config.scale
        drafts = DRAFT if net.config.drafts else 0
        return round(SLIM_BYTES[net.dtype] * (after / before) ** 2) + drafts
    more = 3 * 64 * net.dtype.itemsize if "relu1_1" in net.config.taps else 0  # of the largest maps
    return VGG[net.dtype] + more


def _free(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
    return host.free_memory()

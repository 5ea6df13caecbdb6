"""Will it fit? Asked before memory runs out, since afterwards nobody can answer."""

import psutil
import torch

from ..errors import InputError

# Measured as the growth of the peak with the picture (benchmarks/usage.md), with a tenth to spare.
BYTES_PER_PIXEL = {torch.float32: 1050, torch.bfloat16: 820, torch.float16: 820}


def check_memory(
    width: int,
    height: int,
    device: torch.device,
    dtype: torch.dtype,
    taps: tuple[str, ...],
    more: int = 0,
) -> None:
    """Raise InputError if a picture of this size cannot be stylized in the memory that is free.

    taps: where the bottleneck acts; one at full resolution keeps three more of the largest maps.
    more: bytes a pixel that are needed beside the network.
    """
    per_pixel = BYTES_PER_PIXEL[dtype] + more
    if "relu1_1" in taps:
        per_pixel += 3 * 64 * dtype.itemsize
    need = width * height * per_pixel
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
    else:
        free = psutil.virtual_memory().available
    if need > free:
        short = int(min(width, height) * (0.9 * free / need) ** 0.5) // 8 * 8
        raise InputError(
            f"a picture of {width}×{height} needs about {need / 1e9:.1f} GB and {free / 1e9:.1f} GB "
            f"is free: try --size {max(short, 16)}"
        )

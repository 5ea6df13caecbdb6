"""Will it fit? Asked before memory runs out, since afterwards nobody can answer."""

import psutil
import torch

from ..errors import InputError

BYTES_PER_PIXEL = {torch.float32: 1600, torch.bfloat16: 800, torch.float16: 800}


def check_memory(width: int, height: int, device: torch.device, dtype: torch.dtype) -> None:
    """Raise InputError if a picture of this size cannot be stylized in the memory that is free."""
    need = width * height * BYTES_PER_PIXEL[dtype]
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

"""Maps to train spatially adaptive bottlenecks on."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def random_maps(count: int, size: int, seed: Sequence[int], device: torch.device) -> Tensor:
    """Which of two styles is where, in `count` maps; shares (count, 2, size, size) of 0 and 1.

    Every other map is cut in two by a random line near its middle; the rest are the first style's
    alone, since that is how the network is mostly used.
    """
    rng = np.random.default_rng(seed)
    across, down = torch.meshgrid(*[torch.linspace(-1, 1, size)] * 2, indexing="xy")
    first = torch.ones(count, size, size)
    for n in range(0, count, 2):
        angle, offset = rng.uniform(0, 2 * math.pi), rng.uniform(-0.4, 0.4)
        first[n] = (across * math.cos(angle) + down * math.sin(angle) > offset).float()
    return torch.stack([first, 1 - first], dim=1).to(device)

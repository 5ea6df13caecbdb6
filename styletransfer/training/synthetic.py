"""What is made up for training: maps of two regions, and light that falls on a part of an image."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def random_region_maps(count: int, size: int, seed: Sequence[int], device: torch.device) -> Tensor:
    """Which of two styles is where, in `count` maps; (count, 2, size, size) of 0 and 1.

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


def uneven_light(images: Tensor, seed: Sequence[int]) -> Tensor:
    """Images (N, 3, H, W) in [0, 1], every other one in shadow, or washed out, on one side of a line.

    The shadow leaves x · g of the light, the haze 1 − (1 − x) · g, g from 0.2 to 0.6; the border is
    sharp to half the image wide.
    """
    rng = np.random.default_rng(seed)
    rows, columns = (torch.linspace(-1, 1, side, device=images.device) for side in images.shape[2:])
    lit = images.clone()
    for n in range(0, len(images), 2):
        angle, offset = rng.uniform(0, 2 * math.pi), rng.uniform(-0.4, 0.4)
        distance = columns * math.cos(angle) + rows[:, None] * math.sin(angle) - offset
        weight = (0.5 + distance / rng.uniform(0.02, 1.0)).clamp(0, 1)
        gain, x = rng.uniform(0.2, 0.6), images[n]
        other = x * gain if rng.random() < 0.5 else 1 - (1 - x) * gain
        lit[n] = x.lerp(other, weight)
    return lit

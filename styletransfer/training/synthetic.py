"""Synthetic training data: maps of two regions, and images in uneven light."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def random_region_maps(count: int, size: int, seed: Sequence[int], device: torch.device) -> Tensor:
    """Random maps of which of two styles applies where: (count, 2, size, size) of 0 and 1.

    Every other map is divided by a random line near its middle; in the rest the first style is
    everywhere, which is how the network is mostly used.
    """
    rng = np.random.default_rng(seed)
    across, down = torch.meshgrid(*[torch.linspace(-1, 1, size)] * 2, indexing="xy")
    first = torch.ones(count, size, size)
    for n in range(0, count, 2):
        angle, offset = rng.uniform(0, 2 * math.pi), rng.uniform(-0.4, 0.4)
        first[n] = (across * math.cos(angle) + down * math.sin(angle) > offset).float()
    return torch.stack([first, 1 - first], dim=1).to(device)


def uneven_light(images: Tensor, seed: Sequence[int]) -> Tensor:
    """Put one side of every other image in shadow, or wash it out; images (N, 3, H, W) in [0, 1].

    Shadow is x · g and haze 1 − (1 − x) · g, with g from 0.2 to 0.6; the border between the sides is
    anything from sharp to half the image wide.
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

"""A batch: the images of one step."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """One process's images of one step.

    content, style: (B, 3, H, W), uint8 as loaded, float32 in [0, 1] after `to_float`. labels: (B,)
    int64, the number of each style, for a network with learned styles. inputs: (B, 3, H, W) in [0, 1],
    what the network is given if it differs from `content`, to which the result is compared. region_maps:
    (B, 2, H, W) in [0, 1], the weights of each sample's own style and of the next sample's.
    """

    content: Tensor
    style: Tensor
    labels: Tensor | None = None
    inputs: Tensor | None = None
    region_maps: Tensor | None = None

    def to_float(self, device: torch.device) -> "Batch":
        """The batch on the device, in float32 in [0, 1]."""
        content, style = to_float(self.content, device), to_float(self.style, device)
        return replace(self, content=content, style=style)


def to_float(images: Tensor, device: torch.device) -> Tensor:
    """uint8 (N, 3, H, W) to float32 in [0, 1] on the device, channels last."""
    images = images.to(device, non_blocking=True, memory_format=torch.channels_last)
    return images.float() / 255

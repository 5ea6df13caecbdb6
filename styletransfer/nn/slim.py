"""A slim encoder and decoder, fast at any size: VGG's taps in a seventh of its parameters.

Nothing is computed at full resolution. The encoder halves the picture in its first convolution, the
decoder's last gives four pixels at each position, and what is upsampled in between never exists.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .vgg import ReflectConv

SLIM_CHANNELS = (32, 64, 128)  # at a half, a quarter and an eighth of the picture's side


class Halve(nn.Conv2d):
    """A convolution of stride 2 that pads by reflection: (N, C, H, W) to (N, outputs, H/2, W/2)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 4):
        super().__init__(inputs, outputs, kernel, stride=2)
        self.reach = kernel // 2 - 1

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, (self.reach,) * 4, mode="reflect"))


class Double(ReflectConv):
    """Bilinear upsampling and a 3×3 convolution, as one convolution of the small map.

    Both are linear: what the convolution sees around each of the four pixels that a position
    becomes is a mixture of that position's 3×3 neighbourhood, the same everywhere. So its weights
    are mixed instead of the map, which stays small, and no checkerboard can arise.
    (N, inputs, H, W) to (N, outputs, 2H, 2W).
    """

    # Weight of the neighbours at -1, 0 and 1 (last) in the upsampled pixel that each tap of the
    # kernel (second) looks at, from the even and the odd pixel of a position (first).
    MIXTURE = (
        ((0.75, 0.25, 0.0), (0.25, 0.75, 0.0), (0.0, 0.75, 0.25)),
        ((0.25, 0.75, 0.0), (0.0, 0.75, 0.25), (0.0, 0.25, 0.75)),
    )

    def forward(self, x: Tensor) -> Tensor:
        mixture = self.weight.new_tensor(self.MIXTURE)
        weight = torch.einsum("ocyx,pyj,qxk->opqcjk", self.weight, mixture, mixture).flatten(0, 2)
        x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), weight, self.bias.repeat_interleave(4))
        return F.pixel_shuffle(x, 2)


class SlimEncoder(nn.Module):
    """RGB in [0, 1] to features at a quarter and an eighth of the picture's side.

    They are named as VGG's taps of these resolutions are, from which they are first made
    (`training.initialize`), relu3_1 and relu4_1.
    """

    reach = 32  # pixels: farther away nothing matters to a feature; a multiple of 8

    def __init__(self, channels: tuple[int, ...] = SLIM_CHANNELS):
        super().__init__()
        half, quarter, eighth = channels
        self.halve1, self.conv1 = Halve(3, half, 6), ReflectConv(half, half)
        self.halve2, self.conv2 = Halve(half, quarter), ReflectConv(quarter, quarter)
        self.halve3, self.conv3 = Halve(quarter, eighth), ReflectConv(eighth, eighth)

    def forward(self, x: Tensor, taps: Iterable[str] = ("relu3_1", "relu4_1")) -> dict[str, Tensor]:
        """Features by tap. x: (N, 3, H, W) in [0, 1], H and W multiples of 8 and at least 16."""
        found = {}
        x = F.relu(self.halve1(x), inplace=True)
        x = F.relu(self.conv1(x), inplace=True)
        x = F.relu(self.halve2(x), inplace=True)
        found["relu3_1"] = x = F.relu(self.conv2(x), inplace=True)
        x = F.relu(self.halve3(x), inplace=True)
        found["relu4_1"] = F.relu(self.conv3(x), inplace=True)
        return {tap: found[tap] for tap in taps}


class SlimDecoder(nn.Module):
    """Features at a quarter and an eighth of the picture's side, to RGB."""

    reach = 32  # pixels: farther away a feature does not matter to the picture; a multiple of 8

    def __init__(self, channels: tuple[int, ...] = SLIM_CHANNELS):
        super().__init__()
        half, quarter, eighth = channels
        self.double3 = Double(eighth, quarter)
        self.convs = nn.ModuleList(ReflectConv(quarter, quarter) for _ in range(3))
        self.double2 = Double(quarter, half)
        self.conv1 = ReflectConv(half, half)
        self.pixels = ReflectConv(half, 12)  # each position is four pixels

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """features: what the bottleneck gives for its taps; (N, 3, H, W), about [0, 1]."""
        x = F.relu(self.double3(features["relu4_1"]), inplace=True) + features["relu3_1"]
        for conv in self.convs:
            x = F.relu(conv(x), inplace=True)
        x = F.relu(self.double2(x), inplace=True)
        x = F.relu(self.conv1(x), inplace=True)
        return F.pixel_shuffle(self.pixels(x), 2)

"""A slim encoder and decoder: two of VGG's taps with a fraction of its parameters, fast at any size.

Nothing is computed at full resolution: the encoder's first convolution halves the picture, the
decoder's last one gives four pixels per position, and upsampled maps are never stored.

Both can work at a slightly higher resolution inside (`scale`), which makes strokes finer than the
convolutions alone could and keeps more of the photo.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .vgg import ReflectConv, convolved

SLIM_CHANNELS = (32, 64, 128)  # at a half, a quarter and an eighth of the picture's side
SAME = (1, 1)


def resized(x: Tensor, after: int, before: int) -> Tensor:
    """Resize pictures (N, 3, H, W) to after/before of their size; H and W are multiples of `before`.

    Three-lobed Lanczos, widened when it reduces. Every `before` pixels of a side become `after` in the
    same way, so it is a strided convolution: it exports, and a tile comes out as in the whole picture.

    Computed in float32 (or float64): in bfloat16 the weights of a pixel would not add up to one, and
    flat areas would not stay flat.
    """
    if after == before:
        return x
    reach = 3  # pixels beyond the `before` ones: enough for reductions down to 4/5
    centers = (torch.arange(after, device=x.device) + 0.5) * before / after - 0.5
    seen = torch.arange(-reach, before + reach, device=x.device)
    t = (seen - centers[:, None]).abs() / max(1.0, before / after)
    taps = torch.where(t < 3, t.sinc() * (t / 3).sinc(), 0.0)
    taps = taps / taps.sum(dim=1, keepdim=True)
    weight = torch.einsum("py,qx->pqyx", taps, taps).flatten(0, 1)[:, None].repeat(3, 1, 1, 1)
    with torch.autocast(x.device.type, enabled=False):
        wide = x if x.dtype == torch.float64 else x.float()
        wide = F.pad(wide, (reach,) * 4, mode="reflect")
        parts = F.conv2d(wide, weight.to(wide.dtype), stride=before, groups=3)
        return F.pixel_shuffle(parts, after).to(x.dtype)


class Halve(nn.Conv2d):
    """A stride-2 convolution with reflection padding: (N, inputs, H, W) to (N, outputs, H/2, W/2)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 4):
        super().__init__(inputs, outputs, kernel, stride=2)
        self.reach = kernel // 2 - 1

    def forward(self, x: Tensor, relu: bool = False) -> Tensor:
        x = F.pad(x, (self.reach,) * 4, mode="reflect")
        return convolved(x, self.weight, self.bias, stride=2, relu=relu)


class Double(ReflectConv):
    """Bilinear upsampling and a 3×3 convolution, done as one convolution of the small map.

    Both are linear: each of the four pixels that a position becomes depends on that position's 3×3
    neighbourhood, in the same way everywhere. So the kernel's weights are mixed instead of the map,
    which is never upsampled; there is no checkerboard. (N, inputs, H, W) to (N, outputs, 2H, 2W).
    """

    # MIXTURE[parity][tap][neighbour]: for the even and the odd pixel of a position, the weight of the
    # neighbours at -1, 0 and 1 in the upsampled pixel that each tap of the kernel looks at.
    MIXTURE = (
        ((0.75, 0.25, 0.0), (0.25, 0.75, 0.0), (0.0, 0.75, 0.25)),
        ((0.25, 0.75, 0.0), (0.0, 0.75, 0.25), (0.0, 0.25, 0.75)),
    )

    mixture: Tensor

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs)
        # Where the weights are: a CUDA graph copies nothing from the host.
        self.register_buffer("mixture", torch.tensor(self.MIXTURE), persistent=False)

    def forward(self, x: Tensor, relu: bool = False) -> Tensor:
        mixture = self.mixture.to(self.weight.dtype)
        weight = torch.einsum("ocyx,pyj,qxk->opqcjk", self.weight, mixture, mixture).flatten(0, 2)
        bias = self.bias.repeat_interleave(4)
        x = convolved(F.pad(x, (1, 1, 1, 1), mode="reflect"), weight, bias, relu=relu)
        return F.pixel_shuffle(x, 2)


class Quadruple(ReflectConv):
    """A 3×3 convolution to four pixels per position: (N, inputs, H, W) to (N, outputs, 2H, 2W).

    The kernels of the four pixels are shifted to have equal sums, so a flat map gives four equal pixels
    and no checkerboard, whatever is learned: the condition of Sugawara et al. 2019, "Checkerboard
    artifacts free convolutional neural networks".
    """

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, 4 * outputs)

    def forward(self, x: Tensor, relu: bool = False) -> Tensor:
        weight, bias = (_of_four(part) for part in (self.weight.float(), self.bias.float()))
        seen = weight.mean(dim=(3, 4), keepdim=True)
        weight = weight - (seen - seen.mean(dim=1, keepdim=True))
        bias = bias.mean(dim=1, keepdim=True).expand_as(bias)
        weight, bias = (part.flatten(0, 1).to(x.dtype) for part in (weight, bias))
        x = convolved(F.pad(x, (1, 1, 1, 1), mode="reflect"), weight, bias, relu=relu)
        return F.pixel_shuffle(x, 2)


class Block(nn.Module):
    """A residual block of two 3×3 convolutions: (N, C, H, W) to the same shape.

    The second starts at zero, so that a new block in a trained network changes nothing at first.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.first, self.second = ReflectConv(channels, channels), ReflectConv(channels, channels)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.second(self.first(x, relu=True)).add_(x), inplace=True)


class SlimEncoder(nn.Module):
    """RGB in [0, 1] to features at a quarter and, with a third level, an eighth of the side.

    They are called relu3_1 and relu4_1 after the VGG taps of these resolutions, from which they are
    initialised (`training.initialize`).

    channels: per level, two or three. scale: (5, 4), for example, resizes the picture to 5/4 first.
    """

    def __init__(self, channels: tuple[int, ...] = SLIM_CHANNELS, scale: tuple[int, int] = SAME):
        super().__init__()
        self.scale = scale
        half, quarter, *eighth = channels
        self.halve1, self.conv1 = Halve(3, half, 6), ReflectConv(half, half)
        self.halve2, self.conv2 = Halve(half, quarter), ReflectConv(quarter, quarter)
        if eighth:
            self.halve3, self.conv3 = Halve(quarter, *eighth), ReflectConv(*eighth, *eighth)
        # Radius of a feature's receptive field in pixels, rounded up to a multiple of 16.
        self.reach = 32 if eighth else 16
        self.stride = 8 if eighth else 4  # pixels (at `scale`) per position of the deepest features

    def forward(
        self,
        x: Tensor,
        taps: Iterable[str] = ("relu3_1", "relu4_1"),
        scale: tuple[int, int] | None = None,
    ) -> dict[str, Tensor]:
        """Features by tap. x: (N, 3, H, W) in [0, 1], H and W multiples of `padding.MULTIPLE`.

        scale: to use in place of the encoder's own.
        """
        found = {}
        x = resized(x, *(scale or self.scale))
        x = self.halve1(x, relu=True)
        x = self.conv1(x, relu=True)
        x = self.halve2(x, relu=True)
        found["relu3_1"] = x = self.conv2(x, relu=True)
        if "relu4_1" in taps:
            x = self.halve3(x, relu=True)
            found["relu4_1"] = self.conv3(x, relu=True)
        return {tap: found[tap] for tap in taps}


class SlimDecoder(nn.Module):
    """The slim encoder's features back to RGB; arguments as for `SlimEncoder`.

    blocks: how many residual `Block`s there are at a quarter of the side.
    """

    def __init__(
        self,
        channels: tuple[int, ...] = SLIM_CHANNELS,
        scale: tuple[int, int] = SAME,
        blocks: int = 0,
    ):
        super().__init__()
        self.scale = scale
        half, quarter, *eighth = channels
        # Radius of the receptive field in pixels: every convolution adds one position to each side.
        self.reach = 8 * len(eighth) + 4 * (3 + 2 * blocks + 1) + 2 * 2
        if eighth:
            self.double3 = Double(eighth[0], quarter)
        self.convs = nn.ModuleList(ReflectConv(quarter, quarter) for _ in range(3))
        self.blocks = nn.Sequential(*(Block(quarter) for _ in range(blocks)))
        self.double2 = Double(quarter, half)
        self.conv1 = ReflectConv(half, half)
        self.pixels = Quadruple(half, 3)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Features by tap, as the bottleneck gives them, to (N, 3, H, W), about [0, 1]."""
        x = features["relu3_1"]
        if "relu4_1" in features:
            x = self.double3(features["relu4_1"], relu=True) + x
        for conv in self.convs:
            x = conv(x, relu=True)
        x = self.blocks(x)
        x = self.double2(x, relu=True)
        x = self.conv1(x, relu=True)
        return resized(self.pixels(x), *self.scale[::-1])


def _of_four(part: Tensor) -> Tensor:
    """A parameter of 4 · outputs rows, as `F.pixel_shuffle` orders them, reshaped to (outputs, 4, …)."""
    return part.reshape(-1, 4, *part.shape[1:])

"""A slim encoder and decoder, fast at any size: two of VGG's taps in a fraction of its parameters.

Nothing is computed at full resolution. The encoder halves the picture in its first convolution, the
decoder's last gives four pixels at each position, and what is upsampled in between never exists.

Both may work on a picture that is a little larger inside than outside: strokes become finer than the
convolutions alone can paint them, which keeps more of the photo in the same style.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .vgg import ReflectConv, convolved

SLIM_CHANNELS = (32, 64, 128)  # at a half, a quarter and an eighth of the picture's side
SAME = (1, 1)


def resized(x: Tensor, after: int, before: int) -> Tensor:
    """Pictures (N, 3, H, W), H and W multiples of `before`, at after/before of their size.

    Lanczos's interpolation of three lobes, over more pixels where they become fewer. Every `before`
    pixels of a side become `after` in the same way, wherever they are: a strided convolution, which
    exports, and gives the same in a part of a picture as in the whole.

    In float32 (or float64) inside, since rounded to bfloat16 the weights of a pixel no longer add up to
    one: what is flat would not stay flat.
    """
    if after == before:
        return x
    reach = 3  # beyond the `before` pixels: enough while they become 4/5 at the least
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
    """A convolution of stride 2 that pads by reflection: (N, C, H, W) to (N, outputs, H/2, W/2)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 4):
        super().__init__(inputs, outputs, kernel, stride=2)
        self.reach = kernel // 2 - 1

    def forward(self, x: Tensor, relu: bool = False) -> Tensor:
        x = F.pad(x, (self.reach,) * 4, mode="reflect")
        return convolved(x, self.weight, self.bias, stride=2, relu=relu)


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
    """A 3×3 convolution to four pixels at each position: (N, inputs, H, W) to (N, outputs, 2H, 2W).

    All four see the same of a constant: their weights are summed over the kernel, and what they differ
    in is taken off. So there is no checkerboard where the map is flat, whatever is learned: the
    condition of Sugawara et al. 2019, "Checkerboard artifacts free convolutional neural networks".
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
    """Two 3×3 convolutions whose outcome is added to what they are given: (N, C, H, W) to the same.

    The second is zero at first, so that a block which is put into a trained network changes nothing yet.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.first, self.second = ReflectConv(channels, channels), ReflectConv(channels, channels)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.second(self.first(x, relu=True)).add_(x), inplace=True)


class SlimEncoder(nn.Module):
    """RGB in [0, 1] to features at a quarter and, if there is a third level, an eighth of the side.

    They are named as VGG's taps of these resolutions are, from which they are first made
    (`training.initialize`), relu3_1 and relu4_1.

    channels: of each level, two or three. scale: (5, 4), say, if the picture is first made 5/4 of its
    size.
    """

    def __init__(self, channels: tuple[int, ...] = SLIM_CHANNELS, scale: tuple[int, int] = SAME):
        super().__init__()
        self.scale = scale
        half, quarter, *eighth = channels
        self.halve1, self.conv1 = Halve(3, half, 6), ReflectConv(half, half)
        self.halve2, self.conv2 = Halve(half, quarter), ReflectConv(quarter, quarter)
        if eighth:
            self.halve3, self.conv3 = Halve(quarter, *eighth), ReflectConv(*eighth, *eighth)
        # In pixels, how far away something can matter to a feature: a multiple of 16.
        self.reach = 32 if eighth else 16
        self.stride = 8 if eighth else 4  # pixels, inside, to a position of the deepest features

    def forward(
        self,
        x: Tensor,
        taps: Iterable[str] = ("relu3_1", "relu4_1"),
        scale: tuple[int, int] | None = None,
    ) -> dict[str, Tensor]:
        """Features by tap. x: (N, 3, H, W) in [0, 1], H and W multiples of `stylizer.MULTIPLE`. scale:
        another than its own, for once."""
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
    """Features as the encoder gives them, to RGB; arguments as for the encoder.

    blocks: how many `Block`s there are at a quarter of the side.
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
        # In pixels, farther away than which a feature does not matter to the picture: each convolution
        # sees one position more to each side.
        self.reach = 8 * len(eighth) + 4 * (3 + 2 * blocks + 1) + 2 * 2
        if eighth:
            self.double3 = Double(eighth[0], quarter)
        self.convs = nn.ModuleList(ReflectConv(quarter, quarter) for _ in range(3))
        self.blocks = nn.Sequential(*(Block(quarter) for _ in range(blocks)))
        self.double2 = Double(quarter, half)
        self.conv1 = ReflectConv(half, half)
        self.pixels = Quadruple(half, 3)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """features: what the bottleneck gives for its taps; (N, 3, H, W), about [0, 1]."""
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
    """A parameter of 4 · outputs rows, in the order of `F.pixel_shuffle`, as (outputs, 4, …)."""
    return part.reshape(-1, 4, *part.shape[1:])

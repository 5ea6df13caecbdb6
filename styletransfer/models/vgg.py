"""The VGG encoder (Simonyan & Zisserman 2014) up to relu4_1, with named taps."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..device import fast_dtype

CONVOLUTIONS = {"vgg16": (2, 2, 3, 1), "vgg19": (2, 2, 4, 1)}  # per block, as far as relu4_1
CHANNELS = (64, 128, 256, 512)  # per block
STYLE_TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")


class ReflectConv(nn.Conv2d):
    """A 3×3 convolution with reflection padding; zero padding would show as a border in the picture."""

    bias: Tensor  # never None here

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs, 3)

    def forward(self, x: Tensor, relu: bool = False) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H, W); relu: with all that is negative made 0."""
        return convolved(F.pad(x, (1, 1, 1, 1), mode="reflect"), self.weight, self.bias, relu=relu)


def convolved(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: int = 1, relu: bool = False
) -> Tensor:
    """A convolution without padding, and its ReLU if that is wanted.

    In bfloat16 on a CPU as one operation of oneDNN, the same to the bit: a pass of its own takes
    longer there than the convolution.
    """
    if relu and _fuses(x, weight):
        fused = torch.ops.mkldnn._convolution_pointwise
        found: Tensor = fused(x, weight, bias, [0, 0], [stride] * 2, [1, 1], 1, "relu", [], "")
        return found
    y = F.conv2d(x, weight, bias, stride)
    return F.relu(y, inplace=True) if relu else y


def _fuses(x: Tensor, weight: Tensor) -> bool:
    """Whether oneDNN is to take both: it knows no gradients, and bfloat16 on newer processors only."""
    plain = not (torch.is_grad_enabled() or torch.compiler.is_compiling())
    kind = (x.device.type, x.dtype, weight.dtype) == ("cpu", torch.bfloat16, torch.bfloat16)
    there = hasattr(torch.ops.mkldnn, "_convolution_pointwise")
    return plain and kind and there and fast_dtype(x.device) == x.dtype


class VGGEncoder(nn.Module):
    """VGG-16 or VGG-19 from RGB in [0, 1] to relu4_1; convolutions are named conv1_1 … conv4_1.

    The colour conversion and mean subtraction of the original networks are folded into conv1_1.

    units: by tap, the factors (C,) that its channels were divided by. Set by `normalize_activations`;
    empty otherwise, since weight files do not store it.
    """

    reach = 48  # radius of a feature's receptive field in pixels, rounded up to a multiple of 16
    stride = 8  # pixels per position of the deepest features

    def __init__(self, architecture: str = "vgg19", channels: tuple[int, ...] = CHANNELS):
        super().__init__()
        self.names: list[str] = []
        self.units: dict[str, Tensor] = {}
        inputs = 3
        for block, (count, outputs) in enumerate(zip(CONVOLUTIONS[architecture], channels), 1):
            for i in range(1, count + 1):
                self.names.append(f"{block}_{i}")
                self.add_module(f"conv{block}_{i}", ReflectConv(inputs, outputs))
                inputs = outputs

    def forward(self, x: Tensor, taps: Iterable[str] = STYLE_TAPS) -> dict[str, Tensor]:
        """Features by name, e.g. {"relu1_1": (N, 64, H, W), …, "relu4_1": (N, 512, H/8, W/8)}.

        x: (N, 3, H, W) in [0, 1], H and W at least 16. Runs no further than the deepest tap wanted.
        Raises ValueError for a tap that does not exist.
        """
        wanted, found = set(taps), {}
        for name in self.names:
            if name != "1_1" and name.endswith("_1"):
                x = F.max_pool2d(x, 2)
            x = getattr(self, f"conv{name}")(x, relu=True)
            if f"relu{name}" in wanted:
                found[f"relu{name}"] = x
                if len(found) == len(wanted):
                    return found
        raise ValueError(f"no such tap: {', '.join(sorted(wanted - set(found)))}")


@torch.no_grad()
def normalize_activations(encoder: VGGEncoder, means: Mapping[str, Tensor]) -> VGGEncoder:
    """Scale every filter, in place, so that its mean activation over many pictures is 1 (Gatys).

    means: the mean activations (C,) of the unscaled encoder, by name ("1_1", …). What scales a layer's
    filters is undone in the next layer's inputs, so each tap changes only by a factor per channel:
    relu(a·x) = a·relu(x) for a > 0.
    """
    previous = None
    for name in encoder.names:
        conv, mean = getattr(encoder, f"conv{name}"), means[name]
        if previous is not None:
            conv.weight *= previous[None, :, None, None]
        conv.weight /= mean[:, None, None, None]
        conv.bias /= mean
        encoder.units[f"relu{name}"] = previous = mean
    return encoder


@torch.no_grad()
def mean_activations(
    encoder: VGGEncoder, pictures: Iterable[Tensor], floor: float = 0.2
) -> dict[str, Tensor]:
    """Mean activation of each filter over batches of pictures (N, 3, H, W), as {name: (C,) float32}.

    Never under `floor` times the layer's mean: a near-dead filter would otherwise be scaled up
    ten-thousandfold and swamp every loss.
    """
    taps = [f"relu{name}" for name in encoder.names]
    sums = {name: torch.zeros(()) for name in encoder.names}
    count = 0
    for batch in pictures:
        for name, x in zip(encoder.names, encoder(batch, taps).values()):
            sums[name] = sums[name] + x.float().mean(dim=(2, 3)).sum(dim=0)
        count += len(batch)
    means = {name: total / count for name, total in sums.items()}
    return {name: mean.clamp(min=floor * mean.mean().item()) for name, mean in means.items()}

"""The VGG decoder: the encoder's mirror, from bottleneck features back to a picture."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F

from .vgg import CHANNELS, STYLE_TAPS, ReflectConv


class Decoder(nn.Module):
    """Upsampling and 3×3 convolutions from relu4_1 to RGB.

    Each stage ends with as many channels as the encoder's tap one level up has. If the bottleneck
    normalises that tap too, its features are added there; otherwise the decoder invents that level.

    convolutions: how many per stage, deepest first; (1, 4, 2, 2) with relu4_1 alone is the decoder of
    Huang & Belongie 2017. upsampling: "nearest", as published, leaves a faint weave where a level is
    invented; "bilinear" does not.
    """

    def __init__(
        self,
        convolutions: tuple[int, ...],
        channels: tuple[int, ...] = CHANNELS,
        upsampling: str = "bilinear",
    ):
        super().__init__()
        self.convolutions, self.upsampling = convolutions, upsampling
        self.stages = nn.ModuleList()
        widths = [3, *channels]
        for level, count in zip(range(len(channels), 0, -1), convolutions, strict=True):
            inside, outside = widths[level], widths[level - 1]
            last = ReflectConv(inside, outside)
            self.stages.append(
                nn.ModuleList([*(ReflectConv(inside, inside) for _ in range(count - 1)), last])
            )

    @property
    def reach(self) -> int:
        """Radius of an output pixel's receptive field, in pixels."""
        sides = (8, 4, 2, 1)  # pixels per position at each stage; upsampling sees one position more
        counts = [count + (2 if level else 0) for level, count in enumerate(self.convolutions)]
        return sum(side * count for side, count in zip(sides, counts))

    def upsample(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, 2H, 2W)."""
        return F.interpolate(x, scale_factor=2, mode=self.upsampling)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Features by tap, as the bottleneck gives them, to (N, 3, H, W), about [0, 1]."""
        taps = STYLE_TAPS[::-1]
        x = features[taps[0]]
        for i, stage in enumerate(self.stages):
            if i > 0:
                x = self.upsample(x)
                if taps[i] in features:
                    x = x + features[taps[i]]
            *convolutions, last = stage.children()
            for conv in convolutions:
                x = conv(x, relu=True)
            x = last(x, relu=i < len(self.stages) - 1)
        return x

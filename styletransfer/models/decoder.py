"""The decoder: the encoder's mirror, from bottleneck features back to a picture."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F

from .vgg import CHANNELS, STYLE_TAPS, ReflectConv


class Decoder(nn.Module):
    """Upsampling and 3×3 convolutions from relu4_1 resolution to RGB.

    Each stage ends with the channels of the encoder's tap one level up, so a tap that the
    bottleneck has normalised too is simply added there; without it the decoder has to imagine
    that level. convolutions: how many per stage, deepest first; (1, 4, 2, 2) with the deepest
    tap alone is the decoder of Huang & Belongie 2017.

    upsampling: nearest, as published, leaves a faint weave where a level is imagined; bilinear
    does not.
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
        """In pixels, how far away a feature can matter to the picture."""
        sides = (8, 4, 2, 1)  # of a position, at each stage; upsampling looks one further
        counts = [count + (2 if level else 0) for level, count in enumerate(self.convolutions)]
        return sum(side * count for side, count in zip(sides, counts))

    def upsample(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, 2H, 2W)."""
        return F.interpolate(x, scale_factor=2, mode=self.upsampling)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """features: what the bottleneck gives for each of its taps; (N, 3, H, W), about [0, 1]."""
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

"""Views: the scales at which images are compared."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ...models.vgg import STYLE_TAPS, VGGEncoder

LOSS_TAPS = (*STYLE_TAPS, "relu3_3")


@dataclass
class ViewFeatures:
    """VGG features by tap at one scale: of the B content and style images, and of the N outputs."""

    content: dict[str, Tensor]
    style: dict[str, Tensor]
    output: dict[str, Tensor]


def downscaled(x: Tensor, scale: float) -> Tensor:
    """Images (N, 3, H, W) reduced to `scale` of their size."""
    if scale == 1:
        return x
    small = F.interpolate(x.float(), scale_factor=scale, mode="bilinear", antialias=True)
    return small.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def target_features(
    vgg: VGGEncoder, content: Tensor, style: Tensor
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """VGG features by tap of the content and of the style, without gradients."""
    features = vgg(torch.cat([content, style]), LOSS_TAPS)
    count = len(content)
    return {t: x[:count] for t, x in features.items()}, {t: x[count:] for t, x in features.items()}


def farther_views(
    vgg: VGGEncoder, count: int, content: Tensor, style: Tensor, output: Tensor
) -> Iterator[ViewFeatures]:
    """Yield `count` further views, each at half the size of the one before."""
    for _ in range(count):
        content, style, output = (downscaled(x, 0.5) for x in (content, style, output))
        yield ViewFeatures(*target_features(vgg, content, style), vgg(output, LOSS_TAPS))

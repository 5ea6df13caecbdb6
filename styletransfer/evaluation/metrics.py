"""The scores style, gram, content and ssim, measured on the original VGG-19.

Features are those of the network as released, unscaled (`load_encoder(False)`).
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ..models.bottlenecks.instance import instance_norm
from ..models.statistics import Statistics, statistics
from ..models.vgg import STYLE_TAPS

TAPS = (*STYLE_TAPS, "relu3_3")


def gram_matrices(features: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """F·Fᵀ per position at each style tap, (1, C, C)."""
    flat = {tap: features[tap].flatten(2) for tap in STYLE_TAPS}
    return {tap: x @ x.transpose(1, 2) / x.shape[2] for tap, x in flat.items()}


def all_statistics(features: Mapping[str, Tensor]) -> dict[str, Statistics]:
    """Mean and standard deviation at each style tap, (1, C) each."""
    return {tap: statistics(features[tap]) for tap in STYLE_TAPS}


def style_deviations(styles: Sequence[Mapping[str, Statistics]]) -> dict[str, Statistics]:
    """Standard deviation of each channel's μ and of its σ over all styles of the set, (C,) each."""
    return {
        tap: Statistics(*(torch.cat(part).std(dim=0) for part in zip(*(s[tap] for s in styles))))
        for tap in STYLE_TAPS
    }


def style_score(
    output: Mapping[str, Statistics],
    content: Mapping[str, Statistics],
    style: Mapping[str, Statistics],
    deviations: Mapping[str, Statistics],
) -> float:
    """1 − d(o, s) / d(c, s), where d sums over taps the mean squared differences of μ and of σ.

    Each channel is divided by its standard deviation over all styles. 1 means the style's own
    statistics, 0 the photo's; clamped to [−1, 1]. All three are `all_statistics` of a picture.
    """

    def distance(a: Mapping[str, Statistics], b: Mapping[str, Statistics]) -> float:
        return sum(
            (((x - y) / (d + 1e-8)) ** 2).mean().item()
            for tap in STYLE_TAPS
            for x, y, d in zip(a[tap], b[tap], deviations[tap])
        )

    return _relative(distance(output, style), distance(content, style))


def gram_score(
    output: Mapping[str, Tensor], content: Mapping[str, Tensor], style: Mapping[str, Tensor]
) -> float:
    """`style_score` with Gram matrices; each tap's squared difference is relative to the style's
    norm."""

    def distance(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> float:
        return sum(((a[t] - b[t]) ** 2).sum().item() / (b[t] ** 2).sum().item() for t in STYLE_TAPS)

    return _relative(distance(output, style), distance(content, style))


def content_score(output: Mapping[str, Tensor], content: Mapping[str, Tensor]) -> float:
    """1 − ½ · mean (IN(F(o)) − IN(F(c)))² at relu3_3: 1 is the photo, 0 an unrelated picture."""
    a, b = (instance_norm(x["relu3_3"]) for x in (output, content))
    return 1 - 0.5 * (a - b).square().mean().item()


def luminance(picture: Tensor) -> Tensor:
    """(N, 3, H, W) to (N, 1, H, W)."""
    weights = picture.new_tensor((0.299, 0.587, 0.114)).view(1, 3, 1, 1)
    return (picture * weights).sum(dim=1, keepdim=True)


def ssim(a: Tensor, b: Tensor, window: int = 11, sigma: float = 1.5) -> Tensor:
    """Mean structural similarity of luminance (Wang et al. 2004, eq. 13) with a Gaussian window; (N,).

    a, b: RGB (N, 3, H, W) in [0, 1], H and W at least `window`. 1 means identical.
    """
    x, y = luminance(a), luminance(b)
    position = torch.arange(window, dtype=a.dtype, device=a.device) - window // 2
    kernel = torch.exp(-(position**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()

    def blur(z: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(z, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))

    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    map = (2 * mx * my + c1) * (2 * cov + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2))
    return map.mean(dim=(1, 2, 3))


def _relative(distance: float, reference: float) -> float:
    if reference == 0:  # the photo is the style: nothing to gain, and none is lost if it stays
        return 1.0 if distance == 0 else -1.0
    return max(-1.0, min(1.0, 1 - distance / reference))

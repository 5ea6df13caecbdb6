"""Content distances: features without colour and contrast, and structural similarity."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ...evaluation.metrics import ssim
from ...models.statistics import EPS, statistics

CONTENT_TAPS = ("relu3_3", "relu4_1")


def content_distance(
    a: Mapping[str, Tensor], b: Mapping[str, Tensor], taps: Sequence[str] = CONTENT_TAPS
) -> Tensor:
    """½ · mean (IN(a) − IN(b))² over the taps; (N,) float32, 0 alike … 1 unrelated.

    Instance-normalised features do not see colour and contrast, which belong to the style (Huang &
    Belongie 2017, section 4). Written out, it is one minus the correlation, which needs no normalised
    copies: 1 − ½ ε (σ_a⁻² + σ_b⁻²) − cov(a, b) / (σ_a σ_b), with σ² = var + ε.
    """
    distances = []
    for tap in taps:
        x, y = statistics(a[tap]), statistics(b[tap])
        covariance = (a[tap].float() * b[tap].float()).mean(dim=(2, 3)) - x.mean * y.mean
        variances = 1 - 0.5 * EPS * (x.std**-2 + y.std**-2)  # below one where a channel is constant
        distances.append((variances - covariance / (x.std * y.std)).mean(dim=1))
    return torch.stack(distances).mean(dim=0)


def structure_distance(a: Tensor, b: Tensor) -> Tensor:
    """1 − SSIM of the luminance of images (N, 3, H, W) about [0, 1]; (N,) float32 (Wang et al. 2004,
    eq. 13)."""
    with torch.autocast(a.device.type, enabled=False):  # half precision has no room for variances
        return 1 - ssim(a.float(), b.float())

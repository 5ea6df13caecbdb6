"""Style as whole distributions of features: what a stroke is and no mean sees."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

STROKE_TAPS = ("relu2_1", "relu3_1", "relu4_1")
PROJECTIONS, POSITIONS = 64, 2048  # of features, drawn anew in each step


def sliced_distance(
    a: Mapping[str, Tensor], b: Mapping[str, Tensor], units: Mapping[str, Tensor], seed: int
) -> Tensor:
    """Σ over taps of mean |sorted projections of a − of b| over mean |those of b|; (N,) float32.

    The sliced 1-Wasserstein distance between the distributions of features a and b (the style's), (N, C,
    H, W) of one size each, over random directions drawn anew for each seed (Heitz et al. 2021, arXiv
    2006.07229, eq. 4). Sorted in one dimension, two distributions are matched as well as can be; Gram
    matrices see no more of them than products. units: as for `gram_distance`.
    """
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(())
    for tap in STROKE_TAPS:
        channels, count = a[tap].shape[1], a[tap].shape[2] * a[tap].shape[3]
        directions = F.normalize(torch.randn(PROJECTIONS, channels, generator=generator), dim=1)
        directions = directions.to(a[tap].device) * units.get(tap, torch.ones(1)).to(a[tap].device)
        positions = torch.randperm(count, generator=generator)[:POSITIONS].to(a[tap].device)
        with torch.autocast(a[tap].device.type, enabled=False):
            x, y = (directions @ f.flatten(2)[:, :, positions].float() for f in (a[tap], b[tap]))
            x, y = x.sort(dim=2).values, y.sort(dim=2).values
            total = total + (x - y).abs().mean(dim=(1, 2)) / y.abs().mean(dim=(1, 2))
    return total

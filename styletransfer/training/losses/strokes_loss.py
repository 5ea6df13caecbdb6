"""Stroke distance: whole distributions of features, which means and Gram matrices do not capture."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

STROKE_TAPS = ("relu2_1", "relu3_1", "relu4_1")
PROJECTIONS, POSITIONS = 64, 2048  # of features, drawn anew in each step


def sliced_distance(
    a: Mapping[str, Tensor], b: Mapping[str, Tensor], units: Mapping[str, Tensor], seed: int
) -> Tensor:
    """Σ over taps of mean |sorted projections of a − of b| / mean |those of b|; (N,) float32.

    The sliced 1-Wasserstein distance between the feature distributions of a and b (the style), over
    random directions drawn for each seed (Heitz et al. 2021, arXiv 2006.07229, eq. 4). a, b: by tap (N,
    C, H, W), of equal sizes. units: as for `gram_distance`.
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

"""Statistics of feature maps: the mean and spread of each channel, which make up a style.

They are taken per sample over space, and always in float32: a half-precision sum over a large picture
would lose the small differences that matter.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

EPS = 1e-5

RIDGE = 2e-3  # times the mean variance, added to a covariance's diagonal: noise is not amplified

MANY, CACHED = 16, 4096
"""Channels from which on a CPU is three times faster with blocks of so many positions than with rows."""


class Statistics(NamedTuple):
    """The statistics of a style at one tap; float32.

    mean: per channel, (N, C). std: the standard deviation per channel, (N, C); at a joint tap the
    symmetric square root of the channels' covariance, (N, C, C).
    """

    mean: Tensor
    std: Tensor


Code = Mapping[str, Statistics]
"""What the network needs to know of a style: statistics by tap."""


class Moments(NamedTuple):
    """Mean (N, C) and variance (N, C) or covariance (N, C, C), of which `Statistics` hold the root."""

    mean: Tensor
    var: Tensor


def moments(x: Tensor, joint: bool = False) -> Moments:
    """Mean and biased variance over space of x (N, C, *space), float32; joint: covariance instead."""
    x = _plane(x)
    on_cpu = x.device.type == "cpu" and not torch.compiler.is_compiling()  # nor exporting
    if not joint:
        x = x.float() if x.dtype == torch.float64 else x
        if on_cpu:
            return Moments(*_CpuMoments.apply(x))
        var, mean = torch.var_mean(x.float(), dim=(2, 3), correction=0)
        return Moments(mean, var)
    with torch.autocast(x.device.type, enabled=False):
        if on_cpu and x.shape[1] >= MANY:
            blocks = x.split(max(1, CACHED // x.shape[3]), dim=2)
            return merged([_block_moments(part) for part in blocks], [p.shape[2] for p in blocks])
        # Row by row, then over the rows: one long float32 sum of products loses so much that on a
        # picture of 6 million pixels the covariance is no longer positive.
        rows = x.float().transpose(1, 2)
        mean = rows.mean(dim=3).mean(dim=1)
        rows = rows - mean[:, None, :, None]
        return Moments(mean, (rows @ rows.transpose(2, 3)).mean(dim=1) / rows.shape[3])


def _block_moments(x: Tensor) -> Moments:
    """Joint `moments` of features (N, C, h, w) that fit into a core's cache."""
    rows = x.permute(0, 2, 3, 1).flatten(1, 2).float()
    mean = rows.mean(dim=1)
    rows = rows - mean[:, None]
    return Moments(mean, rows.transpose(1, 2) @ rows / rows.shape[1])


class _CpuMoments(torch.autograd.Function):
    """`moments` on the CPU, by way of batch normalization, which computes the same ten times faster
    than torch.var_mean does on half-precision channels-last maps. The gradient is affine in x: one
    pass in the precision of x.
    """

    BLOCK = 65_536  # positions: the sums are plain ones, so not over too many; blocks are merged

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        one, zero = (
            x.new_ones(x.shape[1], dtype=torch.float32),
            x.new_zeros(x.shape[1], dtype=torch.float32),
        )
        rows = max(1, _CpuMoments.BLOCK // x.shape[3])
        found = []
        for sample in torch.split(x, 1):
            blocks = [
                torch.native_batch_norm(part, one, zero, None, None, True, 0.0, 0.0)[1:]
                for part in torch.split(sample, rows, dim=2)
            ]
            counts = [rows] * (len(blocks) - 1) + [x.shape[2] - rows * (len(blocks) - 1)]
            # 1/σ of a constant channel comes as 0, or as not a number where rounding made σ² negative.
            parts = [Moments(m, r.square().reciprocal().nan_to_num(0.0, posinf=0.0)) for m, r in blocks]
            found.append(merged(parts, counts))
        mean, var = (torch.stack(part) for part in zip(*found))
        ctx.save_for_backward(x, mean)
        return mean, var

    @staticmethod
    def backward(ctx: Any, to_mean: Tensor, to_var: Tensor) -> Tensor:
        x, mean = ctx.saved_tensors
        count = x.shape[2] * x.shape[3]
        slope = 2 * to_var / count
        return affine(x, slope, to_mean / count - slope * mean)


def merged(parts: Sequence[Moments], counts: Sequence[int | Tensor]) -> Moments:
    """Combine the moments of parts into those of the whole (Chan et al. 1979).

    counts: the number of positions in each part; a number, or a tensor with one count per row of the
    part's mean.
    """
    if len(parts) == 1:
        return parts[0]
    total = sum(counts)
    weights = [count / total for count in counts]
    nothing = parts[0].mean.new_zeros(())
    mean = sum((_beside(w, part.mean) * part.mean for w, part in zip(weights, parts)), start=nothing)
    var = torch.zeros_like(parts[0].var)
    for weight, part in zip(weights, parts):
        off = part.mean - mean
        square = off.square() if off.ndim == var.ndim else off[..., None] * off[..., None, :]
        var += _beside(weight, var) * (part.var + square)
    return Moments(mean, var)


def statistics(x: Tensor, joint: bool = False) -> Statistics:
    """Mean and standard deviation over space: μ(x) and σ(x) of Huang & Belongie 2017, eq. 5 and 6.

    x: (N, C, *space), any float dtype: a picture, but also a time series or a volume. σ = sqrt(var +
    EPS) with the biased variance, as in `torch.nn.functional.instance_norm`, so a constant channel gives
    sqrt(eps), not 0.
    joint: Σ^½ in place of σ, where Σ is the covariance with a small ridge on its diagonal.
    """
    mean, var = moments(x, joint)
    return Statistics(mean, square_roots(var)[0] if joint else (var + EPS).sqrt())


def square_roots(covariance: Tensor) -> tuple[Tensor, Tensor]:
    """Σ^½ and Σ^-½, both symmetric, of covariances (…, C, C) with a ridge added (`RIDGE`).

    Newton-Schulz iteration: matrix products only, so it runs, differentiates and exports everywhere.
    Each step first doubles the smallest eigenvalue's share, and near the end the correct digits.
    """
    size = covariance.shape[-1]
    one = torch.eye(size, device=covariance.device, dtype=covariance.dtype)
    with torch.autocast(covariance.device.type, enabled=False):
        spread = covariance.diagonal(dim1=-2, dim2=-1).mean(dim=-1)[..., None, None]
        covariance = covariance + (RIDGE * spread + EPS) * one
        norm = covariance.square().sum(dim=(-2, -1), keepdim=True).sqrt()
        root, inverse = covariance / norm, one.expand_as(covariance)
        for _ in range(20):
            step = 1.5 * one - 0.5 * inverse @ root
            root, inverse = root @ step, step @ inverse
        return root * norm.sqrt(), inverse / norm.sqrt()


MIN_POSITIONS = 16  # positions: a smaller region gives no meaningful statistics


def regional_moments(x: Tensor, region_maps: Tensor, joint: bool = False) -> Moments:
    """`moments` of each of R regions: mean (N, R, C), variance (N, R, C) or covariance (N, R, C, C).

    x: (N, C, H, W). region_maps: (1 or N, R, H, W) in [0, 1], the weight m_r of each position in each
    region: μ_r = Σ m_r x / Σ m_r, the variance likewise. A region of fewer than `MIN_POSITIONS`
    positions gets the moments of the whole map.
    """
    return settled(*weighted_moments(x, region_maps, joint), moments(x, joint))


def weighted_moments(x: Tensor, region_maps: Tensor, joint: bool = False) -> tuple[Moments, Tensor]:
    """The weighted moments of each region, however small it is, and the weights' sums Σ m_r (N, R)."""
    means, variances, totals = [], [], []
    with torch.autocast(x.device.type, enabled=False):
        rows = x.float().transpose(1, 2)  # as in `moments`
        for region_map in region_maps.float().unbind(dim=1):
            weight = region_map.expand(len(rows), -1, -1)[:, :, None]
            total = weight.sum(dim=(1, 3)).clamp(min=EPS)
            mean = (rows * weight).sum(dim=3).sum(dim=1) / total
            off = rows - mean[:, None, :, None]
            if joint:
                var = ((off * weight) @ off.transpose(2, 3)).sum(dim=1)
                variances.append(var / total[:, :, None])
            else:
                variances.append((off.square() * weight).sum(dim=3).sum(dim=1) / total)
            means.append(mean)
            totals.append(total[:, 0])
    return Moments(torch.stack(means, dim=1), torch.stack(variances, dim=1)), torch.stack(totals, dim=1)


def settled(regions: Moments, totals: Tensor, whole: Moments) -> Moments:
    """The moments of regions, with those of the whole for any region smaller than `MIN_POSITIONS`."""
    large = totals >= MIN_POSITIONS
    parts = zip(regions, whole)
    return Moments(*(torch.where(_aligned(large, r), r, w[:, None]) for r, w in parts))


def regional_statistics(x: Tensor, region_maps: Tensor) -> Statistics:
    """`statistics` of each region, (N, R, C) each; arguments as for `regional_moments`."""
    mean, var = regional_moments(x, region_maps)
    return Statistics(mean, (var + EPS).sqrt())


def _beside(count: float | Tensor, values: Tensor) -> float | Tensor:
    """A count per row, shaped to broadcast over `values`; a plain number stays as it is."""
    return _aligned(count, values) if isinstance(count, Tensor) else count


def _aligned(rows: Tensor, values: Tensor) -> Tensor:
    """`rows` with trailing dimensions of 1 appended, so that it broadcasts over `values`."""
    return rows.reshape(*rows.shape, *[1] * (values.ndim - rows.ndim))


def _plane(x: Tensor) -> Tensor:
    """(N, C, *space) as (N, C, H, W): a series is one row, and each slice of a volume is one."""
    if x.ndim == 4:
        return x
    return x.flatten(3) if x.ndim > 4 else x.unsqueeze(2)


def widened(x: Tensor) -> Tensor:
    """x in float32, in which statistics are taken; float64 is left alone."""
    return x if x.dtype == torch.float64 else x.float()


def affine(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """scale · x + shift at every position of x (N, C, *space), in the dtype of x.

    scale: (N or 1, C) per channel, or (N or 1, C, C), a matrix. shift: (N or 1, C).
    """
    if x.ndim != 4:
        return affine(_plane(x), scale, shift).reshape(x.shape)
    # In the features' own precision: no float32 copy of a large feature map.
    scale, shift = scale.to(x.dtype), shift.to(x.dtype)
    if scale.ndim == 2:
        return torch.addcmul(shift[:, :, None, None], x, scale[:, :, None, None])
    rows = x.permute(0, 2, 3, 1).flatten(1, 2)
    if x.shape[1] < 8 and rows.shape[1] % 8 == 0:  # a matrix of three columns multiplies slowly
        scale, shift = torch.kron(torch.eye(8).to(scale), scale), shift.repeat(1, 8)
        rows = rows.reshape(len(x), -1, 8 * x.shape[1])  # eight pixels at once: four times as fast
    rows = torch.baddbmm(shift[:, None], rows, scale.transpose(1, 2).expand(len(x), -1, -1))
    return rows.reshape(len(x), *x.shape[2:], -1).permute(0, 3, 1, 2)

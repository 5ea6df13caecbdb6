"""Plain instance normalization (Ulyanov et al. 2016): the decoder has learned one style."""

from torch import Tensor

from ..statistics import EPS, Moments, affine, moments
from .base import Bottleneck, TapCondition


class InstanceBottleneck(Bottleneck):
    """IN at every tap: every photo is painted in the one style that the decoder has learned."""

    prefix = "instance"
    takes_style = False
    knows_palette = False

    def match(self, x: Tensor, condition: TapCondition) -> Tensor:
        return instance_norm(x, condition.content_moments)


def instance_norm(x: Tensor, content_moments: Moments | None = None) -> Tensor:
    """IN(x) = (x − μ(x)) / σ(x), Ulyanov et al. 2016. x: (N, C, *space); same shape and dtype
    out.

    content_moments: moments to use in place of x's own.
    """
    mean, var = content_moments or moments(x)
    std = (var + EPS).sqrt()
    return affine(x, 1 / std, -mean / std)

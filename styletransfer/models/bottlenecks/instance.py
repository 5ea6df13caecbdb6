"""Plain instance normalization: no style comes in, the decoder has learned one."""

from torch import Tensor

from ..statistics import EPS, Code, Moments, affine, moments
from .base import Bottleneck


class InstanceBottleneck(Bottleneck):
    """IN at every tap (Ulyanov et al. 2016): each photo is painted in the one style that was learned."""

    prefix = "instance"
    takes_style = False
    knows_palette = False

    def match(
        self,
        tap: str,
        x: Tensor,
        code: Code,
        region_maps: Tensor | None,
        content_moments: Moments | None,
    ) -> Tensor:
        return instance_norm(x, content_moments)


def instance_norm(x: Tensor, content_moments: Moments | None = None) -> Tensor:
    """IN(x) = (x − μ(x)) / σ(x), Ulyanov et al. 2016. x: (N, C, *space); same shape and dtype
    out.

    content_moments: x's moments, if they are not to be taken from x.
    """
    mean, var = content_moments or moments(x)
    std = (var + EPS).sqrt()
    return affine(x, 1 / std, -mean / std)

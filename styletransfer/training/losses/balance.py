"""Style distances over the pairs and regions of a batch, and their balance."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .pairing import map_tensors, roll_rows, tile_rows, with_next_row

# A photo that already looks like its style would make a relative distance explode, so the photo's
# own distance counts as at least a quarter of the usual. Constants, not a batch's mean: the loss of
# a batch must be the mean over its samples for several processes to share it.
STYLE_FLOOR = 4.0  # two independent styles are 2 apart for mean and deviation of each of 4 taps: 16
GRAM_FLOOR = 0.5
COLOR_FLOOR = 0.01
STROKES_FLOOR = 0.5


def balanced(distance: Tensor, reference: Tensor, floor: float) -> Tensor:
    """d(output, style) / max(d(content, style), floor), (N,): a pair counts the same however far apart
    it is.

    The idea is that of the style-aware balanced loss, arXiv 2104.10064.
    """
    return distance / reference.clamp(min=floor)


@dataclass(frozen=True)
class StyleComparison:
    """The mean distance of a batch's outputs to their styles.

    pairings: the number of styles that each content image is painted in. balance: whether distances are
    relative to the content's. region_maps: as in `Batch`; each region has its own distance, weighted by
    its area.
    """

    pairings: int
    balance: bool
    region_maps: Tensor | None = None

    def __call__(
        self,
        distance: Callable[[Any, Any], Tensor],
        summary: Callable[[Any], Any],
        style: Any,
        output: Any,
        content: Any,
        floor: float,
    ) -> Tensor:
        """The mean distance, a scalar.

        distance: of two summaries, per sample. summary: a function of images or features. style: the
        summary of the B styles. output, content: N and B images or features. floor: as for `balanced`.
        """
        style = map_tensors(style, self._style_rows)
        distances = distance(summary(output), style)
        if self.balance:
            with torch.no_grad():
                unstylized = map_tensors(summary(content), lambda x: tile_rows(x, self.pairings))
                reference = distance(unstylized, style)
            distances = balanced(distances, reference, floor)
        if self.region_maps is None:
            return distances.mean()
        areas = self.region_maps.mean(dim=(2, 3)).flatten()
        return (distances * areas).sum() / len(self.region_maps)

    def _style_rows(self, x: Tensor) -> Tensor:
        if self.region_maps is None:
            return roll_rows(x, self.pairings)
        return with_next_row(x).flatten(0, 1)

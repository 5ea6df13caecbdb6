"""The losses: a module for each, and `stylization`, which computes them all.

Every distance is per sample, (N,) float32; smaller is better.
"""

from .balance import balanced
from .color_loss import color_distance
from .content_loss import CONTENT_TAPS, content_distance, structure_distance
from .grid_loss import weave_distance
from .strokes_loss import STROKE_TAPS, sliced_distance
from .style_loss import Spread, gram, gram_distance, style_distance
from .stylization import stylization_losses
from .views import downscaled

__all__ = [
    "CONTENT_TAPS",
    "STROKE_TAPS",
    "Spread",
    "balanced",
    "color_distance",
    "content_distance",
    "downscaled",
    "gram",
    "gram_distance",
    "sliced_distance",
    "structure_distance",
    "style_distance",
    "stylization_losses",
    "weave_distance",
]

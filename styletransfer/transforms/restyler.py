"""The network and style codes behind the transforms."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from ..media.image import pictures_in
from ..options import STYLE_SIZE, check_alpha
from ..styles.encode import Style
from ..styles.names import DEFAULT_MODEL, shipped_styles
from ..stylize.buffer import ImageBuffer
from ..stylize.stylizer import Stylizer

Styles = str | os.PathLike[str] | Sequence[Style]
OVERSHOOT = 0.5  # by how much a picture may leave [0, 1]: resizing does, normalised pictures do more


class Restyler:
    """Paints tensors in any of a collection of styles, on whatever device they are.

    styles: a folder of pictures, each a style; one style; or several, as for `Stylizer.style`. None
    means the paintings that ship with the package. Each is encoded once, here. It is pickled without the
    network, which every process loads when it first paints. Raises InputError for a style that cannot be
    used.
    """

    def __init__(
        self, styles: Styles | None = None, model: str = DEFAULT_MODEL, style_size: int = STYLE_SIZE
    ):
        self.model = model
        self._stylizers: dict[str, Stylizer] = {}
        stylizer = self._stylizer(torch.device("cpu"))
        self.codes = [stylizer.style(style, style_size) for style in _each(styles)]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_stylizers": {}}

    def paint(self, images: Tensor, styles: Sequence[int], alphas: Sequence[float]) -> Tensor:
        """Paint images (N, 3, H, W), uint8 or float in [0, 1], each in its style and with its alpha;
        same dtype and device out. styles: (N,), numbers of `codes`. alphas: (N,)."""
        if images.is_floating_point():
            low, high = (float(end) for end in images.aminmax())
            if low < -OVERSHOOT or high > 1 + OVERSHOOT:
                raise InputError(
                    f"a picture goes from {low:.1f} to {high:.1f}, not 0 to 1: stylize before Normalize"
                )
            images = images.clamp(0, 1)
        codes = [self.codes[number] for number in styles]
        return self._stylizer(images.device).repaint_each(ImageBuffer(images), codes, alphas).pixels

    def _stylizer(self, device: torch.device) -> Stylizer:
        if (name := str(device)) not in self._stylizers:
            self._stylizers[name] = Stylizer(self.model, name)
        return self._stylizers[name]


def check_chances(p: float, alpha: Sequence[float]) -> tuple[float, float]:
    """Check p and the range of alpha, which is returned. Raises InputError for values out of range."""
    if not 0 <= p <= 1:
        raise InputError(f"p is {p}: it goes from 0 to 1")
    if len(alpha) != 2 or alpha[0] > alpha[1]:
        raise InputError(f"alpha is {tuple(alpha)}: two numbers are wanted, the smaller one first")
    for end in alpha:
        check_alpha(end)
    return float(alpha[0]), float(alpha[1])


def _each(styles: Styles | None) -> Sequence[Style]:
    if styles is None:
        return list(shipped_styles().values())
    if isinstance(styles, (str, os.PathLike)):
        return pictures_in(Path(styles)) if os.path.isdir(styles) else [styles]
    if not len(styles):
        raise InputError("no style given")
    return styles

"""The random style transform for Albumentations, which must be installed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from albumentations import ImageOnlyTransform

from ..errors import InputError
from ..options import STYLE_SIZE
from ..styles.names import DEFAULT_MODEL
from .restyler import Restyler, Styles, check_chances


class StyleTransfer(ImageOnlyTransform):  # type: ignore[misc]
    """Paints pictures, (H, W, 3) uint8 or float32 in [0, 1], in random styles.

        A.Compose([A.RandomResizedCrop((224, 224)), StyleTransfer("paintings/", p=0.5)])

    Arguments as those of `RandomStyle`. What is drawn is Albumentations' own generator's (the seed of
    A.Compose).
    """

    def __init__(
        self,
        styles: Styles | None = None,
        p: float = 0.5,
        alpha: Sequence[float] = (0.3, 1.0),
        *,
        model: str = DEFAULT_MODEL,
        style_size: int = STYLE_SIZE,
    ):
        super().__init__(p=p)
        self.styles, self.alpha = styles, check_chances(p, alpha)
        self.model, self.style_size = model, style_size
        self._restyler = Restyler(styles, model, style_size)

    def get_params(self) -> dict[str, Any]:
        """Draw the number of a style, and the strength."""
        number = self.py_random.randrange(len(self._restyler.codes))
        return {"style": number, "strength": self.py_random.uniform(*self.alpha)}

    def apply(self, img: np.ndarray, style: int, strength: float, **_: Any) -> np.ndarray:
        """The picture in that style."""
        if img.ndim != 3 or img.shape[2] != 3 or img.dtype not in (np.uint8, np.float32):
            raise InputError(f"a picture is (H, W, 3), uint8 or float32, not {img.dtype} {img.shape}")
        x = torch.from_numpy(np.ascontiguousarray(img)).permute(2, 0, 1)[None]
        painted = self._restyler.paint(x, [style], [strength])
        return painted[0].permute(1, 2, 0).contiguous().numpy()

    def get_transform_init_args_names(self) -> tuple[str, ...]:
        """The arguments that a serialised pipeline stores."""
        return "styles", "alpha", "model", "style_size"

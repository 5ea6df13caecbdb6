"""Pictures that move a little, to be written as animations."""

from fractions import Fraction

import numpy as np
from PIL import Image

from .conftest import noise

TENTH = Fraction(1, 10)


def pictures(count: int, size=(48, 36), alpha: bool = False) -> list[Image.Image]:
    """Noise in which a square moves; the third is the second once more."""
    found = []
    for number in range(count):
        image = noise(*size, seed=1)
        image.paste((255, 0, 10 * number), (3 * number, 5, 3 * number + 8, 13))
        if alpha:
            image.putalpha(Image.fromarray(np.asarray(noise(*size, seed=number))[..., 0]))
        found.append(found[1].copy() if number == 2 else image)
    return found

"""What the tests of styles' arithmetic share: a photo, three styles, and when two codes are the same."""

import numpy as np
import torch
from PIL import Image

from styletransfer import StyleCode


def array(width, height, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


PHOTO = array(96, 64)
STYLES = [Image.fromarray(array(40, 32, seed=i) // (i - 6)) for i in (7, 8, 9)]


def same(a: StyleCode, b: StyleCode) -> None:
    for tap in a.statistics:
        for x, y in zip(a.statistics[tap], b.statistics[tap]):
            torch.testing.assert_close(x, y)

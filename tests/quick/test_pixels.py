"""Arrays are treated as tensors are."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from styletransfer import StylizeOptions
from styletransfer.models.padding import MULTIPLE
from styletransfer.models.statistics import Moments
from styletransfer.quick import pixels
from styletransfer.stylize import color, regions
from styletransfer.stylize.buffer import ImageBuffer
from styletransfer.stylize.tiling import palette

from ..conftest import noise


def pair(seed=0, width=70, height=53):
    array = pixels.planes(noise(width, height, seed))
    return array, torch.from_numpy(array)


def close(array, tensor, atol=1e-6):
    np.testing.assert_allclose(array, tensor.numpy(), atol=atol)


def test_there_and_back():
    image = noise(31, 20)
    array = pixels.planes(image)
    assert array.shape == (1, 3, 20, 31) and array.dtype == np.float32
    assert np.array_equal(np.array(pixels.to_image(array)), np.array(image))


@pytest.mark.parametrize("before,after", [(53, 53), (53, 20), (20, 53), (64, 20)])
def test_areas_are_torchs(before, after):
    values = np.random.default_rng(0).random((before, 3), dtype=np.float32)
    expected = F.interpolate(torch.from_numpy(values)[None, None], size=(after, 3), mode="area")
    close(pixels.area_resized(values, after, 0), expected[0, 0])


def test_a_mask_is_torchs(tmp_path):
    noise(70, 53, 3).save(tmp_path / "mask.png")
    for feather, shape in ((0, (53, 70)), (5, (53, 70)), (9, (30, 40))):
        options = StylizeOptions(alpha=0.7, mask=str(tmp_path / "mask.png"), feather=feather)
        expected = regions.alpha_map(options, shape, (70, 53))
        close(pixels.alpha_map(options, shape, (70, 53)), expected)
    assert np.all(pixels.alpha_map(StylizeOptions(alpha=0.5), (4, 6), (6, 4)) == 0.5)


def test_colours_are_torchs():
    assert pixels.MULTIPLE == MULTIPLE
    (photo, x), (painted, y), (style, z) = pair(1), pair(2), pair(3, 40, 30)
    close(pixels.keep_luminance(photo, painted, 0.6), color.keeping_colors(0.6)(x, y))
    content: Moments = palette(ImageBuffer(x))
    expected = z.lerp(color.match_colors(z, content), 0.6)
    close(pixels.match_colors(style, photo, 0.6), expected, 2e-5)

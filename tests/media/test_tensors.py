"""Pictures of every type as tensors, and back."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer.errors import InputError
from styletransfer.media import tensors
from styletransfer.media.image import Picture

from ..conftest import noise


def test_there_and_back():
    image = noise(20, 16)
    found = tensors.as_uint8(image)
    assert found.shape == (1, 3, 16, 20) and found.dtype == torch.uint8
    assert np.array_equal(tensors.to_array(found), np.array(image))
    assert torch.equal(tensors.to_tensor(image), found / 255)
    assert tensors.as_uint8(image.convert("L")).shape == (1, 1, 16, 20)


def test_whatever_is_a_picture_is_opened(tmp_path):
    image = noise(20, 16)
    image.save(tmp_path / "a.png")
    picture = Picture(image)
    assert tensors.open_picture(picture) is picture
    for source in (str(tmp_path / "a.png"), tmp_path / "a.png", image, np.array(image)):
        assert np.array_equal(np.array(tensors.open_picture(source).rgb), np.array(image))


@pytest.mark.parametrize(
    "source, says",
    [
        (np.zeros((4, 4), np.uint8), "an array must be uint8"),
        (np.zeros((4, 4, 3)), "not float64"),
        (np.zeros((0, 4, 3), np.uint8), "an array must be"),
        (5, "not int"),
        (None, "not NoneType"),
    ],
)
def test_what_is_none_is_said(source, says):
    with pytest.raises(InputError, match=says):
        tensors.open_picture(source)


@pytest.mark.parametrize(
    "x",
    [
        torch.zeros(3, 4, 4),
        torch.zeros(1, 4, 4, 4),
        torch.zeros(0, 3, 4, 4),
        torch.zeros(1, 3, 4, 4).int(),
    ],
)
def test_tensors_that_are_no_pictures(x):
    with pytest.raises(InputError, match="a tensor must be float"):
        tensors.check_tensor(x)
    tensors.check_tensor(torch.zeros(2, 3, 4, 4).half())


def test_a_style_is_cut_and_resized():
    image = noise(80, 40)
    found = tensors.style_tensor(image, 20, 1.0)
    assert found.shape == (1, 3, 20, 40) and found.dtype == torch.float32
    middle = tensors.style_tensor(image, 20, 0.5)
    assert torch.equal(middle, tensors.to_tensor(image.crop((20, 10, 60, 30))))
    as_it_is = torch.rand(1, 3, 9, 9, dtype=torch.float64)
    assert torch.equal(tensors.style_tensor(as_it_is, 20, 0.5), as_it_is.float())
    with pytest.raises(InputError, match="a style is one picture"):
        tensors.style_tensor(torch.rand(2, 3, 9, 9), 20, 1.0)


def test_what_styles_are_called():
    assert tensors.describe("a/b.jpg") == tensors.describe(Path("b.jpg")) == "b.jpg"
    assert tensors.describe(Image.new("RGB", (4, 4))) == "a picture"

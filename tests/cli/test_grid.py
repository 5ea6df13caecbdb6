"""stylize grid."""

import pytest
from PIL import Image

from styletransfer.cli import run

from .conftest import SMALL


def test_grid_and_corners(photo, paintings, tiny_model):
    model = ["--model", tiny_model, *SMALL, "--size", "32"]
    assert run(["grid", photo, *paintings, "--alphas", "0,1,2", *model]) == 0
    grid = Image.open("grid.png")
    cell = round(32 * 50 / 37)
    assert grid.width == 3 * (cell + 6) - 6
    assert run(["grid", photo, *paintings, *paintings, "--corners", "3", "-o", "c.png", *model]) == 0
    assert Image.open("c.png").size == (3 * (cell + 6) - 6, 3 * 38 - 6)


BAD = {
    "alphas": ["grid", "PHOTO", "STYLE", "--alphas", "0,x"],
    "strong": ["grid", "PHOTO", "STYLE", "--alphas", "0,3"],
    "corners": ["grid", "PHOTO", "STYLE", "--corners", "3"],
    "output": ["grid", "PHOTO", "STYLE", "-o", "a.xyz"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_line(arguments, refused, tiny_model):
    refused(*arguments, "--model", tiny_model)

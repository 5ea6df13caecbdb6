"""stylize style: codes as files."""

import json

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run

from .conftest import SMALL, pixels


def test_a_saved_style_is_its_picture_on_the_command_line(photo, paintings, tiny_model, capsys):
    model = ["--model", tiny_model]
    assert run(["style", "save", paintings[0], *model, *SMALL]) == 0
    assert capsys.readouterr().out == "painting0.style.safetensors\n"
    assert run([photo, "painting0.style.safetensors", "-o", "a.png", *model]) == 0
    assert run([photo, paintings[0], "-o", "b.png", *model, *SMALL]) == 0
    assert np.array_equal(pixels("a.png"), pixels("b.png"))
    assert run(["style", "save", paintings[0], *model]) == 2
    assert "--force" in capsys.readouterr().err


def test_blend_show_and_refusal(photo, paintings, tiny_model, capsys):
    model = ["--model", tiny_model]
    run(["style", "save", paintings[0], "-o", "a.style.safetensors", *model, *SMALL])
    shares = ["a.style.safetensors:0.6", f"{paintings[1]}:0.2"]
    assert run(["style", "blend", *shares, "-o", "mix.style.safetensors", *model, *SMALL]) == 0
    capsys.readouterr()
    assert run(["style", "show", "mix.style.safetensors", "--json", "--size", "32", *model]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["styles"] == pytest.approx({"painting0.jpg": 0.75, "painting1.jpg": 0.25})
    assert record["taps"] == {"pixels": 3, "relu3_1": 8, "relu4_1": 8}
    assert Image.open("mix-sheet.jpg").width > 4 * 32
    assert run([photo, "mix.style.safetensors", "-o", "c.png", *model]) == 0
    weights = ["--weights", "3,1", *SMALL]
    assert run([photo, *paintings, "-o", "d.png", *weights, *model]) == 0
    assert np.abs(pixels("c.png").astype(int) - pixels("d.png")).max() <= 1
    capsys.readouterr()
    assert run([photo, "mix.style.safetensors", "-o", "e.png"]) == 2  # the shipped model
    assert "another model" in capsys.readouterr().err


BAD = {
    "save suffix": ["style", "save", "STYLE", "-o", "a.bin"],
    "save nothing": ["style", "save", "no.jpg"],
    "blend nothing": ["style", "blend", "STYLE:0", "-o", "a.style.safetensors"],
    "blend less": ["style", "blend", "STYLE:-1", "-o", "a.style.safetensors"],
    "blend no file": ["style", "blend", "no.jpg:1", "-o", "a.style.safetensors"],
    "show a picture": ["style", "show", "STYLE"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_line(arguments, refused, tiny_model):
    refused(*arguments, "--model", tiny_model)

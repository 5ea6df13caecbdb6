"""The main job."""

import io
import json
import subprocess

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run

from ..processes import Process
from .conftest import SMALL, pixels


def test_the_main_job(photo, paintings, tiny_model, capsys):
    assert run([photo, paintings[0], "--model", tiny_model, "--style-size", "32"]) == 0
    out, err = capsys.readouterr()
    assert out == "photo-painting0.png\n" and "stylized 50×37" in err
    assert Image.open("photo-painting0.png").size == (50, 37)


def test_json_says_what_was_done(photo, paintings, tiny_model, capsys):
    options = ["--weights", "3,1", "--alpha", "0.5", "--size", "20", "--json", "-o", "x.jpg"]
    assert run([*options, photo, *paintings, "--model", tiny_model, "--device", "cpu"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record.pop("seconds") >= 0
    assert record == {
        "input": photo,
        "output": "x.jpg",
        "size": [27, 20],
        "styles": [{"style": paintings[0], "weight": 0.75}, {"style": paintings[1], "weight": 0.25}],
        "alpha": 0.5,
        "strokes": 1.0,
        "model": tiny_model,
        "engine": "torch",
        "device": "cpu",
    }
    assert Image.open("x.jpg").format == "JPEG"


def test_jpeg_in_jpeg_out(paintings, tiny_model):
    assert run([paintings[0], paintings[1], "--model", tiny_model]) == 0
    assert Image.open("painting0-painting1.jpg").format == "JPEG"


def test_standard_input_and_output(photo, paintings, tiny_model):
    with open(photo, "rb") as file:
        command = ["-", paintings[0], "-o", "-", "--model", tiny_model]
        done = Process(*command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = done.communicate()
    assert done.returncode == 0, err
    picture = Image.open(io.BytesIO(out))
    assert picture.format == "PNG" and picture.size == (50, 37)


def test_an_existing_output_is_safe_without_force(photo, paintings, tiny_model, capsys):
    with open("x.png", "w") as file:
        file.write("precious")
    arguments = [photo, paintings[0], "-o", "x.png", "--model", tiny_model]
    assert run(arguments) == 2
    assert "--force" in capsys.readouterr().err and open("x.png").read() == "precious"
    assert run([*arguments, "--force"]) == 0
    assert Image.open("x.png").size == (50, 37)


def test_masks_and_regions(photo, paintings, tiny_model, capsys):
    """Through the command line as in Python: a white mask is none, a map of one colour is none."""
    model = ["--model", tiny_model, *SMALL]
    width, height = Image.open(photo).size
    Image.new("L", (width, height), 255).save("white.png")
    Image.new("RGB", (width, height), "#ff0000").save("red.png")
    halves = Image.new("P", (width, height), 0)
    halves.putpalette([255, 0, 0, 0, 0, 255])
    halves.paste(1, (width // 2, 0, width, height))
    halves.save("map.png")
    assert run([photo, paintings[0], "-o", "plain.png", *model]) == 0
    assert run([photo, paintings[0], "-o", "masked.png", "--mask", "white.png", *model]) == 0
    red = f"#ff0000={paintings[0]}"
    assert run([photo, "-o", "red-map.png", "--regions", "red.png", "--region", red, *model]) == 0
    assert np.array_equal(pixels("masked.png"), pixels("plain.png"))
    assert np.array_equal(pixels("red-map.png"), pixels("plain.png"))

    blend = f"#0000ff={paintings[0]}:0.5,{paintings[1]}:0.5"
    both = ["--regions", "map.png", "--region", red, "--region", blend, "--feather", "2", "--json"]
    capsys.readouterr()
    assert run([photo, "-o", "both.png", *both, *model]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["regions"]["#0000ff"] == {paintings[0]: 0.5, paintings[1]: 0.5}
    assert not np.array_equal(pixels("both.png"), pixels("plain.png"))
    labels = ["--regions", "map.png", "--region", f"0={paintings[0]}", "--feather", "2"]
    assert run([photo, paintings[1], "-o", "rest.png", *labels, *model]) == 0


BAD = {
    "missing content": ["no.jpg", "STYLE"],
    "missing style": ["PHOTO", "no.jpg"],
    "no style": ["PHOTO"],
    "folder": [".", "STYLE"],
    "text": ["TEXT", "STYLE"],
    "code that is none": ["PHOTO", "none.style.safetensors"],
    "unwritable": ["PHOTO", "STYLE", "-o", "no/such/x.png"],
    "odd format": ["PHOTO", "STYLE", "-o", "x.xyz"],
    "too many weights": ["PHOTO", "STYLE", "--weights", "1,2"],
    "words for weights": ["PHOTO", "STYLE", "--weights", "much"],
    "negative weight": ["PHOTO", "STYLE", "--weights", "-1"],
    "alpha": ["PHOTO", "STYLE", "--alpha", "3"],
    "alpha word": ["PHOTO", "STYLE", "--alpha", "strong"],
    "size": ["PHOTO", "STYLE", "--size", "0"],
    "style size": ["PHOTO", "STYLE", "--style-size", "3"],
    "model": ["PHOTO", "STYLE", "--model", "no-such"],
    "device": ["PHOTO", "STYLE", "--device", "abacus"],
    "option": ["PHOTO", "STYLE", "--colour"],
    "colour": ["PHOTO", "STYLE", "--preserve-color", "some"],
    "mask size": ["PHOTO", "STYLE", "--mask", "STYLE"],
    "no mask": ["PHOTO", "STYLE", "--mask", "no.png"],
    "map size": ["PHOTO", "--regions", "STYLE", "--region", "#ff0000=STYLE"],
    "no map": ["PHOTO", "--regions", "no.png", "--region", "#ff0000=STYLE"],
    "unnamed colour": ["PHOTO", "--regions", "PHOTO", "--region", "#ff0000=STYLE"],
    "region alone": ["PHOTO", "STYLE", "--region", "#ff0000=STYLE"],
    "map alone": ["PHOTO", "STYLE", "--regions", "PHOTO"],
    "region without style": ["PHOTO", "--regions", "PHOTO", "--region", "#ff0000"],
    "region with no file": ["PHOTO", "--regions", "PHOTO", "--region", "#ff0000=no.jpg"],
    "region of nothing": ["PHOTO", "--regions", "PHOTO", "--region", "#ff0000=STYLE:0"],
    "region of less": ["PHOTO", "--regions", "PHOTO", "--region", "#ff0000=STYLE:-1"],
    "feather": ["PHOTO", "STYLE", "--feather", "-3"],
    "color strength": ["PHOTO", "STYLE", "--color-strength", "3"],
    "style crop": ["PHOTO", "STYLE", "--style-crop", "0"],
    "zero weights": ["PHOTO", "STYLE", "STYLE", "--weights", "0,0"],
    "negative weights": ["PHOTO", "STYLE", "STYLE", "--weights", "1,-1"],
    "strong alpha": ["PHOTO", "STYLE", "--alpha", "2.5"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_line(arguments, refused, tiny_model):
    refused(*arguments, *([] if "--model" in arguments else ["--model", tiny_model]))

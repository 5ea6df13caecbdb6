"""The verbs and options that control a style."""

import json
import os

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run

SMALL = ["--style-size", "32"]


pytestmark = pytest.mark.usefixtures("in_empty_folder")


def pixels(path):
    return np.array(Image.open(path))


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


def test_grid_and_corners(photo, paintings, tiny_model):
    model = ["--model", tiny_model, *SMALL, "--size", "32"]
    assert run(["grid", photo, *paintings, "--alphas", "0,1,2", *model]) == 0
    grid = Image.open("grid.png")
    cell = round(32 * 50 / 37)
    assert grid.width == 3 * (cell + 6) - 6
    assert run(["grid", photo, *paintings, *paintings, "--corners", "3", "-o", "c.png", *model]) == 0
    assert Image.open("c.png").size == (3 * (cell + 6) - 6, 3 * 38 - 6)


def test_sheet_names_styles_and_what_is_broken(photo, paintings, tiny_model, tmp_path, capsys):
    styles = tmp_path / "styles"
    (styles / "deep").mkdir(parents=True)
    Image.open(paintings[0]).save(styles / "a.png")
    model = ["--model", tiny_model]
    run(["style", "save", paintings[1], "-o", str(styles / "deep" / "b.style.safetensors"), *model])
    options = ["--size", "32", "--columns", "2", *SMALL, *model]
    assert run(["sheet", photo, str(styles), *options]) == 0
    assert Image.open("sheet.jpg").width == 2 * (round(32 * 50 / 37) + 6) - 6
    (styles / "c.jpg").write_text("no")
    capsys.readouterr()
    assert run(["sheet", photo, str(styles), *options, "--force"]) == 1
    assert "c.jpg" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng", ".mp4", ""])
def test_morph_writes_every_kind(photo, paintings, tiny_model, suffix):
    if suffix == ".mp4":
        pytest.importorskip("av")
    out = f"m{suffix}"
    options = ["--seconds", "1", "--fps", "5", "-o", out, "--model", tiny_model, *SMALL]
    assert run(["morph", photo, *paintings, *options]) == 0
    if suffix == ".mp4":
        import av

        with av.open(out) as video:
            frames = [frame.to_image() for frame in video.decode(video=0)]
            assert video.streams.video[0].average_rate == 5
        assert len(frames) == 5 and frames[0].size == (50, 38)  # even sides
    elif suffix:
        picture = Image.open(out)
        assert picture.n_frames == 5 and picture.size == (50, 37)
    else:
        assert sorted(os.listdir(out)) == [f"frame-{i:05d}.png" for i in range(5)]
        ends = ["m/frame-00000.png", "m/frame-00004.png"]
        for style, end in zip(paintings, ends):
            assert run([photo, style, "-o", "one.png", "--force", "--model", tiny_model, *SMALL]) == 0
            assert np.array_equal(pixels(end), pixels("one.png"))
    assert run(["morph", photo, *paintings, *options]) == 2  # it is there already
    assert not [name for name in os.listdir() if name.endswith(".part")]


BAD = {
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
    "alpha": ["PHOTO", "STYLE", "--alpha", "2.5"],
    "no style": ["PHOTO"],
    "save suffix": ["style", "save", "STYLE", "-o", "a.bin"],
    "save nothing": ["style", "save", "no.jpg"],
    "blend nothing": ["style", "blend", "STYLE:0", "-o", "a.style.safetensors"],
    "blend less": ["style", "blend", "STYLE:-1", "-o", "a.style.safetensors"],
    "blend no file": ["style", "blend", "no.jpg:1", "-o", "a.style.safetensors"],
    "show a picture": ["style", "show", "STYLE"],
    "grid alphas": ["grid", "PHOTO", "STYLE", "--alphas", "0,x"],
    "grid strong": ["grid", "PHOTO", "STYLE", "--alphas", "0,3"],
    "corners": ["grid", "PHOTO", "STYLE", "--corners", "3"],
    "grid output": ["grid", "PHOTO", "STYLE", "-o", "a.xyz"],
    "morph one": ["morph", "PHOTO", "STYLE"],
    "morph suffix": ["morph", "PHOTO", "STYLE", "STYLE", "-o", "m.avi"],
    "morph time": ["morph", "PHOTO", "STYLE", "STYLE", "--seconds", "0"],
    "sheet folder": ["sheet", "PHOTO", "STYLE"],
    "sheet nothing": ["sheet", "PHOTO", "."],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_line(arguments, photo, paintings, tiny_model, capsys):
    names = {"PHOTO": photo, "STYLE": paintings[0]}
    for name, path in names.items():
        arguments = [argument.replace(name, path) for argument in arguments]
    assert run([*arguments, "--model", tiny_model]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("stylize") and err.count("\n") == 1, err
    assert os.listdir() == []

"""The command and the Python that the page gives paint what it paints, to the last pixel."""

import io
import shlex

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run

from ..conftest import noise
from .conftest import png


@pytest.fixture
def here(tmp_path, monkeypatch, client, asked, studio):
    """A folder with the files that the visitor has, who has brushed a mask too."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, seed, size in (("photo.png", 5, (90, 70)), ("own.png", 6, (60, 50))):
        (folder / name).write_bytes(png(noise(*size, seed=seed)))
    layer = np.zeros((35, 45, 4), np.uint8)
    layer[:, 10:30] = 255
    client.send("mask", "mask", png(Image.fromarray(layer)), photo="photo")
    (folder / "photo-mask.png").write_bytes(client.get("files/mask").content)
    return folder


def opened(data: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize(
    "options,more",
    [
        ({"alpha": 0.8, "style_size": 128, "style_crop": 0.5}, {"format": "png"}),
        ({"mask": "mask", "feather": 3, "strokes": 1, "size": 64}, {"format": "jpg", "quality": 80}),
        ({"preserve_color": "histogram", "color_strength": 0.5}, {"format": "webp", "quality": 90}),
        ({"preserve_color": "luminance", "tile": 256, "stats": "thumbnail"}, {"format": "tiff"}),
    ],
)
def test_command_and_python_paint_the_same(here, studio, client, asked, options, more, capsys):
    asked = asked | {"options": options, **more}
    result = client.run(studio, "picture", asked)
    expected = opened(client.painted(result))
    copied = client.post("copied", json=asked).json()
    program, *words = shlex.split(copied["command"])
    assert program == "stylize" and run(words) == 0, capsys.readouterr().err
    assert words[-1] == result["name"]
    assert np.array_equal(opened((here / result["name"]).read_bytes()), expected)
    (here / result["name"]).unlink()
    exec(copied["python"], {})
    assert np.array_equal(opened((here / result["name"]).read_bytes()), expected)
    assert copied["files"] == ["photo-mask.png"] * ("mask" in options)


def test_a_map_of_styles_too(here, studio, client, asked):
    map = Image.new("RGB", (90, 70), "#ff0000")
    map.paste("#0000ff", (0, 0, 40, 70))
    client.send("map", "regions", png(map), photo="photo")
    (here / "photo-region.png").write_bytes(png(map))
    asked = asked | {"options": {"regions": "map", "region": {"#0000ff": "lion"}}}
    expected = opened(client.painted(client.run(studio, "picture", asked)))
    copied = client.post("copied", json=asked).json()
    assert "--region '#0000ff=lion'" in copied["command"]
    assert run(shlex.split(copied["command"])[1:]) == 0
    assert np.array_equal(opened((here / "photo-own+great_wave.png").read_bytes()), expected)
    exec(copied["python"], {})
    assert np.array_equal(opened((here / "photo-own+great_wave.png").read_bytes()), expected)


def test_of_a_film_it_is_the_verb_for_films(client, asked):
    frames = [noise(40, 30, seed=n) for n in range(2)]
    film = png(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    assert client.send("film", "film", film, "it's a cat.gif").status_code == 200
    copied = client.post("copied", json=asked | {"photos": ["film"]}).json()
    words = shlex.split(copied["command"])
    assert words[:3] == ["stylize", "video", "it's a cat.gif"] and "--engine" not in words
    assert words[-1] == "it-s-a-cat-own+great_wave.gif"
    compile(copied["python"], "copied", "exec")
    assert "stylize_video(" in copied["python"]

"""The graphs that come along paint what the network paints, with torch and without."""

import io
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from styletransfer import InputError, StylizeOptions, Stylizer
from styletransfer.models import shipped
from styletransfer.quick import onnx_stylizer
from styletransfer.quick.onnx_stylizer import OnnxStylizer

from ..conftest import noise

WITHOUT_TORCH = "import sys; sys.modules |= dict(torch=None, torchvision=None)\n"


@pytest.fixture(scope="module")
def engines():
    return OnnxStylizer(), Stylizer(device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, engines):
    """A photo whose half is not a multiple of what the network takes, and all that may be given."""
    folder = tmp_path_factory.mktemp("quick")
    noise(101, 75, 1).save(folder / "photo.png")
    noise(101, 75, 4).save(folder / "mask.png")
    for seed in (2, 3):
        noise(90, 70, seed).save(folder / f"{seed}.png")
    engines[1].style(folder / "2.png", 64).save(folder / "2.style.safetensors")
    return folder


CASES = {
    "plain": {},
    "weak": dict(alpha=0.1),
    "strong": dict(alpha=1.6),
    "nothing": dict(alpha=0),
    "masked": dict(mask="mask.png", feather=4),
    "masked and resized": dict(mask="mask.png", size=90, alpha=0.7),
    "luminance": dict(preserve_color="luminance", color_strength=0.7),
    "histogram": dict(preserve_color="histogram", color_strength=0.7),
    "cropped": dict(style_crop=0.6),
}


@pytest.mark.parametrize("name", CASES)
def test_a_picture_is_that_of_torch_in_float32(name, engines, folder, monkeypatch):
    monkeypatch.chdir(folder)
    options = StylizeOptions(style_size=64, **CASES[name])
    one, other = (each.stylize("photo.png", ["2.png"], options=options) for each in engines)
    assert one.size == other.size
    assert np.abs(np.int16(one) - np.int16(other)).max() <= 1


@pytest.mark.parametrize(
    "styles,weights",
    [
        (["2.png", "3.png"], [0.7, 0.3]),
        (["2.style.safetensors", "3.png"], [0.5, 0.5]),
        (["2.style.safetensors:0.2,3.png:0.8"], None),
        (["2.png", "3.png"], [1, 0]),
    ],
)
def test_blends_and_codes_are_torchs(styles, weights, engines, folder, monkeypatch):
    monkeypatch.chdir(folder)
    options = StylizeOptions(style_size=64, weights=weights)
    one, other = (each.stylize("photo.png", styles, options=options) for each in engines)
    assert np.abs(np.int16(one) - np.int16(other)).max() <= 1


def test_a_style_is_encoded_once(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("STYLETRANSFER_CACHE", str(tmp_path))
    options = StylizeOptions(style_size=64)
    first = OnnxStylizer().stylize(folder / "photo.png", [folder / "3.png"], options)
    again = OnnxStylizer()
    again._encoder_path = None
    assert again.stylize(folder / "photo.png", [folder / "3.png"], options) == first


def test_what_cannot_be_painted(engines, folder, tiny_model, tmp_path):
    quick, _ = engines
    code, photo = folder / "2.style.safetensors", folder / "photo.png"
    with pytest.raises(InputError, match="needs the style's picture, not its code"):
        quick.stylize(photo, [code], StylizeOptions(preserve_color="histogram"))
    Stylizer(tiny_model, device="cpu").style(photo, 32).save(tmp_path / "tiny.style.safetensors")
    with pytest.raises(InputError, match="made with another model.* than adain-fast"):
        quick.stylize(photo, [tmp_path / "tiny.style.safetensors"])
    with pytest.raises(InputError, match="has no ONNX files"):
        OnnxStylizer("adain-vgg")


def test_graphs_of_other_weights_are_refused(folder, tmp_path, monkeypatch):
    for file in shipped.WEIGHTS.glob("adain-fast*"):
        if file.suffix in (".onnx", ".safetensors"):
            shutil.copy(file, tmp_path)
    with open(tmp_path / "adain-fast.safetensors", "ab") as file:
        file.write(b"other weights")
    monkeypatch.setattr(shipped, "WEIGHTS", tmp_path)
    with pytest.raises(InputError, match="made of other weights than are there"):
        OnnxStylizer().stylize(folder / "photo.png", [folder / "2.png"])


def test_memory_for_a_style_is_asked_for(engines, folder, monkeypatch):
    monkeypatch.setattr("styletransfer.system.host.free_memory", lambda: 10**8)
    with pytest.raises(InputError, match="a style of .* give a smaller --style-size"):
        engines[0].stylize(folder / "photo.png", [folder / "2.png"])


def stylize(arguments, folder, **given):
    code = f"{WITHOUT_TORCH}from styletransfer.cli import main; main()"
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", code, *arguments.split()]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, **given)


def test_the_command_paints_where_there_is_no_torch(folder):
    done = stylize("photo.png 2.png 3.png --weights 1,3 --json -o both.png", folder)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record.pop("seconds") > 0
    assert record == {
        "input": "photo.png", "output": "both.png", "size": [101, 75],
        "styles": [{"style": "2.png", "weight": 0.25}, {"style": "3.png", "weight": 0.75}],
        "alpha": 1.0, "strokes": 1.0, "model": "adain-fast", "engine": "onnx", "device": "cpu",
    }  # fmt: skip
    assert Image.open(folder / "both.png").size == (101, 75)


def test_pipes_and_transparency_where_there_is_no_torch(folder):
    image = noise(80, 64, 5)
    image.putalpha(noise(80, 64, 6).convert("L"))
    data = io.BytesIO()
    image.save(data, "PNG")
    done = stylize("- 2.style.safetensors -o -", folder, input=data.getvalue())
    painted = Image.open(io.BytesIO(done.stdout))
    assert painted.format == "PNG" and painted.getchannel("A") == image.getchannel("A")


@pytest.mark.parametrize("arguments", ["photo.png 2.png --strokes 2", "sheet photo.png ."])
def test_what_needs_torch_says_so_in_a_line(arguments, folder):
    done = stylize(arguments, folder)
    assert done.returncode == 2 and done.stdout == b""
    assert done.stderr.count(b"\n") == 1 and b"needs torch, which is not installed" in done.stderr


def test_nothing_of_the_quick_way_imports_torch():
    """Nor does the package itself, which says what it needs torch for."""
    code = f"{WITHOUT_TORCH}import styletransfer, {onnx_stylizer.__name__}\nstyletransfer.Stylizer"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].startswith("ImportError: Stylizer needs torch: pip install")

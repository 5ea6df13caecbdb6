"""What is installed is whole, and what the README promises is there."""

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from packaging.requirements import Requirement
from PIL import Image

from benchmarks.light import apart
from styletransfer import Stylizer
from styletransfer.models.slim import resized
from styletransfer.training.losses import weave_distance

ROOT = Path(__file__).parents[1]


def test_the_wheel_holds_weights_and_cards(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for file in (ROOT / "weights").iterdir():
        assert f"styletransfer/weights/{file.name}" in names
    assert "styletransfer/examples/photo.jpg" in names  # what `stylize style show` paints
    for file in (ROOT / "examples" / "style").iterdir():
        assert f"styletransfer/examples/styles/{file.name}" in names
    for file in (
        "training/recipes/default.toml",
        "presets/poster.toml",
        "integrations/comfyui/workflow.json",
    ):
        assert f"styletransfer/{file}" in names
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)


def light():
    """What docs/light.txt pins, by name; more than one version if that depends on Python's."""
    lines = (ROOT / "docs" / "light.txt").read_text().splitlines()
    found = {}
    for requirement in (Requirement(line) for line in lines if not line.startswith("#")):
        (pin,) = requirement.specifier
        assert pin.operator == "=="
        found.setdefault(requirement.name, []).append(pin.version)
    return found


def test_what_is_light_is_a_part_of_what_is_needed():
    """docs/light.txt names the dependencies of the quick way, in versions that the package takes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    needed = {r.name: r.specifier for r in map(Requirement, project)}
    pinned = light()
    assert pinned.keys() - needed.keys() == {  # which typer imports
        "annotated-doc", "annotated-types", "pydantic", "pydantic_core", "shellingham",
        "typing-inspection", "typing_extensions",
    }  # fmt: skip
    assert needed.keys() - pinned.keys() == {
        "braceexpand", "filelock", "rich", "torch", "torchvision", "webdataset",
    }  # fmt: skip
    for name in pinned.keys() & needed.keys():
        assert all(needed[name].contains(version) for version in pinned[name]), name


@pytest.mark.slow
def test_nothing_but_what_is_light_is_imported_for_a_plain_picture(tmp_path):
    """Nor is there more than a line of what then cannot be done."""
    names = {name.replace("-", "_") for name in light()}
    only = f"""
import sys
from importlib.metadata import packages_distributions
for package, names in packages_distributions().items():
    if not {{name.replace("-", "_").lower() for name in names}} & {names | {"styletransfer"}}:
        sys.modules.setdefault(package, None)
from styletransfer.cli import main
main(sys.argv[1:])
"""

    def stylize(*words):
        command = [sys.executable, "-c", only, *map(str, words)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    photo, style = "examples/content/bridge.jpg", "examples/style/great_wave.jpg"
    done = stylize(photo, style, "-o", tmp_path / "out.png", "--size", 64, "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["engine"] == "onnx", done.stderr
    assert Image.open(tmp_path / "out.png").height == 64
    assert stylize("--help").returncode == 0
    for words, missing in (
        ((photo, style, "--strokes", 2), "torch"),
        (("batch", tmp_path, tmp_path / "out", "--style", style), "rich"),
    ):
        done = stylize(*words)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
        assert f"needs {missing}, which is not installed (pip install {missing}" in done.stderr


def test_every_example_has_its_source():
    sources = (ROOT / "examples" / "SOURCES.md").read_text()
    pictures = [
        path for kind in ("content", "style", "maps") for path in (ROOT / "examples" / kind).iterdir()
    ]
    assert len(pictures) >= 8
    for picture in pictures:
        assert f"{picture.parent.name}/{picture.name}" in sources


@pytest.fixture(scope="module")
def shipped():
    return Stylizer(device="cpu", precision="fp32")


def pixels(path, size=256):
    image = Image.open(ROOT / "examples" / path).convert("RGB")
    image.thumbnail((size, size))
    return np.array(image)


def test_the_shipped_model_paints_in_the_style_s_colours(shipped):
    photo = pixels("content/astronaut.jpg")
    for name in ("starry_night", "great_wave", "composition_viii"):
        painting = pixels(f"style/{name}.jpg")
        out = shipped.stylize(photo, painting)
        before, after = (
            np.abs(x.mean(axis=(0, 1)) - painting.mean(axis=(0, 1))).mean() for x in (photo, out)
        )
        assert after < before, name
        assert out.std() > 0.5 * painting.std(), f"{name}: a grey veil"


def test_the_shipped_model_keeps_the_photo_at_alpha_zero(shipped):
    photo = pixels("content/coffee.jpg")
    out = shipped.stylize(photo, pixels("style/starry_night.jpg"), alpha=0.0)
    assert np.abs(out.astype(float) - photo).mean() < 20


def test_no_layer_of_the_shipped_model_is_dead(shipped):
    """A ReLU whose input is below zero everywhere learns no more, as a third of the network once did."""
    alive = {}  # which channels, in any picture

    def watch(name):
        def note(_, __, out):
            alive[name] = (out.amax(dim=(0, 2, 3)) > 0) | alive.get(name, torch.tensor(False))

        return note

    layers = {n: m for n, m in shipped.net.named_modules() if isinstance(m, torch.nn.Conv2d)}
    hooks = [layer.register_forward_hook(watch(name)) for name, layer in layers.items()]
    for content, style in (("cat", "starry_night"), ("bridge", "great_wave"), ("mountains", "lion")):
        shipped.stylize(pixels(f"content/{content}.jpg"), pixels(f"style/{style}.jpg"))
    for hook in hooks:
        hook.remove()
    assert alive.keys() == layers.keys()
    assert [name for name, channels in alive.items() if channels.float().mean() < 0.75] == []


def test_the_shipped_model_paints_no_weave(shipped):
    """Nothing that repeats with its own grid, beyond a grey level: it once painted four."""
    net = shipped.net
    photo, painting = (
        torch.from_numpy(pixels(path)).permute(2, 0, 1)[None] / 255
        for path in ("content/mountains.jpg", "style/starry_night.jpg")
    )
    inside = resized(net(photo, net.code(painting)), *net.config.scale)
    assert weave_distance(inside, net.encoder.stride).item() < (100 / 255) ** 2


@pytest.mark.parametrize("model,most", [("adain-vgg", 2), ("adain-fast", 4)])
def test_no_border_and_no_checkerboard_on_a_flat_photo(model, most):
    flat = np.full((160, 160, 3), 128, np.uint8)
    stylizer = Stylizer(model, device="cpu", precision="fp32")
    out = stylizer.stylize(flat, pixels("style/great_wave.jpg")).astype(float)
    assert np.abs(out - out[80, 80]).max() <= most


def test_half_precision_paints_the_same_picture(shipped):
    photo, painting = pixels("content/cat.jpg"), pixels("style/starry_night.jpg")
    full = shipped.stylize(photo, painting).astype(float)
    half = Stylizer(device="cpu", precision="bf16").stylize(photo, painting).astype(float)
    assert np.abs(full - half).mean() < 2.5


def test_the_shipped_bank_is_found_by_its_styles_names(tmp_path, monkeypatch, capsys):
    from styletransfer.cli import run

    monkeypatch.chdir(tmp_path)
    Image.fromarray(pixels("content/cat.jpg", 128)).save("cat.png")
    for style, out in (("bank:monet:0.5,bank:hokusai:0.5", "mix.png"), ("bank:monet", "monet.png")):
        assert run(["cat.png", style, "-o", out, "--device", "cpu"]) == 0
    mix, monet = (np.array(Image.open(out)).astype(float) for out in ("mix.png", "monet.png"))
    assert np.abs(mix - monet).mean() > 3
    assert run(["cat.png", "bank:nobody", "-o", "x.png", "--device", "cpu"]) == 2
    assert "hokusai" in capsys.readouterr().err


def test_the_shipped_contextual_model_lights_what_lies_in_shadow(shipped):
    contextual = Stylizer("contextual", device="cpu", precision="fp32")
    photos = [pixels(f"content/{name}.jpg") for name in ("bridge", "citrus", "astronaut")]
    painting = pixels("style/starry_night.jpg")
    usual, better = (
        np.mean([apart(stylizer, photo, painting) for photo in photos])
        for stylizer in (shipped, contextual)
    )
    assert better < 0.6 * usual

"""What --help, README.md and docs/ show is done here, on small pictures that are called so."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer import Stylizer
from styletransfer.cli import VERBS, run
from styletransfer.models.shipped import WEIGHTS

ROOT = Path(__file__).parents[1]
PICTURES = sorted((ROOT / "examples").glob("*/*.jpg"))
PHOTOS = ("photo", "photos/x/y", "photos/z", "imagenet/train/cats/a", "imagenet/train/dogs/b")
PHOTOS += ("imagenet/c", "train2017/d", "wikiart/e")
STYLES = ("starry", "starry_night", "wave", "lion", "rest", *"abcd", "monet/1", "monet/2")
STYLES += tuple(f"paintings/{n}" for n in range(3))
LONG = ("web", "serve", "train", "export", "evaluate")  # of which only the options are looked at
SIZED = {"batch", "grid", "morph", "sheet", "style blend", "style save", "video"}  # and a plain picture
TOLD = {"models": "adain-vgg", "style list": "starry_night", "doctor": "fine: "}
INSTALLED = {"video": "av", "morph": "av", "--engine": "ray"}


def commands(text: str) -> list[str]:
    """Lines of a text that are commands of ours, as one types them: indented, or in a block of sh."""
    text = re.sub(r"^```sh\n(.*?)^```", _indented, text, flags=re.MULTILINE | re.DOTALL)
    text = text.replace("\\\n", " ").rpartition("Examples:")[2]
    found = re.findall(r"^ +((?:stylize|cat|torchrun|pip install) .*)$", text, re.MULTILINE)
    found = [re.sub(r" +", " ", line.partition(" # ")[0].rstrip()) for line in found]
    return [line for line in found if re.search(r"stylize |-m styletransfer", line)]


def _indented(block: re.Match) -> str:
    return re.sub("^", "    ", block[1], flags=re.MULTILINE)


PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}
SHOWN = [line for text in PAGES.values() for line in commands(text)]
HELP = [
    line
    for verb in ("picture", *VERBS)
    for line in commands(getattr(import_module(f"styletransfer.cli.{verb}"), "EPILOG", ""))
]


def test_there_are_examples():
    assert len(set(SHOWN)) > 60 and len(HELP) > 15
    assert "stylize photo.jpg bank:monet:0.7,bank:hokusai:0.3" in HELP
    assert any("torchrun" in line for line in SHOWN) and any("|" in line for line in SHOWN)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """A folder with everything that examples name."""
    folder = tmp_path_factory.mktemp("world")
    for number, name in enumerate([*PHOTOS, *STYLES]):
        path = folder / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.open(PICTURES[number % len(PICTURES)]).resize((96, 64)).save(path)
    photo = Image.open(folder / "photo.jpg")
    photo.save(folder / "huge.tif")
    photo.convert("L").save(folder / "sky.png")
    Image.fromarray(np.arange(96 * 64, dtype=np.uint8).reshape(64, 96) % 2 * 3).save(
        folder / "labels.png"
    )
    (folder / "wikiart" / "broken.jpg").write_bytes(b"no picture")
    for name, member in (("train-000", "a"), ("train-001", "b")):
        subprocess.run(["tar", "cf", f"{name}.tar", f"{member}.jpg"], cwd=folder, check=True)
    shutil.copytree(folder, folder / "shards", ignore=shutil.ignore_patterns("*[!r]"))
    for name in ("train-000.tar", "train-001.tar"):
        shutil.copy(folder / name, folder / "shards" / name)
    film(folder)
    stylizer = Stylizer()
    for name in ("starry", "mix"):
        stylizer.style(folder / "starry.jpg").save(folder / f"{name}.style.safetensors")
    (folder / "runs" / "mine").mkdir(parents=True)
    weights = WEIGHTS / "adain-fast.safetensors"
    shutil.copy(weights, folder / "runs" / "mine" / "checkpoint-020000.safetensors")
    return folder


def film(folder: Path) -> None:
    """Moving pictures: 12 seconds, a few frames, an animation, and a folder."""
    frames = [Image.open(folder / "photo.jpg").rotate(5 * n) for n in range(4)]
    frames[0].save(folder / "cat.gif", save_all=True, append_images=frames[1:], duration=100)
    (folder / "frames").mkdir()
    for number, frame in enumerate(frames):
        frame.save(folder / "frames" / f"{number}.png")
    try:
        import av
    except ImportError:
        return
    for name, count in (("clip.mp4", 24), ("clip.mov", 3)):
        with av.open(str(folder / name), "w") as file:
            stream = file.add_stream("libx264", rate=2)
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
            for number in range(count):
                file.mux(stream.encode(av.VideoFrame.from_image(frames[number % 4])))
            file.mux(stream.encode())


@pytest.fixture
def here(world, tmp_path, monkeypatch) -> Path:
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def paint_map(text: str) -> None:
    """A map.png with the colours that a text names."""
    colours = list(dict.fromkeys(re.findall("#[0-9a-f]{6}", text)))
    if colours:
        map = Image.new("RGB", Image.open("photo.jpg").size, colours[0])
        map.paste(colours[-1], (0, 0, 40, 64))
        map.save("map.png")


def marked(line: str):
    return pytest.param(line, marks=pytest.mark.slow) if "--refine" in line else line


@pytest.mark.parametrize("line", [marked(line) for line in dict.fromkeys([*HELP, *SHOWN])])
def test_an_example_does_what_it_shows(line, here, capsys):
    for word, module in INSTALLED.items():
        if word in line.split():
            pytest.importorskip(module)
    paint_map(line)
    line = re.sub(r"\{000\.\.099\}", "{000..001}", line)
    line = re.sub(r"--refine( \d+)?", "--refine 1", line)  # what many do is tested elsewhere
    if "|" in line:
        stylize = f"{sys.executable} -m styletransfer"
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        subprocess.run(line.replace("stylize", stylize), shell=True, check=True, env=environment)
        assert Image.open("out.png").size == (96, 64)
        return
    words = shlex.split(line.split("&&")[-1], comments=True)
    start = words.index("styletransfer") if "styletransfer" in words else words.index("stylize")
    words = words[start + 1 :]
    if words[0] in LONG or "ray" in words:
        import typer

        app = import_module(f"styletransfer.cli.{words[0]}").app
        assert typer.main.get_command(app).make_context("stylize", words[1:]).params
        return
    paints = words[0] not in VERBS or {words[0], " ".join(words[:2])} & SIZED
    if paints and "--style-size" not in words:  # in moments
        words += ["--style-size", "64"]
    if words[0] in ("grid", "sheet") and "--size" not in words:
        words += ["--size", "64"]
    if "-o" in words:  # of which one example makes what another uses
        Path(words[words.index("-o") + 1]).unlink(missing_ok=True)
    before = set(here.rglob("*"))
    assert run(words) == (1 if "wikiart" in words else 0), capsys.readouterr().err
    out = capsys.readouterr().out.strip()
    if " ".join(words) in TOLD:
        assert TOLD[" ".join(words)] in out
    elif "--dry-run" in words:
        assert '"output"' in out and set(here.rglob("*")) == before
    else:
        assert out and set(here.rglob("*")) > before


def blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL)


def test_every_page_with_python_is_run_below():
    names = ("python", "onnx", "refine", "training-code", "normalization", "places")
    pages = {f"docs/{name}.md" for name in names} | {"README.md"}
    pages |= {"docs/serve.md"}  # in tests/server/test_listen.py
    assert {page for page in PAGES if blocks(page)} == pages


def test_the_python_of_the_readme(here):
    (code,) = blocks("README.md")
    exec(code, {})
    assert Image.open("out.png").size == (96, 64)


@pytest.mark.slow
def test_the_python_of_refining(here):
    (code,) = blocks("docs/refine.md")
    exec(code.replace("refine=3", "refine=3, style_size=64"), {})
    assert min(Image.open("print.png").size) == 96


def test_the_python_of_its_page(here, capsys):
    done = {}
    for code in blocks("docs/python.md"):
        code = code.replace("path/to", str(ROOT))
        paint_map(code)
        exec(code, done)
    assert done["out"].size == done["placed"].size == (96, 64)
    assert Image.open("grid.png").width > 500 and next(done["frames"]).size == (96, 64)
    assert Path("starry.style.safetensors").stat().st_size > 1000
    assert done["painted"].shape == done["photo"].shape and "alpha is 3" in capsys.readouterr().out
    assert done["same"].digest == done["hubbed"].digest == done["s"].digest


@pytest.mark.filterwarnings("ignore")
def test_the_python_in_training_code(here, monkeypatch):
    monkeypatch.setenv("NO_ALBUMENTATIONS_UPDATE", "1")
    *torchvision, albumentations = blocks("docs/training-code.md")
    done = {}
    for code in torchvision:
        exec(code, done)
    assert done["images"].shape == (2, 3, 224, 224) and done["painted"].shape == done["batch"].shape
    pytest.importorskip("albumentations")
    exec(albumentations, done)
    assert done["pipeline"](image=np.zeros((96, 64, 3), np.uint8))["image"].shape == (224, 224, 3)


def test_the_python_of_places():
    done = {}
    (code,) = blocks("docs/places.md")
    exec(code, done)
    assert done["augment"](torch.rand(2, 3, 64, 48)).shape == (2, 3, 64, 48)


def test_the_python_of_series_and_volumes():
    done = {}
    for code in blocks("docs/normalization.md"):
        exec(code, done)
    assert done["same"].shape == (2, 1, 480) and (done["same"][0] - done["same"][1]).abs().max() < 1e-3
    assert done["matched"].shape == done["scan"].shape
    for found, wanted in zip(done["statistics"](done["matched"]), done["statistics"](done["other"])):
        assert (found - wanted).abs().max() < 1e-3


@pytest.mark.slow
def test_the_python_without_torch(here, exported):
    weights, painter = exported
    for file in painter.parent.iterdir():
        shutil.copy(file, here)
    quick, code = blocks("docs/onnx.md")
    exec(quick, {})
    assert Image.open("out.png").size == Image.open("photo.jpg").size
    exec(code, {})
    ours = Stylizer(weights, precision="fp32").stylize("photo.jpg", "starry.jpg", style_size=64)
    assert np.abs(np.array(Image.open("out.png")).astype(int) - np.array(ours)).max() <= 2

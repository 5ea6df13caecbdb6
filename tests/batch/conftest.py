"""A folder of all sorts of pictures, and the command that paints it."""

import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run
from tests.conftest import noise


def good(folder: Path, count: int) -> list[str]:
    """Plain pictures, in folders."""
    names = []
    for i in range(count):
        name = f"{'abc'[i % 3]}/photo{i:03d}{('.png', '.jpg')[i % 2]}"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        noise(20 + i % 2, 24, seed=i).save(folder / name)
        names.append(name)
    return names


def odd(folder: Path) -> list[str]:
    """Pictures that are unusual, and not broken."""
    names = {
        "new\nline.png": noise(20, 20),
        "emoji \U0001f3a8.png": noise(20, 20),
        "100%.png": noise(20, 20),
        "one.png": noise(1, 1),
        "cmyk.jpg": noise(20, 20).convert("CMYK"),
        "palette.png": noise(20, 20).convert("P"),
        "deep.png": Image.fromarray(np.arange(400, dtype=np.uint16).reshape(20, 20) * 160),
    }
    for name, image in names.items():
        image.save(folder / name)
    frames = [noise(20, 20, seed) for seed in range(3)]
    frames[0].save(folder / "animated.gif", save_all=True, append_images=frames[1:])
    exif = Image.Exif()
    exif[0x0112] = 6
    noise(20, 30).save(folder / "rotated.jpg", exif=exif)
    return [*names, "animated.gif", "rotated.jpg"]


def broken(folder: Path) -> list[str]:
    """Files and links that are called pictures and are none."""
    (folder / "empty.jpg").touch()
    (folder / "text.png").write_text("not a picture")
    noise(64, 64).save(folder / "whole.jpg")
    data = (folder / "whole.jpg").read_bytes()
    (folder / "whole.jpg").unlink()
    (folder / "cut.jpg").write_bytes(data[: len(data) // 3])
    header = struct.pack(">II5B", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    (folder / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    os.symlink("nowhere.jpg", folder / "dangling.jpg")
    os.symlink("loop.jpg", folder / "loop.jpg")
    os.symlink("..", folder / "a" / "up")
    return ["empty.jpg", "text.png", "cut.jpg", "bomb.png", "dangling.jpg", "loop.jpg", "a/up"]


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def batch(here, paintings, tiny_model):
    """Run `stylize batch`, with a style and the tiny model; gives its exit code."""

    def call(*arguments: str, style: bool = True) -> int:
        common = ["--model", tiny_model, "--style-size", "32", "--device", "cpu"]
        return run(["batch", *arguments, *(["--style", paintings[0]] if style else []), *common])

    return call


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def results(folder: Path) -> dict[str, bytes]:
    """Every result's bytes, by name."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".jsonl")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def photos(folder, *names):
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        noise(24, 20, seed=number).save(folder / name)


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

import functools
import operator
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer import InputError
from styletransfer.training.data import Augmentation, Crops, Sampler
from styletransfer.training.entries import find_pictures
from styletransfer.training.resident import Resident

SMALL = Augmentation(16, (1.0, 2.0))


def test_a_crop_depends_on_its_number_alone(folder):
    entries = find_pictures([folder])
    forward, backward = Crops(entries, SMALL, seed=3), Crops(entries, SMALL, seed=3)
    expected = [forward[n][0] for n in range(20)]
    for n in reversed(range(20)):
        assert (backward[n][0] == expected[n]).all()
    other = Crops(entries, SMALL, seed=4)
    assert any((other[n][0] != expected[n]).any() for n in range(20))


def test_an_epoch_sees_every_picture_once(folder):
    crops = Crops(find_pictures([folder]), SMALL, seed=0)
    for epoch in range(3):
        colours = {tuple((crops[6 * epoch + i][0][:, 8, 8] // 20).tolist()) for i in range(6)}
        assert len(colours) == 6


def test_broken_pictures_are_replaced_and_named(folder):
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.png").write_text("no")
    (folder / "cut.jpg").write_bytes((folder / "0.jpg").read_bytes()[:300])
    crops = Crops(find_pictures([folder]), SMALL, seed=0)
    found = [crops[n] for n in range(len(crops.entries))]
    assert all(crop.shape == (3, 16, 16) for crop, _ in found)
    skipped = {}
    for _, names in found:
        skipped |= names
    assert {Path(name).name for name in skipped} == {"empty.jpg", "text.png", "cut.jpg"}
    assert skipped[str(folder / "empty.jpg")] == "is empty"


def save_odd(folder):
    """Pictures that are unlike what a loader expects, but good."""
    rng = np.random.default_rng(0)
    colours = Image.fromarray(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8))
    colours.convert("CMYK").save(folder / "cmyk.jpg")
    colours.convert("P").save(folder / "palette.png")
    Image.fromarray(rng.integers(0, 65536, (40, 60), dtype=np.uint16)).save(folder / "deep.png")
    colours.save(folder / "moving.gif", save_all=True, append_images=[colours.rotate(90)])
    exif = Image.Exif()
    exif[0x0112] = 6
    colours.save(folder / "turned.jpg", exif=exif)
    colours.convert("L").save(folder / "grey.jpg")
    colours.convert("RGBA").save(folder / "clear.png")
    colours.resize((16, 500)).save(folder / "narrow.png")


def save_broken(folder):
    """Files that no training can use."""
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("a poem")
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    Image.effect_noise((80, 80), 90).save(folder / "whole.jpg")
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:1500])
    (folder / "whole.jpg").unlink()
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    start = struct.pack(">I", 1000) + b"IDAT" + bytes(100)
    (folder / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + crc + start)


def test_every_odd_picture_is_used_and_every_broken_one_named(tmp_path):
    (tmp_path / "odd").mkdir()
    (tmp_path / "broken").mkdir()
    save_odd(tmp_path / "odd")
    save_broken(tmp_path / "broken")
    entries = find_pictures([tmp_path])
    skipped = {}
    for n in range(len(entries)):
        skipped |= Crops(entries, SMALL, seed=0)[n][1]
    assert {Path(name).name for name in skipped} == {p.name for p in (tmp_path / "broken").iterdir()}
    assert "1×1" in skipped[str(tmp_path / "broken" / "dot.png")]
    assert "million pixels" in skipped[str(tmp_path / "broken" / "bomb.png")]
    resident = Resident(entries, SMALL, 0, torch.device("cpu"), workers=0)
    assert resident.skipped == skipped and len(resident.pictures) == 8


def test_exif_turns_a_picture_before_it_is_cropped(tmp_path):
    half = np.zeros((64, 64, 3), np.uint8)
    half[:, 32:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # what was right is now below
    Image.fromarray(half).save(tmp_path / "turned.png", exif=exif)
    crop = Crops(find_pictures([tmp_path]), Augmentation(16, (1.0, 1.0)), seed=0)[0][0].float()
    assert crop[:, 10:].min() > 200 and crop[:, :6].max() < 50


def test_processes_share_every_batch_without_overlap():
    whole = list(Sampler(6, first=2, last=5))
    parts = [list(Sampler(6, 2, 5, rank, 3)) for rank in range(3)]
    assert sorted(functools.reduce(operator.iadd, parts, [])) == whole == list(range(12, 30))
    for step in range(3):
        batch = functools.reduce(operator.iadd, (part[2 * step : 2 * step + 2] for part in parts), [])
        assert batch == whole[6 * step : 6 * step + 6]


def test_nothing_to_train_on_is_one_line(tmp_path):
    for source, says in [(tmp_path, "no pictures"), (tmp_path / "no", "no such")]:
        with pytest.raises(InputError, match=says):
            find_pictures([source])
    (tmp_path / "x.tar").write_bytes(b"not a tar file" * 100)
    with pytest.raises(InputError, match="tar"):
        find_pictures([tmp_path])
    (tmp_path / "y.jpg").write_bytes(b"")
    broken = Crops(find_pictures([tmp_path / "y.jpg"]), SMALL, seed=0)
    for workers in (0, 1):
        with pytest.raises(InputError, match="^not one of the pictures can be read$"):
            next(broken.batches(Sampler(1, 0, 1), torch.device("cpu"), workers))

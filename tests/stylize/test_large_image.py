"""Files that do not fit into memory, made small by making the limit small."""

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run
from styletransfer.errors import InputError
from styletransfer.media import image as pictures
from styletransfer.stylize.large_image import stylize_file

from ..conftest import noise

pytest.importorskip("pyvips")


def test_a_file_larger_than_memory_is_painted_as_a_smaller_one(
    tmp_path, tiny_model, stylizer, monkeypatch, capsys
):
    noise(300, 260).save(tmp_path / "big.png")
    noise(64, 64).transpose(Image.Transpose.ROTATE_90).save(tmp_path / "style.png")
    small = stylizer.stylize(tmp_path / "big.png", tmp_path / "style.png")
    monkeypatch.setattr(pictures, "MAX_PIXELS", 20_000)
    with pytest.raises(InputError, match="larger than"):
        pictures.read_picture(tmp_path / "big.png")
    command = [str(tmp_path / "big.png"), str(tmp_path / "style.png"), "--model", tiny_model]
    command += ["--device", "cpu", "--precision", "fp32", "--tile", "256"]
    assert run([*command, "-o", str(tmp_path / "out.tif")]) == 0
    assert "300×260" in capsys.readouterr().err
    out = np.asarray(Image.open(tmp_path / "out.tif")).astype(int)
    assert np.abs(out - np.asarray(small)).max() <= 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["big.png", "out.tif", "style.png"]
    assert run([*command, "-o", str(tmp_path / "out.webp")]) == 2
    assert "a picture of this size can be" in capsys.readouterr().err
    assert run([*command, "-o", str(tmp_path / "o.png"), "--mask", str(tmp_path / "style.png")]) == 2
    assert "too large for mask" in capsys.readouterr().err


def test_a_smaller_size_of_a_large_file(tmp_path, stylizer):
    noise(300, 260).save(tmp_path / "big.png")
    style = np.asarray(noise(64, 64))
    assert stylize_file(stylizer, tmp_path / "big.png", tmp_path / "o.png", style, size=65) == (75, 65)
    assert Image.open(tmp_path / "o.png").size == (75, 65)


def test_a_full_disk_ends_painting_in_one_line(tmp_path, stylizer, monkeypatch):
    def full(file, start, length):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    noise(60, 60).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="cannot write.*No space left"):
        stylize_file(stylizer, tmp_path / "a.png", tmp_path / "o.png", np.asarray(noise(64, 64)))
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]

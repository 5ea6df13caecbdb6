import io
import tarfile

import pytest
import torch
from PIL import Image

from benchmarks import squares as module
from benchmarks.squares import digest, floats, labelled, square, squares
from styletransfer.errors import InputError
from styletransfer.training.entries import find_pictures


@pytest.fixture
def shard(tmp_path, monkeypatch):
    """Three pictures, of which the table beside the shard knows two."""
    monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    path = tmp_path / "content-000.tar"
    with tarfile.open(path, "w") as tar:
        for number in range(3):
            buffer = io.BytesIO()
            Image.new("RGB", (40, 30), (80 * number, 0, 0)).save(buffer, "JPEG")
            info = tarfile.TarInfo(f"{number}.jpg")
            info.size = buffer.tell()
            tar.addfile(info, io.BytesIO(buffer.getvalue()))
    rows = ["shard\tfile\torigin", *(f"content-000.tar\t{n}.jpg\tset:{'ab'[n]}/x.jpg" for n in (0, 1))]
    (tmp_path / "SOURCES.tsv").write_text("\n".join(rows))
    return path


def test_a_square_is_the_middle():
    picture = Image.new("RGB", (30, 10), "black")
    picture.paste("white", (10, 0, 20, 10))
    assert (square(picture, 10) == 255).all() and square(picture, 4).shape == (3, 4, 4)


def test_pictures_are_decoded_once(shard):
    found = squares(find_pictures([shard]), 8)
    assert found.shape == (3, 3, 8, 8) and found.dtype == torch.uint8
    assert [round(p[0].float().mean().item() / 80) for p in found] == [0, 1, 2]
    (kept,) = (shard.parent / "cache").iterdir()
    before = kept.stat().st_mtime_ns
    assert torch.equal(squares(find_pictures([shard]), 8), found)
    assert kept.stat().st_mtime_ns == before
    assert digest(found) != digest(255 - found)
    assert floats(found).max() <= 1


def test_labels_are_those_of_the_table_beside_the_shard(shard):
    found = labelled([shard], lambda origin: origin[4:5] or None)
    assert [(entry.member, name) for entry, name in found] == [("0.jpg", "a"), ("1.jpg", "b")]
    with pytest.raises(InputError, match="no such label"):
        labelled([shard], lambda origin: None)
    (shard.parent / "SOURCES.tsv").unlink()
    with pytest.raises(InputError, match=r"no SOURCES\.tsv"):
        labelled([shard], lambda origin: origin)

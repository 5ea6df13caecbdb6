"""Where training pictures are."""

import tarfile

import pytest
from PIL import Image

from styletransfer.training.entries import find_pictures


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a" / "deep").mkdir(parents=True)
    for i in range(6):
        colour = (40 * i, 255 - 40 * i, 90)
        where = tmp_path / "a" / ("deep" if i % 2 else "") / f"{i}.jpg"
        Image.new("RGB", (60 + i, 50), colour).save(where)
    (tmp_path / "a" / "notes.txt").write_text("not a picture")
    return tmp_path / "a"


def test_folders_shards_and_patterns_hold_the_same_pictures(folder, tmp_path):
    for number in range(2):
        with tarfile.open(tmp_path / f"s-{number}.tar", "w") as tar:
            for file in sorted(folder.rglob("*.jpg"))[number::2]:
                tar.add(file, file.name)
    from_folder = sorted(entry.read() for entry in find_pictures([folder]))
    assert len(from_folder) == 6
    for pattern in ("s-*.tar", "s-{0..1}.tar"):
        assert sorted(e.read() for e in find_pictures([f"{tmp_path}/{pattern}"])) == from_folder
    both = find_pictures([tmp_path / "s-0.tar", tmp_path / "s-1.tar"])
    assert sorted(entry.read() for entry in both) == from_folder

import tarfile

import pytest
from PIL import Image

from styletransfer import InputError
from styletransfer.training.data import Crops, find_pictures


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
    assert sorted(e.read() for e in find_pictures([f"{tmp_path}/s-*.tar"])) == from_folder
    both = find_pictures([tmp_path / "s-0.tar", tmp_path / "s-1.tar"])
    assert sorted(entry.read() for entry in both) == from_folder


def test_a_crop_depends_on_its_number_alone(folder):
    entries = find_pictures([folder])
    forward, backward = Crops(entries, 16, seed=3), Crops(entries, 16, seed=3)
    expected = [forward[n][0] for n in range(20)]
    for n in reversed(range(20)):
        assert (backward[n][0] == expected[n]).all()
    other = Crops(entries, 16, seed=4)
    assert any((other[n][0] != expected[n]).any() for n in range(20))


def test_an_epoch_sees_every_picture_once(folder):
    crops = Crops(find_pictures([folder]), 16, seed=0)
    for epoch in range(3):
        colours = {tuple((crops[6 * epoch + i][0][:, 8, 8] // 20).tolist()) for i in range(6)}
        assert len(colours) == 6


def test_broken_pictures_are_replaced_and_counted(folder):
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.png").write_text("no")
    (folder / "cut.jpg").write_bytes((folder / "0.jpg").read_bytes()[:300])
    crops = Crops(find_pictures([folder]), 16, seed=0)
    found = [crops[n] for n in range(len(crops))]
    assert sum(tries for _, tries in found) >= 3
    assert all(crop.shape == (3, 16, 16) for crop, _ in found)


@pytest.mark.parametrize("mode, size", [("CMYK", (30, 30)), ("L", (1, 1)), ("RGB", (3, 500))])
def test_odd_pictures_are_cropped(tmp_path, mode, size):
    Image.new(mode, size).save(tmp_path / "x.jpg")
    assert Crops(find_pictures([tmp_path]), 16, seed=0)[0][0].shape == (3, 16, 16)


def test_nothing_to_train_on_is_one_line(tmp_path):
    for source, says in [(tmp_path, "no pictures"), (tmp_path / "no", "no such")]:
        with pytest.raises(InputError, match=says):
            find_pictures([source])
    (tmp_path / "x.tar").write_bytes(b"not a tar file" * 100)
    with pytest.raises(InputError, match="tar"):
        find_pictures([tmp_path])
    (tmp_path / "y.jpg").write_bytes(b"")
    with pytest.raises(InputError, match="not one"):
        Crops(find_pictures([tmp_path / "y.jpg"]), 16, seed=0)[0]

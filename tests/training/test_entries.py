"""Where training pictures are."""

import os
import tarfile

import pytest
from PIL import Image

from styletransfer import InputError
from styletransfer.training.entries import (
    SMALLEST,
    Entry,
    decode_large_enough,
    expand,
    find_pictures,
    save_skipped,
)


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


def test_what_is_in_a_shard_is_read_from_its_place(folder, tmp_path):
    with tarfile.open(tmp_path / "s.tar", "w") as tar:
        for file in sorted(folder.rglob("*.*")):
            tar.add(file, f"deep/{file.name}")
    entries = find_pictures([tmp_path / "s.tar"])
    assert [entry.name for entry in entries] == [
        f"{tmp_path}/s.tar/deep/{n}.jpg" for n in (0, 2, 4, 1, 3, 5)
    ]
    assert entries[1].read() == (folder / "2.jpg").read_bytes()
    assert Entry(folder / "0.jpg").name == str(folder / "0.jpg")


def test_braces_are_spelled_out_unless_they_are_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert expand("a-{08..10}.tar") == ["a-08.tar", "a-09.tar", "a-10.tar"]
    (tmp_path / "a-{0..1}.tar").touch()
    assert expand("a-{0..1}.tar") == ["a-{0..1}.tar"]
    with pytest.raises(InputError):
        expand("a{0..")


def test_what_is_wrong_with_a_source_is_one_line(tmp_path):
    (tmp_path / "x.tar").write_bytes(b"not a tar file" * 100)
    (tmp_path / "empty").mkdir()
    for source, says in (
        ("x.tar", "not a readable tar"),
        ("empty", "no pictures"),
        ("*.jpg", "no such file"),
    ):
        with pytest.raises(InputError, match=says) as caught:
            find_pictures([tmp_path / source])
        assert "\n" not in str(caught.value)


def test_skipped_pictures_are_a_table_whatever_they_are_called(tmp_path):
    odd = os.fsdecode(b"caf\xe9.jpg")
    save_skipped(tmp_path / "s.tsv", {"content": {"a.jpg": "is empty"}, "style": {odd: "is broken"}})
    lines = (tmp_path / "s.tsv").read_bytes().splitlines()
    assert lines == [b"content\ta.jpg\tis empty", b"style\tcaf\xe9.jpg\tis broken"]


def test_what_is_too_small_to_learn_from_is_refused(tmp_path):
    for side, fine in ((SMALLEST, True), (SMALLEST - 1, False)):
        Image.new("RGB", (40, side)).save(tmp_path / "a.png")
        data = (tmp_path / "a.png").read_bytes()
        if fine:
            assert decode_large_enough(data, 16).size == (40, side)
        else:
            with pytest.raises(InputError, match=r"is too small \(40×15\)"):
                decode_large_enough(data, 16)

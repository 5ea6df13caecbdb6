"""What there is to paint: folders, patterns, lists and tar files of all sorts."""

import json
import os
import shutil
import subprocess
import tarfile

import pytest

from styletransfer.batch.sources import find_items

from .conftest import contents, good, lines, photos, results


def test_results_beside_their_pictures_do_not_become_pictures(here, batch, capsys):
    photos(here / "p", "a.jpg", "b.jpg")
    for painted in (2, 0):
        assert batch("p/*.jpg", "p", "--suffix", "-painted", "--json") == 0
        assert json.loads(capsys.readouterr().out)["painted"] == painted
    assert sorted(path.name for path in (here / "p").glob("*.jpg")) == [
        "a-painted.jpg", "a.jpg", "b-painted.jpg", "b.jpg",
    ]  # fmt: skip
    assert batch("p/*-painted.jpg", "p", "--suffix", "-twice", "--alpha", "0.5") == 0
    assert (here / "p/a-painted-twice.jpg").exists(), "but they are what somebody asks for alone"


def test_braces_of_whole_paths_stay_inside(here, batch):
    photos(here, "d/a/x.jpg", "d/b/x.jpg", "d/b/y.jpg")
    assert batch(f"{{{here}/d/a,{here}/d/b}}/*.jpg", "deep/er/dst") == 0
    assert sorted(results(here / "deep/er/dst")) == ["a/x.jpg", "b/x.jpg", "b/y.jpg"]
    assert len(list(here.rglob("*.jpg"))) == 3 + 3 + 2, "and the two paintings"
    os.makedirs(here / "cwd")
    os.chdir(here / "cwd")
    assert batch("{../d/a,../d/b}/*.jpg", "dst") == 0
    assert sorted(results(here / "cwd/dst")) == ["a/x.jpg", "b/x.jpg", "b/y.jpg"]


@pytest.mark.parametrize("name", ["../x.png", "a/../../../x.png", "/x.png", "//deep/x.png"])
@pytest.mark.parametrize("pack", ["auto", "files"])
def test_tar_members_stay_inside(here, batch, name, pack):
    photos(here, "x.jpg")
    member = tarfile.TarInfo(name)
    data = (here / "x.jpg").read_bytes()
    member.size = len(data)
    with tarfile.open(here / "s.tar", "w") as tar, open(here / "x.jpg", "rb") as file:
        tar.addfile(member, file)
    before = set(contents(here))
    assert batch("s.tar", "a/b/dst", "--pack", pack) == (1 if ".." in name else 0)
    assert all(str(path).startswith(str(here / "a/b/dst")) for path in set(contents(here)) - before)
    if ".." in name:
        assert "leads out" in lines(here / "a/b/dst/failures.jsonl")[0]["error"]


def test_a_pipe_is_not_waited_for(here, batch):
    photos(here / "src", "a.jpg")
    os.mkfifo(here / "src/pipe.jpg")
    assert batch("src", "dst") == 1
    assert "not a plain file" in lines(here / "dst/failures.jsonl")[0]["error"]


def test_what_is_in_hand_elsewhere_is_no_picture(here, batch):
    photos(here / "src", "a.jpg", ".stylize/tmp-0.jpg")
    assert [item.name for item in find_items(str(here / "src")).items] == ["a.jpg"]


def test_folders_may_be_deep_and_come_again(here, batch):
    photos(here / "src", "a.jpg")
    os.chdir(here / "src")
    for _ in range(1200):
        os.mkdir("d")
        os.chdir("d")
    shutil.copy(here / "src/a.jpg", "a.jpg")
    os.chdir(here)
    found = find_items("src").items
    subprocess.run(["rm", "-r", "src/d"], check=True)  # pytest cannot
    assert len(found) == 2 and found[1].name.count("/") == 1200


def test_lists_and_patterns(here, batch, capsys):
    names = good(here / "src", 6)
    (here / "list.txt").write_text("\n".join(f"src/{name}" for name in names[:2]))
    assert batch("list.txt", "dst") == 0
    assert sorted(results(here / "dst")) == sorted(f"src/{name}" for name in names[:2])
    assert batch("src/**/*.jpg", "jpgs") == 0
    assert sorted(results(here / "jpgs")) == sorted(name for name in names if name.endswith("jpg"))

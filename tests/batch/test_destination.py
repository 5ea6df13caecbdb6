"""Where results must not go: over what is read, out of their folder, where something else lies."""

import json
import os
import shutil
import tarfile

import pytest

from .conftest import contents, lines, photos, results


def linked(here):
    (here / "link").symlink_to("p")
    return ["link/*.jpg", "p"]


def listed(here):
    (here / "list.txt").write_text("p/a.jpg\np/b.jpg\n")
    return ["list.txt", "."]


def hard(here):
    (here / "q").mkdir()
    os.link(here / "p/a.jpg", here / "q/a.jpg")
    return ["p/*.jpg", "q"]


def soft(here):
    (here / "q").mkdir()
    (here / "q/a.jpg").symlink_to(here / "p/a.jpg")
    return ["p/*.jpg", "q"]


def of_links(here):
    (here / "q").mkdir()
    (here / "q/a.jpg").symlink_to(here / "p/a.jpg")
    return ["q/*.jpg", "p"]


def packed(here):
    with tarfile.open(here / "p/x.tar", "w") as tar:
        tar.add(here / "p/a.jpg", "a.jpg")
    return ["p/*.tar", "p"]


def repacked(here):
    with tarfile.open(here / "p/shard-000000.tar", "w") as tar:
        tar.add(here / "p/a.jpg", "a.jpg")
    return ["p/*.tar", "p", "--pack", "1"]


def inside(here):
    os.chdir(here / "p")
    return ["*.jpg", "."]


@pytest.mark.parametrize(
    "spelling",
    [
        lambda here: ["p/*.jpg", "p"],
        lambda here: ["p/*.jpg", "q/../p"],
        lambda here: ["p/{a,b}.jpg", "p"],
        lambda here: [f"{here}/p/*.jpg", "p"],
        lambda here: ["{p,q}/*.jpg", "."],
        lambda here: ["p/*.jpg", "p", "--pick", "cycle", "--per-image", "1"],
        lambda here: ["p/a.jpg", "p"],
        linked, listed, hard, soft, of_links, packed, repacked, inside,
    ],
)  # fmt: skip
@pytest.mark.parametrize("more", [[], ["--no-skip-existing", "--force"], ["--dry-run"]])
def test_no_result_replaces_a_picture(here, batch, capsys, spelling, more):
    photos(here / "p", "a.jpg", "b.jpg")
    (here / "q").mkdir()
    os.rmdir(here / "q") if spelling in (hard, soft, of_links) else None
    arguments, before = spelling(here), contents(here)
    assert batch(*arguments, *more) == 2
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and "give another folder" in err
    assert contents(here) == before


def test_no_result_replaces_a_style_or_a_mask(here, batch, capsys, paintings):
    photos(here / "p", "x/style.png", "mask.png")
    before = contents(here)
    arguments = ["p", "q", "--no-skip-existing", "--force", "--format", "png"]
    (here / "q").mkdir()
    shutil.copytree(here / "p/x", here / "q/x")
    assert batch(*arguments, "--style", "q/x/style.png", style=False) == 2
    assert "style.png, which is read" in capsys.readouterr().err
    shutil.copy(here / "p/mask.png", here / "q/mask.png")
    assert batch(*arguments, "--mask", "q/mask.png") == 2
    assert "mask.png, which is read" in capsys.readouterr().err
    assert {path: data for path, data in contents(here).items() if path in before} == before


def test_lists_and_links_stay_inside(here, batch):
    photos(here, "p/a.jpg", "p/in/b.jpg", "c.jpg")
    os.makedirs(here / "p/lists")
    (here / "p/lists/list.txt").write_text("../a.jpg\n../../c.jpg\n./../in/../in/b.jpg\n")
    assert batch("p/lists/list.txt", "dst") == 0
    assert sorted(results(here / "dst")) == ["c.jpg", "p/a.jpg", "p/in/b.jpg"]
    (here / "other").mkdir()
    (here / "out").mkdir()
    (here / "out/in").symlink_to(here / "other")
    assert batch("p", "out") == 1
    assert lines(here / "out/failures.jsonl")[0]["input"] == "in/b.jpg"
    assert not os.listdir(here / "other") and (here / "out/a.jpg").exists()


def test_a_file_that_cannot_be_placed_is_a_failure_and_the_job_goes_on(here, batch, capsys):
    photos(here / "src", "a.jpg", "a.png/x.jpg", "b.jpg", "c.jpg")
    (here / "dst/b.png").mkdir(parents=True)
    for painted in (2, 0, 0):
        assert batch("src", "dst", "--format", "png", "--json") == 1
        assert json.loads(capsys.readouterr().out)["painted"] == painted
        failures = lines(here / "dst/failures.jsonl")
        assert [(f["input"], f["output"]) for f in failures] == [("a.jpg", "a.png"), ("b.jpg", "b.png")]
        assert not (here / "dst/.stylize").exists()
    assert sorted(results(here / "dst")) == ["a.png/x.png", "c.png"]
    assert len(lines(here / "dst/manifest.jsonl")) == 2
    os.rmdir(here / "dst/b.png")
    assert batch("src", "dst", "--format", "png") == 1
    assert (here / "dst/b.png").is_file()


def test_a_file_where_a_folder_is_wanted(here, batch):
    photos(here / "src", "a/x.jpg", "b.jpg")
    (here / "dst").mkdir()
    (here / "dst/a").write_text("precious")
    assert batch("src", "dst") == 1 and batch("src", "dst") == 1
    assert (here / "dst/a").read_text() == "precious" and (here / "dst/b.jpg").exists()

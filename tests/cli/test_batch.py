"""stylize batch: what it takes, and what it plans."""

import json

import pytest

from styletransfer.cli import run

from ..conftest import noise
from .conftest import SMALL


@pytest.fixture
def batch(here, paintings, tiny_model):
    """Run `stylize batch` on a folder src of three pictures; gives its exit code."""
    for number, name in enumerate(("a.png", "b.jpg", "c/d.png")):
        (here / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        noise(20, 24, seed=number).save(here / "src" / name)

    def call(*arguments: str) -> int:
        return run(["batch", *arguments, "--style", paintings[0], "--model", tiny_model, *SMALL])

    return call


def test_a_dry_run_says_what_would_be_done(here, batch, capsys):
    assert batch("src", "dst", "--dry-run") == 0
    plan = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(p["input"], p["output"], p["style"]) for p in plan] == [
        (name, name, "painting0") for name in ("a.png", "b.jpg", "c/d.png")
    ]
    assert not (here / "dst").exists()


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["nowhere", "dst"], "no such file"),
        (["src", "src"], "another for the results"),
        (["src", "dst", "--per-image", "0"], "--per-image"),
        (["src", "dst", "--pick", "random", "--per-image", "2"], "1 styles to choose from"),
        (["src", "dst", "--format", "docx"], "--format"),
        (["src", "dst", "--crop"], "--crop needs --size"),
        (["src", "dst", "--quality", "0"], "--quality"),
        (["src", "dst", "--pack", "0"], "--pack"),
        (["src", "dst", "--alpha", "3"], "alpha is 3"),
        (["src", "dst", "--suffix", "a/b"], "--suffix"),
        (["src", "dst", "--address", "auto"], "--engine ray"),
        (["src", "dst", "--weights", "1", "--pick", "cycle"], "--weights"),
        (["src", "dst", "--style", "nowhere.jpg"], "nowhere.jpg"),
        (["src", "dst", "--style", "broken.jpg"], "broken.jpg"),
        (["empty", "dst"], "no pictures"),
        (["src", "dst", "--color-strength", "2"], "--color-strength is 2: it goes from 0 to 1"),
        (["src", "dst", "--style-crop", "0"], "--style-crop is 0: above 0, at most 1"),
        (["src", "dst", "--tile", "small"], "--tile is small"),
    ],
)
def test_bad_usage_is_one_line(here, batch, capsys, arguments, message):
    (here / "empty").mkdir()
    (here / "broken.jpg").write_text("not a picture")
    assert batch(*arguments) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1
    assert not (here / "dst").exists()


def test_what_was_done_is_printed(here, batch, capsys):
    assert batch("src", "dst", "--device", "cpu") == 0
    out, err = capsys.readouterr()
    assert out == "dst\n" and "3 painted" in err
    assert batch("src", "dst", "--device", "cpu", "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["results"], record["there"], record["painted"]) == (3, 3, 0)

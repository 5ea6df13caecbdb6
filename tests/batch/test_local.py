"""One machine: as many pictures at once as memory is free for, at the size at which they are painted."""

import itertools
import threading
import time
from pathlib import Path
from threading import Barrier

import pytest
from PIL import Image

from styletransfer.batch import local, worker
from styletransfer.cli import run

from ..conftest import noise
from .conftest import good, lines, photos, results


@pytest.fixture
def four_photos(tmp_path):
    (tmp_path / "src").mkdir()
    for name in "abcd":
        noise(20, 24, seed=ord(name)).save(tmp_path / "src" / f"{name}.png")
    Image.new("L", (20, 24), 255).save(tmp_path / "mask.png")
    return tmp_path / "src"


@pytest.fixture
def small_batch(four_photos, tmp_path, paintings, tiny_model):
    def start(*options: str) -> int:
        style = ["--style", paintings[0], "--model", tiny_model, "--device", "cpu", "--workers", "2"]
        return run(["batch", str(four_photos), str(tmp_path / "out"), *style, *options])

    return start


@pytest.mark.parametrize("options", [["--size", "40"], ["--size", "40", "--mask", "mask.png"]])
def test_what_is_painted_larger_needs_memory_for_that(options, small_batch, tmp_path, monkeypatch):
    """The photos would all fit at once; painted, no two of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(local, "affordable", lambda net: 3000)
    paint, at_work, most, changed = worker.BatchPainter.paint_batch, 0, [], threading.Condition()

    def together(self, pairs):
        nonlocal at_work
        with changed:
            at_work += 1
            most.append(at_work)
            changed.notify_all()
            changed.wait_for(lambda: at_work > 1, timeout=0.5)
        try:
            return paint(self, pairs)
        finally:
            with changed:
                at_work -= 1

    monkeypatch.setattr(worker.BatchPainter, "paint_batch", together)
    assert small_batch(*options) == 0
    assert most == [1] * 4 and len(list((tmp_path / "out").glob("*.png"))) == 4


def test_what_is_loaded_larger_needs_memory_for_that(small_batch, monkeypatch):
    asked, take = [], local.PixelBudget.take
    monkeypatch.setattr(local.PixelBudget, "take", lambda self, n: (asked.append(n), take(self, n)))
    assert small_batch("--size", "40") == 0
    assert set(asked) == {40 * 48}


def test_what_is_loaded_smaller_is_decoded_whole(small_batch, monkeypatch):
    asked, take = [], local.PixelBudget.take
    monkeypatch.setattr(local.PixelBudget, "take", lambda self, n: (asked.append(n), take(self, n)))
    assert small_batch("--size", "10") == 0
    assert set(asked) == {20 * 24, 10 * 12}


def test_a_source_that_goes_away_is_one_failure(here, batch, monkeypatch):
    photos(here / "src", "a.jpg", "b.jpg", "c.jpg")
    real = local.load

    def load(task, *arguments):
        if task.item.name == "b.jpg":
            (here / "src/b.jpg").unlink()
        return real(task, *arguments)

    monkeypatch.setattr(local, "load", load)
    assert batch("src", "dst") == 1
    assert [f["input"] for f in lines(here / "dst/failures.jsonl")] == ["b.jpg"]
    assert sorted(results(here / "dst")) == ["a.jpg", "c.jpg"]


def test_what_is_nearly_saved_when_another_meets_the_full_disk_is_kept(here, batch, monkeypatch):
    good(here / "src", 2)
    real, written, both = Path.write_bytes, itertools.count(), Barrier(2, timeout=60)

    def full(path, data):
        both.wait()
        if next(written) == 0:
            raise OSError(28, "No space left on device")
        time.sleep(0.3)
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert batch("src", "dst", "--workers", "2") == 2
    assert len(results(here / "dst")) == len(lines(here / "dst/manifest.jsonl")) == 1

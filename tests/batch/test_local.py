"""One machine: as many pictures at once as memory is free for, at the size at which they are painted."""

import threading

import pytest
from PIL import Image

from styletransfer.batch import local, worker
from styletransfer.cli import run

from ..conftest import noise


@pytest.fixture
def photos(tmp_path):
    (tmp_path / "src").mkdir()
    for name in "abcd":
        noise(20, 24, seed=ord(name)).save(tmp_path / "src" / f"{name}.png")
    Image.new("L", (20, 24), 255).save(tmp_path / "mask.png")
    return tmp_path / "src"


@pytest.fixture
def batch(photos, tmp_path, paintings, tiny_model):
    def start(*options: str) -> int:
        style = ["--style", paintings[0], "--model", tiny_model, "--device", "cpu", "--workers", "2"]
        return run(["batch", str(photos), str(tmp_path / "out"), *style, *options])

    return start


@pytest.mark.parametrize("options", [["--size", "40"], ["--size", "40", "--mask", "mask.png"]])
def test_what_is_painted_larger_needs_memory_for_that(options, batch, tmp_path, monkeypatch):
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
    assert batch(*options) == 0
    assert most == [1] * 4 and len(list((tmp_path / "out").glob("*.png"))) == 4


def test_what_is_loaded_larger_needs_memory_for_that(batch, monkeypatch):
    asked, take = [], local.PixelBudget.take
    monkeypatch.setattr(local.PixelBudget, "take", lambda self, n: (asked.append(n), take(self, n)))
    assert batch("--size", "40") == 0
    assert set(asked) == {40 * 48}


def test_what_is_loaded_smaller_is_decoded_whole(batch, monkeypatch):
    asked, take = [], local.PixelBudget.take
    monkeypatch.setattr(local.PixelBudget, "take", lambda self, n: (asked.append(n), take(self, n)))
    assert batch("--size", "10") == 0
    assert set(asked) == {20 * 24, 10 * 12}

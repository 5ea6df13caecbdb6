"""The studio in a real browser."""

import base64
import os
import re
import threading

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run

from ..conftest import noise
from .conftest import LONG, changes

sync_api = pytest.importorskip("playwright.sync_api", reason="browser tests need playwright")


def send_photo(page, path: str) -> None:
    """Take the photo away, and give another."""
    page.get_by_label("Remove Image").click()
    page.locator("#photo input[type=file]").wait_for(state="attached")
    page.locator("#photo input[type=file]").set_input_files(path)


def drop(page, target: str, path: str) -> None:
    """Drop a file on an element, as a file manager does."""
    with open(path, "rb") as file:
        data = base64.b64encode(file.read()).decode()
    transfer = page.evaluate_handle(
        """([data, name]) => { const found = new DataTransfer();
        const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
        found.items.add(new File([bytes], name, {type: 'image/png'})); return found }""",
        [data, os.path.basename(path)],
    )
    page.locator(target).first.dispatch_event("drop", {"dataTransfer": transfer})


def slide(page, name: str, value: float) -> None:
    number = page.locator(f"#{name} input[type=number]")
    number.fill(str(value))
    number.press("Enter")


def test_photo_style_and_sliders_give_the_picture_of_the_command(page, tmp_path, tiny_model):
    photo, style = str(tmp_path / "photo.png"), str(tmp_path / "own.png")
    noise(90, 70, seed=5).save(photo)
    noise(300, 260, seed=6).save(style)
    changes(page, lambda: send_photo(page, photo))
    changes(page, lambda: drop(page, "#own-style button", style))
    changes(page, lambda: slide(page, "weight-1", 0.25))
    changes(page, lambda: slide(page, "strength", 0.7))
    changes(page, lambda: slide(page, "style-size", 256))
    page.get_by_role("button", name="Paint at full size").click()
    download = page.get_by_role("button", name=re.compile("Download PNG, 90 × 70"))
    with page.expect_download() as found:
        download.click()
    found.value.save_as(tmp_path / "web.png")
    from styletransfer.media.image import example_styles

    first = str(next(p for p in example_styles() if p.stem == "starry_night"))
    command = [photo, first, style, "--weights", "0.25,1", "--alpha", "0.7", "--style-size", "256"]
    options = ["--model", tiny_model, "--device", "cpu", "--precision", "fp32"]
    assert run([*command, "-o", str(tmp_path / "cli.png"), *options]) == 0
    same = [np.array(Image.open(tmp_path / name)) for name in ("web.png", "cli.png")]
    assert np.array_equal(*same)
    with page.expect_download() as found:
        page.locator("#save-code").click()
    assert found.value.suggested_filename.endswith(".style.safetensors")
    found.value.save_as(tmp_path / "mix.style.safetensors")
    command = [photo, str(tmp_path / "mix.style.safetensors"), "--alpha", "0.7"]
    assert run([*command, "-o", str(tmp_path / "code.png"), *options]) == 0
    assert np.array_equal(np.array(Image.open(tmp_path / "code.png")), same[0])


def test_a_frame_of_the_webcam_is_painted(page):
    page.get_by_label("Remove Image").click()
    page.get_by_label("Capture from camera").click()
    page.get_by_role("button", name="Click to Access Webcam").click()
    page.wait_for_function("(v => v && v.videoWidth > 0)(document.querySelector('#photo video'))")
    changes(page, lambda: page.get_by_label("capture photo").click())
    assert page.locator("#photo img").count() == 1


def test_garbage_is_refused_in_words(page, tmp_path):
    (tmp_path / "garbage.png").write_bytes(b"no picture at all")
    Image.new("RGB", (2500, 2000)).save(tmp_path / "large.jpg")
    (tmp_path / "heavy.jpg").write_bytes(bytes(3_100_000))
    send_photo(page, str(tmp_path / "garbage.png"))
    page.get_by_text("not a picture").first.wait_for()
    send_photo(page, str(tmp_path / "large.jpg"))
    page.get_by_text("megapixels").first.wait_for()
    send_photo(page, str(tmp_path / "heavy.jpg"))
    page.get_by_text("maximum allowed size").first.wait_for()
    assert str(tmp_path) not in page.content()


class Held:
    """A network whose first convolution is not done until it is let go; counts them all."""

    def __init__(self, net):
        self.convolutions = [m for m in net.modules() if hasattr(m, "kernel_size")]
        self.count, self.began, self.go_on = 0, threading.Event(), threading.Event()
        self.hooks = [m.register_forward_hook(self.wait) for m in self.convolutions]

    def wait(self, *_):
        self.count += 1
        self.began.set()
        assert self.go_on.wait(LONG / 1000)


@pytest.fixture
def held(stylizer):
    held = Held(stylizer.net)
    yield held
    held.go_on.set()
    for hook in held.hooks:
        hook.remove()


def test_a_long_job_is_stopped(page, held):
    page.get_by_role("button", name="Paint at full size").click()
    assert held.began.wait(LONG / 1000)
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped.", exact=True).first.wait_for()
    held.go_on.set()
    changes(page, lambda: slide(page, "strength", 0.5))  # whose turn comes when the other's is over
    assert held.count == 1 + len(held.convolutions), "one of the job that was stopped"
    assert page.get_by_role("button", name="Download the picture").is_disabled()


def test_who_waits_in_the_queue_can_leave_it(page, chromium, studio, held):
    other = chromium.new_context().new_page()
    other.set_default_timeout(LONG)
    other.goto(studio)
    assert held.began.wait(LONG / 1000)  # the other user's first preview
    page.get_by_role("button", name="Paint at full size").click()
    page.get_by_text("queue:").first.wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped.", exact=True).first.wait_for()
    held.go_on.set()
    other.wait_for_selector("#compare img")
    changes(page, lambda: slide(page, "strength", 0.5))  # whose turn comes after all that waited
    assert held.count == 2 * len(held.convolutions), "of the previews; the job that waited never began"
    other.context.close()


def test_two_users_do_not_see_each_other(page, chromium, studio, tmp_path):
    noise(80, 80, seed=9).save(tmp_path / "mine-alone.png")
    changes(page, lambda: send_photo(page, str(tmp_path / "mine-alone.png")))
    mine = page.evaluate("[...document.querySelectorAll('#compare img, #photo img')].map(i => i.src)")
    other = chromium.new_context().new_page()
    other.set_default_timeout(LONG)
    other.goto(studio)
    other.wait_for_selector("#compare img")
    theirs = other.evaluate("[...document.querySelectorAll('img')].map(i => i.src)")
    assert len(mine) == 3 and not set(mine) & set(theirs)
    assert "mine-alone" not in other.content()
    other.context.close()

"""The studio in a real browser."""

import re
import shlex
import threading

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run

from ..chromium import LONG, shares
from ..conftest import noise
from ..npm import npm_package
from .browser import changes, file, saved
from .conftest import png

sync_api = pytest.importorskip("playwright.sync_api", reason="browser tests need playwright")
expect = sync_api.expect

WIDTHS = [(1400, "light"), (1024, "dark"), (900, "light"), (768, "dark"), (390, "light"), (390, "dark")]
AXE = "4.10.3"  # MPL-2.0; from npm when tests run, and no part of this package
PHOTO, STYLE = png(noise(90, 70, seed=5)), png(noise(60, 50, seed=6))


def says(page, words: str) -> None:
    expect(page.locator("#status")).to_contain_text(words, timeout=LONG)


def test_what_is_painted_is_what_the_copied_command_paints(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, data in (("photo.png", PHOTO), ("own.png", STYLE)):
        (tmp_path / name).write_bytes(data)
    changes(page, lambda: page.locator("#photo").set_input_files(file("photo.png", PHOTO)))
    changes(page, lambda: page.locator("#painting").set_input_files(file("own.png", STYLE)))
    page.locator("#blend").click()
    changes(page, lambda: page.locator("[data-key=lion]").click())
    changes(page, lambda: page.locator("#shares input").first.fill("70"))
    assert shares(page) == [70, 30]
    changes(page, lambda: page.locator("#alpha").fill("80"))
    page.locator("#brushing").click()
    box = page.locator("#brush").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    assert 0 < float(page.locator("#brush").evaluate("brush => getComputedStyle(brush).opacity")) <= 0.5
    changes(page, page.mouse.up)
    name = saved(page, page.locator("#paint").click, tmp_path / "web.png")
    assert name == "photo-own+lion.png"
    says(page, "Saved as photo-own+lion.png, 90 × 70")
    page.locator("#copy-command").click()
    expect(page.locator("#copied-title")).to_have_text("The command")
    mask = saved(
        page, page.get_by_role("link", name="photo-mask.png").click, tmp_path / "photo-mask.png"
    )
    assert mask == "photo-mask.png"
    command = page.locator("#copied-text").input_value()
    page.keyboard.press("Escape")
    assert run(shlex.split(command)[1:]) == 0
    pictures = [np.array(Image.open(tmp_path / each)) for each in ("web.png", name)]
    assert np.array_equal(*pictures) and pictures[0].std() > 0
    page.locator("#undo").click()
    page.locator("#undo").click()
    expect(page.locator("#alpha")).to_have_value("100")
    assert shares(page) == [70, 30]
    page.keyboard.press("Control+Shift+z")
    expect(page.locator("#alpha")).to_have_value("80")
    changes(page, lambda: page.locator("#shares input").first.fill("60"))
    assert shares(page) == [60, 40]


def test_what_is_no_picture_is_said_and_four_styles_are_the_most(page):
    page.locator("#painting").set_input_files(file("bad.png", b"no picture"))
    says(page, "bad.png is not a picture")
    assert page.locator("#strip [aria-pressed=true]").count() == 1
    page.locator("#photo").set_input_files(file("bad-photo.png", b"no picture"))
    says(page, "bad-photo.png is not a picture")
    page.locator("#photo").set_input_files(file("large.png", png(Image.new("L", (2500, 2000)))))
    says(page, "megapixels")
    page.locator("#photo").set_input_files(file("heavy.png", bytes(3_100_000)))
    says(page, "at most 3 are taken here")
    page.locator("[data-key=starry_night]").click()
    says(page, "choose another in its place")
    page.locator("#blend").click()
    for key in ("lion", "spring", "summertime"):
        changes(page, lambda key=key: page.locator(f"[data-key={key}]").click())
    page.locator("[data-key=great_wave]").click()
    says(page, "Four styles are the most")
    assert len(shares(page)) == 4 and sum(shares(page)) == 100


def test_at_every_width_the_result_stays_and_nothing_is_cut_off(visit):
    page = visit(bypass_csp=True)
    page.locator("#more summary").click()
    page.add_script_tag(path=npm_package("axe-core", AXE) / "axe.min.js")
    for width, scheme in WIDTHS:
        height = 844 if width < 500 else 800
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        for box in (card.bounding_box() for card in page.locator("#strip img").all()):
            assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["width"] > 60
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        frame = page.locator("#frame").bounding_box()
        assert frame["y"] >= -1 and frame["y"] + frame["height"] <= height, (
            f"it does not stick at {width}"
        )
        paint = page.locator("#paint").bounding_box()
        assert paint["y"] + paint["height"] <= height
        assert axe(page) == [], (width, scheme)
    page.locator("#copy-command").click()
    page.locator("#copied").wait_for()
    assert axe(page) == [] and page.evaluate("document.documentElement.scrollWidth") == width


def axe(page) -> list:
    """What WCAG's levels A and AA have against the page, as axe-core says."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("tags => axe.run({runOnly: tags})", tags)
    assert len(found["passes"]) > 10
    return [(each["id"], [node["html"][:90] for node in each["nodes"]]) for each in found["violations"]]


def test_all_is_reached_by_keyboard_and_has_a_name(page):
    page.evaluate("document.getElementById('more').open = true")
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        id, name, ring = page.evaluate(
            """() => { const e = document.activeElement;
            const seen = e.type === 'file' ? e.closest('label, span') : e;
            return [e.id || e.dataset.key || e.tagName,
                e.ariaLabel || e.labels?.[0]?.innerText || e.innerText || e.title,
                getComputedStyle(seen).outlineStyle] }"""
        )
        if id in (*reached, "BODY"):
            break
        assert name and name.strip() and (ring != "none" or id == "cut"), (id, name, ring)
        reached.append(id)
    assert {"photo", "camera", "painting", "blend", "lion", "alpha", "refine", "map", "paint"} <= {
        *reached
    }
    page.locator("[data-key=lion]").focus()
    changes(page, lambda: page.keyboard.press("Enter"))
    page.locator("#alpha").focus()
    changes(page, lambda: page.keyboard.press("ArrowLeft"))
    assert page.locator("#alpha").get_attribute("aria-valuetext") == "95 %"
    mask = Image.new("L", (70, 51))  # who cannot brush gives a file
    mask.paste(255, (0, 0, 35, 51))
    page.locator("#brushing").focus()
    page.keyboard.press("Enter")
    changes(page, lambda: page.locator("#mask-file").set_input_files(file("mask.png", png(mask))))
    left, right = page.locator("#brush").evaluate(
        """brush => [0.1, 0.9].map(x => brush.getContext("2d")
        .getImageData(x * brush.width, brush.height / 2, 1, 1).data[3])"""
    )
    assert (left, right) == (255, 0)


def test_two_visitors_do_not_see_each_other(page, visit):
    other = visit()
    changes(page, lambda: page.locator("#photo").set_input_files(file("mine-alone.png", PHOTO)))
    sources = "[...document.querySelectorAll('img')].map(i => i.src).filter(src => src.includes('/v/'))"
    mine, theirs = page.evaluate(sources), other.evaluate(sources)
    assert len(mine) >= 4 and not set(mine) & set(theirs) and "mine-alone" not in other.content()


def test_a_lost_connection_is_said_and_mended(visit, opened):
    page = visit()
    changes(page, lambda: page.locator("#photo").set_input_files(file("photo.png", PHOTO)))
    opened.close()
    says(page, "The connection to the studio is lost")
    changes(page, lambda: opened.open())
    says(page, "A preview")
    assert page.locator("#photo-name").inner_text() == "photo.png"


class Held:
    """A network whose first convolution is not done until it is let go."""

    def __init__(self, net):
        self.began, self.go_on = threading.Event(), threading.Event()
        layer = next(m for m in net.modules() if hasattr(m, "kernel_size"))
        self.hook = layer.register_forward_hook(self.wait)

    def wait(self, *_):
        self.began.set()
        assert self.go_on.wait(LONG / 1000)


@pytest.fixture
def held(stylizer):
    made = []

    def hold() -> Held:
        made.append(Held(stylizer.net))
        return made[-1]

    yield hold
    for each in made:
        each.go_on.set()
        each.hook.remove()


def test_a_job_waits_in_its_place_and_is_stopped(page, visit, held):
    other = visit()
    held = held()
    page.locator("#paint").click()
    assert held.began.wait(LONG / 1000)
    other.locator("[data-key=lion]").click()
    says(other, "1 is before you")
    page.get_by_role("button", name="Stop").click()
    held.go_on.set()
    says(page, "Stopped.")
    expect(page.locator("#paint")).to_be_visible()
    expect(page.locator("#stop")).to_be_hidden()
    says(other, "A preview")


def test_several_photos_are_a_folder(page, tmp_path):
    photos = [file(f"{name}.png", PHOTO) for name in "ab"]
    changes(page, lambda: page.locator("#photo").set_input_files(photos))
    assert (
        page.locator("#photos button").count() == 2
        and page.locator("#paint").inner_text() == "Paint all 2"
    )
    assert saved(page, page.locator("#paint").click, tmp_path / "painted.zip") == "painted.zip"
    says(page, "2 photos")


def test_the_camera_is_painted_live_and_kept(page):
    page.get_by_role("button", name="Camera").click()
    expect(page.locator("#live")).to_have_attribute(
        "data-frames", re.compile(r"^([3-9]|\d\d+)$"), timeout=LONG
    )
    assert page.locator("#live").get_attribute("width") == "384"
    changes(page, lambda: page.get_by_role("button", name="Keep this").click())
    assert page.locator("#photo-name").inner_text() == "camera.png"
    assert page.locator("#camera").inner_text() == "Camera"

"""The page in a real browser: what it paints, what it asks for, and who can use it."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletransfer.media.image import example_styles
from styletransfer.models.draft import Grain
from styletransfer.site.runtime import CDN, FILES
from styletransfer.stylize.stylizer import Stylizer

from ..chromium import LONG, launched, shares
from ..conftest import noise
from .browser import choose, expect, painted, png, served, shown, slide

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples" / "content"
ISOLATED = {  # as docs/browser.md has it
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}


@pytest.fixture(scope="module")
def chromium():
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def opened(chromium, site):
    """One page for all tests, ready, its camera off; after loading it may ask for nothing more."""
    with served(site, {}) as address:
        page = chromium.new_page(viewport={"width": 1400, "height": 900}, accept_downloads=True)
        page.set_default_timeout(LONG)
        asked, failures = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(address)
        painted(page)
        assert page.evaluate("document.documentElement.dataset.runtime") == "wasm, 1 thread"
        assert all(url.startswith((address, "data:", "blob:")) for url in asked), asked
        asked.clear()
        yield page
        assert [url for url in asked if not url.startswith(("blob:", "data:"))] == []
        assert failures == []
        page.close()


@pytest.fixture
def page(opened):
    """The page, with a small photo, at its usual sizes."""
    opened.set_viewport_size({"width": 1400, "height": 900})
    opened.locator("#size").select_option("1024")
    opened.locator("#photo").set_input_files(png(noise(90, 70, seed=5), "small.png"))
    for name, value in (("alpha", 100), ("strokes", 1)):
        slide(opened, name, value)
    choose(opened, "The Starry Night")
    return opened


def test_page_and_python_paint_the_same(page, tmp_path):
    photo, style = noise(301, 260, seed=1), noise(512, 560, seed=2)
    stylizer = Stylizer(device="cpu", precision="fp32")
    page.locator("#photo").set_input_files(png(photo, "photo.png"))
    choose(page, "The Great Wave")
    slide(page, "alpha", 80)
    wave = next(path for path in example_styles() if path.stem == "great_wave")
    code = stylizer.style(wave)
    for number, strokes in enumerate((0.5, 1, 2, 4)):
        slide(page, "strokes", number)
        expected = np.asarray(stylizer.stylize(photo, code, 0.8, strokes=strokes))
        assert np.abs(shown(page).astype(int) - expected).max() <= 2
    page.locator("#painting").set_input_files(png(style, "mine.png"))
    slide(page, "alpha", 100)
    slide(page, "strokes", 1)
    choose(page, "mine", "The Great Wave")
    slide(page, "shares input >> nth=0", 70)
    assert shares(page) == [70, 30]
    with page.expect_download() as found:
        page.get_by_role("button", name="Save").click()
    assert found.value.suggested_filename == "photo-mine+the-great-wave-off-kanagawa.png"
    found.value.save_as(tmp_path / "saved.png")
    code = stylizer.blend([style, wave], [0.7, 0.3])
    expected = np.asarray(stylizer.stylize(photo, code)).astype(int)
    assert np.abs(np.asarray(Image.open(tmp_path / "saved.png"))[..., :3] - expected).max() <= 2


def test_the_noise_of_drafts_is_made_in_the_page(chromium, site):
    with served(site, {}) as address:
        page = chromium.new_page()
        page.goto(f"{address}site.json")
        drawn = page.evaluate(
            "async ([side, unit]) => Array.from((await import('./grain.js')).makeNoise(side, unit))",
            [Grain.PERIOD, Grain.UNIT],
        )
        page.close()
    assert drawn == Grain(0.03).noise.flatten().tolist()


def from_npm(package: Path, changed: str = ""):
    """Stands for the public server: gives what the npm package has, one file of it with a byte more."""

    def answer(route) -> None:
        name = route.request.url.rpartition("/")[2]
        data = (package / "dist" / name).read_bytes() + b" " * (name == changed)
        kind = "application/wasm" if name.endswith(".wasm") else "text/javascript"
        headers = {"access-control-allow-origin": "*", "content-type": kind}
        route.fulfill(body=data, headers=headers)

    return answer


def test_the_shipped_model_paints_a_photo_as_python_does(chromium, shipped_site, package):
    with served(shipped_site, {}) as address:
        page = chromium.new_page()
        page.set_default_timeout(LONG)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.route(f"{CDN}**", from_npm(package))
        page.goto(address)
        painted(page)
        outside = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
        assert sorted(outside) == sorted(CDN + name for name in FILES["wasm"])
        page.locator("#size").select_option("512")
        photo = Image.open(next(path for path in EXAMPLES.glob("*.jpg") if path.stem == "bridge"))
        photo.thumbnail((512, 512))
        page.locator("#photo").set_input_files(png(photo, "bridge.png"))
        choose(page, "The Starry Night", "Composition VIII")
        painting = {path.stem: path for path in example_styles()}
        stylizer = Stylizer(device="cpu", precision="fp32")
        code = stylizer.blend([painting["starry_night"], painting["composition_viii"]])
        expected = np.asarray(stylizer.stylize(photo, code)).astype(int)
        assert np.abs(shown(page) - expected).max() <= 2
        page.close()


@pytest.mark.parametrize("changed", FILES["wasm"])
def test_a_runtime_that_is_not_the_one_is_not_run(chromium, shipped_site, package, changed):
    with served(shipped_site, {}) as address:
        page = chromium.new_page()
        page.route(f"{CDN}**", from_npm(package, changed))
        page.goto(address)
        expect(page.locator("#status")).to_have_text(
            re.compile(f"made ready: .*{changed}"), timeout=LONG
        )
        assert page.evaluate("document.documentElement.dataset.runtime") is None
        page.close()


def test_a_blend_s_percentages_add_to_100(page):
    strip = page.locator("#strip").bounding_box()
    choose(page, "Lion", "Spring", "Summertime", "The Starry Night")
    assert sum(shares(page)) == 100 and len(shares(page)) == 4
    assert page.locator("#strip").bounding_box() == strip  # nothing jumps
    page.get_by_role("button", name="Composition VIII").click()
    expect(page.locator("#status")).to_have_text("A blend has at most 4 styles.")
    for number, value in ((1, 83), (3, 40), (0, 100), (2, 0), (0, 33)):
        slide(page, f"shares input >> nth={number}", value)
        assert sum(shares(page)) == 100 and shares(page)[number] == value
    page.get_by_role("button", name="Spring").click()
    painted(page)
    assert sum(shares(page)) == 100 and len(shares(page)) == 3
    choose(page, "Lion")
    assert page.locator("#strip button[aria-pressed=true]").count() == 1
    assert page.locator("#shares").is_hidden()


def test_what_is_no_picture_is_refused_in_words(page):
    garbage = {"name": "garbage.jpg", "mimeType": "image/jpeg", "buffer": b"no picture at all"}
    whole = png(noise(200, 150), "cut.jpg")
    before = shown(page)
    for target in ("#photo", "#painting"):
        page.locator(target).set_input_files(garbage)
        expect(page.locator("#status")).to_have_text(re.compile("garbage.jpg: This is not a picture"))
    assert np.array_equal(shown(page), before)
    slide(page, "alpha", 50)  # and the page still paints
    assert not np.array_equal(shown(page), before)
    slide(page, "alpha", 100)
    page.locator("#photo").set_input_files(whole)
    painted(page)


def test_a_photo_of_40_megapixels_is_made_smaller_beside_the_page(page):
    page.locator("#size").select_option("512")
    painted(page)
    large = png(Image.new("RGB", (8000, 5000), (90, 120, 60)), "large.jpg")
    page.evaluate(
        """() => { let last = performance.now(); window.longest = 0;
        window.timer = setInterval(() => { const now = performance.now();
            window.longest = Math.max(window.longest, now - last); last = now }, 10) }"""
    )
    page.locator("#photo").set_input_files(large)
    painted(page)
    assert page.evaluate("clearInterval(window.timer), window.longest") < 1000
    assert shown(page).shape == (320, 512, 3)
    assert np.abs(shown(page, "before").astype(int) - (90, 120, 60)).max() <= 3


def test_a_photo_stands_upright_and_keeps_what_is_transparent(page):
    turned = Image.new("RGB", (90, 60))
    turned.getexif()[0x0112] = 6  # a quarter turn
    page.locator("#photo").set_input_files(png(turned, "turned.jpg", exif=turned.getexif()))
    painted(page)
    assert shown(page).shape == (90, 60, 3)
    clear = noise(64, 48)
    clear.putalpha(Image.linear_gradient("L").resize((64, 48)).point(lambda v: 255 * (v > 100)))
    page.locator("#photo").set_input_files(png(clear, "clear.png"))
    painted(page)
    alpha = shown(page, mode="RGBA")[..., 3]
    assert np.array_equal(alpha, np.asarray(clear.getchannel("A")))


def test_all_is_done_by_keyboard_alone(page):
    page.locator("#cut").focus()
    page.keyboard.press("Home")
    expect(page.locator("#cut")).to_have_attribute("aria-valuetext", "0 % photo")
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const e = document.activeElement; return [e.id || e.dataset.key,
            e.getAttribute('aria-label') || e.innerText || (e.labels && e.labels[0]?.innerText)] }"""
        )
        if found[0] in (None, "cut") and reached:
            break
        reached.append(found)
        before = shown(page) if found[0] in ("lion", "alpha") else None
        if found[0] == "lion":
            page.keyboard.press("Enter")
        elif found[0] == "alpha":
            page.keyboard.press("ArrowLeft")
        if before is not None:
            painted(page)
            assert not np.array_equal(shown(page), before)
        if found[0] == "save":
            with page.expect_download():
                page.keyboard.press("Enter")
    names = [name for name, _ in reached]
    wanted = {"photo", "camera", "painting", "blend", "lion", "alpha", "strokes", "size", "save"}
    assert wanted <= set(names)
    assert all(text and text.strip() for _, text in reached), reached
    expect(page.locator("[data-key=lion]")).to_have_attribute("aria-pressed", "true")
    assert page.locator("#alpha").input_value() == "95"
    slide(page, "alpha", 100)


def test_on_a_phone_nothing_lies_beside_the_screen_nor_moves(page):
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    frame = page.locator("#frame").bounding_box()
    page.locator("#photo").set_input_files(png(noise(60, 120), "tall.png"))
    painted(page)
    assert page.locator("#frame").bounding_box() == frame
    for name in ("photo", "save", "alpha", "strokes"):
        box = page.locator(f"#{name}").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= 844, f"{name} is below the fold"
    small = page.evaluate(
        """[...document.querySelectorAll('button, .button, select')].filter(e => e.offsetParent)
        .map(e => [e.id, e.getBoundingClientRect().height]).filter(([, height]) => height < 32)"""
    )
    assert small == []


def test_the_camera_is_painted_live_and_kept(page):
    page.get_by_role("button", name="Camera").click()
    page.get_by_role("button", name="Keep this").wait_for()
    expect(page.locator("#after")).to_have_attribute("width", "320", timeout=LONG)
    live = shown(page)
    deadline = time.monotonic() + LONG / 1000
    while np.array_equal(shown(page), live):
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)
    page.locator("#size").select_option("512")
    page.get_by_role("button", name="Keep this").click()
    painted(page)
    assert shown(page).shape[1] == 512
    assert page.get_by_role("button", name="Camera").inner_text() == "Camera"


def test_an_isolated_page_paints_with_threads(chromium, site):
    with served(site, ISOLATED) as address:
        page = chromium.new_page()
        page.add_init_script("Object.defineProperty(navigator, 'hardwareConcurrency', {get: () => 2})")
        page.goto(address)
        painted(page)
        assert page.evaluate("document.documentElement.dataset.runtime") == "wasm, 2 threads"
        page.close()

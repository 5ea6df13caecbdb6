"""What happens when the page is touched."""

import os
from contextlib import suppress
from types import SimpleNamespace

import gradio
import numpy as np
import pytest
from PIL import Image

from styletransfer.styles.code_file import SUFFIX
from styletransfer.web import events as events_of_the_page
from styletransfer.web.events import Events
from styletransfer.web.service import StudioService

from ..conftest import noise
from .conftest import CHANGED, LONG, SHOWN, changes


def draw_until_painted(page, canvas) -> None:
    """The editor does not say when it is ready: who sees that nothing comes of it draws once more."""
    from playwright.sync_api import TimeoutError

    before = page.evaluate(SHOWN)
    for _ in range(20):
        box = canvas.bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.5)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5, steps=6)
        page.mouse.up()
        with suppress(TimeoutError):
            page.wait_for_function(CHANGED, arg=before, timeout=LONG / 20)
            return


@pytest.mark.slow
def test_the_brush_says_where(page):
    page.get_by_role("button", name="Where to paint").click()
    canvas = page.locator("#brush canvas").first
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    changes(page, lambda: draw_until_painted(page, canvas))


def test_styles_are_chosen_by_keyboard(page):
    tiles = page.locator("#gallery button.thumbnail-item, #gallery button.gallery-item")
    assert tiles.count() >= 8
    tiles.nth(0).focus()
    changes(page, lambda: page.keyboard.press("Enter"))
    page.locator("#weight-2").wait_for()
    assert page.locator("#gallery").get_by_text("✓").count() == 2


@pytest.fixture
def events(stylizer, tmp_path):
    return Events(StudioService(stylizer, tmp_path, megapixels=0.1))


def at(index):
    return SimpleNamespace(index=index)


def test_a_style_is_taken_and_put_back_but_never_the_last(events):
    library = [(f"{name}.jpg", name) for name in "abcdef"]
    chosen = ["a.jpg"]
    for index, expected in ((1, "ab"), (1, "a"), (0, "a"), (2, "ac"), (3, "acd"), (4, "acde")):
        chosen, gallery, *weights = events.choose(library, chosen, at(index))
        assert chosen == [f"{name}.jpg" for name in expected]
        assert [name for _, name in gallery if name[0] == "✓"] == [f"✓ {name}" for name in expected]
        shown = [weight for weight in weights if weight.visible]
        assert [weight.label for weight in shown] == [f"Weight: {name}" for name in expected]
    assert events.choose(library, chosen, at(5))[0] == chosen, "four are the most"


def test_paintings_of_one_s_own_are_added_and_chosen(events, tmp_path):
    noise(40, 30).save(tmp_path / "mine.png")
    mine = str(tmp_path / "mine.png")
    full = [f"{name}.jpg" for name in "abcd"]
    library = [(file, file[0]) for file in full]
    uploads, library, chosen, *_ = events.add(library, full, [mine])
    assert uploads is None and library[-1] == (mine, "mine") and chosen == [*full[:3], mine]
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(gradio.Error, match="text.png: is not a picture"):
        events.add(library, chosen, [str(tmp_path / "text.png")])


def test_a_new_photo_is_there_to_brush_over(events, tmp_path):
    noise(40, 30).save(tmp_path / "a.png")
    drawn = events.background(str(tmp_path / "a.png"))
    assert drawn["background"].shape == (30, 40, 3) and drawn["layers"] == []
    assert events.background(None) is None, "which preview says"


def test_what_was_asked_is_read_from_the_page():
    layer = np.zeros((4, 5, 4), np.uint8)
    layer[..., 3] = 7
    values = ["p.jpg", ["a.jpg", "b.jpg"], 0.5, 1, 1, 1, 0.8, 2, 256.0, "luminance", 0.3]
    photo, styles, options = events_of_the_page._asked([*values, {"layers": [layer]}, 8.0, 25.0], 99)
    assert photo == "p.jpg" and styles == [("a.jpg", 0.5), ("b.jpg", 1)]
    assert (options.alpha, options.strokes, options.style_size, options.size) == (0.8, 2, 256, 99)
    assert (options.preserve_color, options.color_strength, options.feather) == ("luminance", 0.3, 8)
    assert options.refine == 25
    assert (options.mask == 7).all() and options.mask.shape == (4, 5)
    assert events_of_the_page._asked([*values, None, 8, 0], None)[2].mask is None


def test_a_preview_is_a_pair_of_pictures_and_a_code(events, tmp_path, photo, paintings):
    asked = [photo, [paintings[0]], 1, 1, 1, 1, 1.0, 1, 32, "none", 1.0, None, 0, 0]
    session = SimpleNamespace(session_hash="me")
    (before, after), code, _ = events.preview(session, lambda *_, **__: None, *asked)
    assert Image.open(before).size == Image.open(after).size == (50, 37) and code.endswith(SUFFIX)
    assert events.preview(session, None, None, *asked[1:])[0] is None, "no photo, no picture"
    (((_, result), ready),) = events.finish(session, lambda *_, **__: None, *asked)
    assert Image.open(ready.value["path"] if isinstance(ready.value, dict) else ready.value).size == (
        50,
        37,
    )
    assert "50 × 37" in ready.label and ready.interactive
    events.leave(session)
    assert not any(os.path.exists(file) for file in (before, after, code, result))


def test_what_is_refined_is_seen_on_the_way_and_stop_keeps_it(events, photo, paintings, monkeypatch):
    monkeypatch.setattr(events_of_the_page, "PAUSE", 0)
    asked = [photo, [paintings[0]], 1, 1, 1, 1, 1.0, 1, 32, "none", 1.0, None, 0]
    session, heard = SimpleNamespace(session_hash="me"), []
    seen = list(events.finish(session, lambda share, **_: heard.append(share), *asked, 4))
    assert len(seen) > 4 and heard == sorted(heard) and heard[-1] == 1.0
    first, last = (np.array(Image.open(pair[1])).astype(int) for pair, _ in (seen[0], seen[-1]))
    assert first.shape == last.shape and np.abs(first - last).max() > 0
    (plain,) = events.finish(session, lambda *_, **__: None, *asked, 0)
    assert np.abs(np.array(Image.open(plain[0][1])).astype(int) - last).max() > 0
    steps = events.finish(session, lambda *_, **__: None, *asked, 500)
    (_, kept), _ = next(steps)
    events.service.stop("me")
    with pytest.raises(gradio.Error, match="Stopped"):
        list(steps)
    assert Image.open(kept).size == (50, 37), "what was seen can be had"
    events.leave(session)

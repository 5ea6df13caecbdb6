"""What is on the page: each part has a name, and asks for nothing that is out of range."""

import gradio
import pytest

from styletransfer import StylizeOptions
from styletransfer.options import MAX_ALPHA, MAX_STROKES
from styletransfer.web.page import MOST_STYLES, captioned, lay_out
from styletransfer.web.server import build
from styletransfer.web.service import StudioService


@pytest.mark.slow
def test_every_control_has_a_name_and_can_be_reached(page):
    for title in ("Colours", "Where to paint"):
        page.get_by_role("button", name=title).click()
    for part in ("colors", "color-strength", "feather"):
        page.locator(f"#{part}").wait_for()
    page.locator("#brush canvas").first.wait_for()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, select')]
        .filter(e => e.offsetParent !== null && e.type !== 'hidden' && e.type !== 'file')
        .filter(e => !(e.innerText || '').trim() && !e.getAttribute('aria-label') && !e.title
            && !(e.labels && [...e.labels].some(l => l.innerText.trim()))
            && !(e.getAttribute('aria-labelledby')))
        .map(e => e.outerHTML.slice(0, 160))"""
    )
    assert nameless == []
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached |= set(
            page.evaluate(
                """() => { const ids = [];
                for (let e = document.activeElement; e; e = e.parentElement) if (e.id) ids.push(e.id);
                return ids }"""
            )
        )
    wanted = {
        "photo",
        "gallery",
        "own-style",
        "weight-1",
        "strength",
        "strokes",
        "style-size",
        "colors",
        "brush",
    }
    assert wanted | {"feather", "paint", "stop", "save-code"} <= reached


def test_sliders_of_the_studio_stay_within_the_options(stylizer, tmp_path):
    page = build(StudioService(stylizer, tmp_path, 4))
    sliders = {b.elem_id: b for b in page.blocks.values() if isinstance(b, gradio.Slider)}
    names = {"strength": "alpha", "strokes": "strokes", "style-size": "style_size"}
    names |= {"color-strength": "color_strength", "feather": "feather", "refine": "refine"}
    for element, name in names.items():
        for value in (sliders[element].minimum, sliders[element].value, sliders[element].maximum):
            StylizeOptions(**{name: value})
        if name != "feather":  # which the brush needs a little of
            assert sliders[element].value == getattr(StylizeOptions(), name), name
    assert sliders["strength"].maximum == MAX_ALPHA and sliders["strokes"].maximum == MAX_STROKES


def test_the_strokes_there_are_begin_where_the_model_s_do(stylizer, tmp_path):
    """Its finest are of a network that paints drafts; others begin at their own size."""
    with gradio.Blocks():
        for least in (0.5, 1):
            assert lay_out(least).options.strokes.minimum == least
    page = build(StudioService(stylizer, tmp_path, 4))
    (strokes,) = (b for b in page.blocks.values() if getattr(b, "elem_id", "") == "strokes")
    assert strokes.minimum == 1 and not stylizer.net.config.drafts


def test_a_job_is_told_all_that_was_set():
    with gradio.Blocks():
        parts = lay_out(1)
    names = ["photo", None, *(f"weight-{n + 1}" for n in range(MOST_STYLES))]
    names += [
        "strength",
        "strokes",
        "style-size",
        "colors",
        "color-strength",
        "brush",
        "feather",
        "refine",
    ]
    assert [part.elem_id for part in parts.inputs] == names
    assert [weight.visible for weight in parts.styles.weights] == [True, False, False, False]
    assert len(parts.styles.chosen.value) == 1


def test_what_is_chosen_has_a_tick():
    library = [("a.jpg", "a"), ("b.jpg", "b")]
    assert captioned(library, ["b.jpg"]) == [("a.jpg", "a"), ("b.jpg", "✓ b")]

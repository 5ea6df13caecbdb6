"""How the page looks, on a phone too."""

from contextlib import suppress

from styletransfer.web.theme import CSS, HEAD, theme

TOO_WIDE = (
    "[...document.querySelectorAll('#columns *')].filter(e => e.getBoundingClientRect().right > 401)"
    ".map(e => e.tagName + '#' + e.id)"
)


def test_nothing_lies_beside_a_phone_s_screen(page):
    from playwright.sync_api import TimeoutError

    page.set_viewport_size({"width": 400, "height": 860})
    with suppress(TimeoutError):
        page.wait_for_function(f"() => {TOO_WIDE}.length === 0")
    assert page.evaluate(TOO_WIDE) == []


def test_fonts_are_the_system_s_and_nothing_is_loaded():
    look = theme()
    assert look.font.startswith("system-ui") or "system-ui" in look.font
    assert not look._font_css and "http" not in CSS + HEAD and "@import" not in CSS + HEAD


def contrast(one: str, two: str) -> float:
    """WCAG 2.2: of relative luminances, 1 to 21."""

    def luminance(color):
        values = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
        return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear))

    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


def test_what_is_written_on_buttons_can_be_read():
    look = theme()
    for ground in ("", "_hover", "_dark"):
        color = getattr(look, f"button_primary_background_fill{ground}")
        assert contrast(look.button_primary_text_color, color) > 4.5, ground
    assert contrast(look.block_label_text_color, look.block_background_fill) > 4.5

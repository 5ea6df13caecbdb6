"""How the studio looks: a quiet room, so that the pictures are what one sees. Fonts are the system's."""

import gradio as gr
from gradio.themes.utils import colors, sizes

RUST = colors.Color(
    name="rust", c50="#fdf4ef", c100="#fae5da", c200="#f4c9b4", c300="#eba585", c400="#de7a50",
    c500="#b8431d", c600="#a33a18", c700="#8a3014", c800="#6f2812", c900="#5a2311", c950="#331208",
)  # fmt: skip

SANS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]


def theme() -> gr.themes.Base:
    """Warm greys and one colour."""
    fonts = [[gr.themes.Font(name) for name in names] for names in (SANS, MONO)]
    return gr.themes.Base(
        primary_hue=RUST,
        neutral_hue=colors.stone,
        text_size=sizes.text_md,
        radius_size=sizes.radius_lg,
        font=fonts[0],
        font_mono=fonts[1],
    ).set(
        body_background_fill="#f6f4f1",
        body_background_fill_dark="#171513",
        block_background_fill="#ffffff",
        block_background_fill_dark="#211e1b",
        block_border_width="1px",
        block_border_color="#e7e2dc",
        block_border_color_dark="#37322d",
        block_label_background_fill="rgba(255, 255, 255, 0.86)",
        block_label_background_fill_dark="rgba(33, 30, 27, 0.86)",
        block_label_border_width="0px",
        block_label_radius="0 0 8px 0",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_hover="#f3eee9",
        button_secondary_background_fill_dark="#2b2723",
        button_secondary_border_color="#d9d2ca",
        button_secondary_border_color_dark="#4a433c",
        button_border_width="1px",
        block_label_text_color="#57534e",
        block_label_text_color_dark="#c9c3bc",
        block_title_text_weight="600",
        block_shadow="none",
        button_primary_background_fill="#b8431d",
        button_primary_background_fill_hover="#9c3616",
        button_primary_background_fill_dark="#c4501f",
        button_primary_text_color="#ffffff",
        slider_color="#b8431d",
        slider_color_dark="#e0703c",
        input_background_fill="#fbfaf8",
        input_background_fill_dark="#1b1917",
    )


CSS = """
.gradio-container { max-width: 1360px !important; margin: 0 auto; }
#title h1 { font-size: 1.7rem; font-weight: 700; letter-spacing: -0.02em; margin: 0.3rem 0 0; }
#title p { color: var(--body-text-color-subdued); margin: 0; }
#styles-title { margin: 0.25rem 0 -0.5rem; }
#styles-title h2 { font-size: 0.95rem; font-weight: 600; margin: 0; }
#result { position: sticky; top: 0.75rem; align-self: flex-start; }
#gallery .grid-wrap { min-height: 0; height: auto !important; max-height: 24rem; padding: 0.5rem; }
#gallery .grid-container { gap: 0.5rem; }
#gallery .thumbnail-item { border-radius: 0.5rem; }
#gallery .caption-label {
  left: 0; right: 0; bottom: 0; max-width: none; width: 100%; text-align: left; border: 0;
  border-radius: 0; font-size: 0.75rem; line-height: 1.1; padding: 0.3rem 0.4rem;
}
#gallery .thumbnail-item.selected { box-shadow: none; border-color: transparent; }
#own-style button .wrap {
  flex-direction: row; gap: 0.4rem; min-height: 0; padding-top: 1.5rem; font-size: 0.875rem;
  line-height: 1.25rem; color: var(--body-text-color-subdued);
}
#own-style button .icon-wrap { display: none; }
button.primary { font-weight: 600; }
:focus-visible { outline: 3px solid #b8431d !important; outline-offset: 2px; }
footer { display: none !important; }
@media (max-width: 700px) {
  #columns { flex-direction: column; }
  #gallery .grid-container { grid-template-columns: repeat(3, minmax(0, 1fr)) !important; }
  #result { position: static; order: 1; }
  #controls { order: 2; }
  #result .row { flex-wrap: wrap; }
  #result .row > * { min-width: 0 !important; flex: 1 1 40% !important; }
  button.lg { font-size: 0.95rem; padding: 0.6rem; }
}
"""

# Gradio has its own rules apply within its container only; these are for the container.
HEAD = """<style>
@media (max-width: 700px) {
  .gradio-container { width: 100vw !important; min-width: 0 !important; }
  .gradio-container .main.app { width: 100% !important; min-width: 0; padding: 0.75rem 1rem !important; }
  .gradio-container .wrap, .gradio-container main, main > .column, #columns, #columns > .column {
    width: 100% !important; max-width: 100% !important; min-width: 0 !important;
  }
}
</style>"""

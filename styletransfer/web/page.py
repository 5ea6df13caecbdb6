"""What is on the studio's page, from top to bottom and from left to right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ..media.image import example_photo, example_styles
from ..options import MAX_STROKES
from .replies import judge

MOST_STYLES = 4  # at once
COLORS = [
    ("The painting's", "none"),
    ("The photo's, painted in brightness", "luminance"),
    ("The photo's, mixed before painting", "histogram"),
]


@dataclass(frozen=True)
class StyleParts:
    """library: (file, name) of all styles that the gallery shows. chosen: files, at most MOST_STYLES;
    weights: theirs, of which those without a style are hidden. uploads: paintings of one's own."""

    library: gr.State
    chosen: gr.State
    gallery: gr.Gallery
    uploads: gr.File
    weights: list[gr.Slider]

    @property
    def shelf(self) -> list[gr.components.Component]:
        """What changes when other styles are chosen."""
        return [self.chosen, self.gallery, *self.weights]


@dataclass(frozen=True)
class OptionParts:
    """How to paint: each is an option of `StylizeOptions`; `brush` draws the mask."""

    alpha: gr.Slider
    strokes: gr.Slider
    style_size: gr.Slider
    preserve_color: gr.Radio
    color_strength: gr.Slider
    brush: gr.ImageEditor
    feather: gr.Slider
    refine: gr.Slider

    @property
    def all(self) -> list[gr.components.Component]:
        """In the order in which `events` reads them."""
        return [
            self.alpha, self.strokes, self.style_size, self.preserve_color, self.color_strength,
            self.brush, self.feather, self.refine,
        ]  # fmt: skip

    @property
    def sliders(self) -> list[gr.Slider]:
        """Those that change the preview."""
        return [self.alpha, self.strokes, self.style_size, self.color_strength, self.feather]


@dataclass(frozen=True)
class ResultParts:
    """compare: the photo and what was painted of it."""

    compare: gr.ImageSlider
    paint: gr.Button
    stop: gr.Button
    download: gr.DownloadButton
    save_code: gr.DownloadButton


@dataclass(frozen=True)
class Parts:
    """The whole page; every user has a session with values of their own."""

    photo: gr.Image
    styles: StyleParts
    options: OptionParts
    result: ResultParts

    @property
    def inputs(self) -> list[gr.components.Component]:
        """What a job needs to know."""
        return [self.photo, self.styles.chosen, *self.styles.weights, *self.options.all]


def lay_out(least_strokes: float) -> Parts:
    """Put everything on the page that is being built. least_strokes: the finest that there are."""
    gr.Markdown("# Style studio\nA photo, a painting, and you.", elem_id="title")
    with gr.Row(elem_id="columns"):
        with gr.Column(scale=5, min_width=320, elem_id="controls"):
            photo, styles, options = _photo(), _styles(), _options(least_strokes)
        with gr.Column(scale=7, min_width=320, elem_id="result"):
            result = _result()
    for part in (*styles.weights, *options.sliders, options.preserve_color, options.refine):
        judge(part)
    judge(styles.uploads, needed=False)
    judge(options.brush, needed=False)
    return Parts(photo, styles, options, result)


def captioned(library: Sequence[tuple[str, str]], chosen: Sequence[str]) -> list[tuple[str, str]]:
    """The gallery's pictures and what is written under them."""
    return [(file, f"✓ {name}" if file in chosen else name) for file, name in library]


def _photo() -> gr.Image:
    photo = gr.Image(
        value=str(example_photo()),
        label="Photo",
        type="filepath",
        image_mode=None,
        sources=["upload", "webcam", "clipboard"],
        height=260,
        buttons=[],
        elem_id="photo",
    )

    def as_sent(payload: Any) -> Any:
        """The file as it was sent, so that we say ourselves what is wrong with it."""
        return payload.path if payload else None

    photo.preprocess = as_sent  # type: ignore[method-assign]
    return photo


def _styles() -> StyleParts:
    examples = [(str(path), path.stem.replace("_", " ")) for path in example_styles()]
    first = next((example for example in examples if example[1] == "starry night"), examples[0])
    library, chosen = gr.State(examples), gr.State([first[0]])
    gr.Markdown("## Styles: choose up to four", elem_id="styles-title")
    gallery = gr.Gallery(
        value=captioned(examples, [first[0]]),
        label="Styles",
        show_label=False,
        columns=4,
        height="auto",
        allow_preview=False,
        interactive=False,
        object_fit="cover",
        buttons=[],
        elem_id="gallery",
    )
    uploads = gr.File(
        label="Paintings of your own",
        file_types=["image"],
        file_count="multiple",
        height=76,
        elem_id="own-style",
    )
    weights = [
        gr.Slider(
            0, 1, 1, step=0.05, label=f"Weight: {first[1]}", visible=number == 0,
            elem_id=f"weight-{number + 1}",
        )
        for number in range(MOST_STYLES)
    ]  # fmt: skip
    return StyleParts(library, chosen, gallery, uploads, weights)


def _options(least_strokes: float) -> OptionParts:
    alpha = gr.Slider(
        0, 2, 1, step=0.05, label="Strength", elem_id="strength",
        info="0 is the photo, 1 the painting's style, 2 too much",
    )  # fmt: skip
    strokes = gr.Slider(
        least_strokes, MAX_STROKES, 1, step=0.25, label="Strokes", elem_id="strokes",
        info="how broad they are",
    )  # fmt: skip
    style_size = gr.Slider(
        128, 1024, 512, step=32, label="Style size", elem_id="style-size",
        info="how large the painting is looked at",
    )  # fmt: skip
    with gr.Accordion("Colours", open=False):
        color = gr.Radio(COLORS, value="none", label="Whose colours", elem_id="colors")
        color_strength = gr.Slider(
            0, 1, 1, step=0.05, label="How much of the photo's colours", elem_id="color-strength"
        )
    with gr.Accordion("Where to paint", open=False):
        brush = _brush()
        feather = gr.Slider(0, 64, 8, step=1, label="Soft edge, pixels", elem_id="feather")
    refine = gr.Slider(
        0, 100, 0, step=5, label="Refine", elem_id="refine",
        info="steps at full size, 25 for a print: it takes minutes; Stop keeps what is seen",
    )  # fmt: skip
    return OptionParts(alpha, strokes, style_size, color, color_strength, brush, feather, refine)


def _brush() -> gr.ImageEditor:
    return gr.ImageEditor(
        label="Brush over what to paint",
        type="numpy",
        sources=[],
        transforms=[],
        layers=False,
        format="png",
        brush=gr.Brush(default_size=48, colors=["#e4572e"], color_mode="fixed"),
        eraser=gr.Eraser(default_size=48),
        height=420,
        buttons=[],
        elem_id="brush",
    )


def _result() -> ResultParts:
    compare = gr.ImageSlider(
        label="Before and after",
        type="filepath",
        interactive=False,
        max_height=620,
        buttons=["fullscreen"],
        elem_id="compare",
    )
    with gr.Row():
        paint = gr.Button("Paint at full size", variant="primary", elem_id="paint")
        stop = gr.Button("Stop", elem_id="stop")
    with gr.Row():
        download = gr.DownloadButton("Download the picture", interactive=False, elem_id="download")
        save_code = gr.DownloadButton("Save the style code", elem_id="save-code")
    return ResultParts(compare, paint, stop, download, save_code)

"""The studio's page: what is on it, and what happens when it is touched."""

import os
import socket
import threading
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr

from ..errors import InputError
from ..media.image import example_photo, example_styles, write_picture
from ..stylize.paint import LEAST_STROKES, MAX_STROKES
from ..stylize.stylizer import Stylizer
from .replies import done_or_said, judge
from .security import middleware
from .service import PREVIEW, JobStopped, StudioService, thumbnail
from .session_files import private_folder
from .theme import CSS, HEAD, theme

MOST = 4  # styles at once
COLORS = [
    ("The painting's", "none"),
    ("The photo's, painted in brightness", "luminance"),
    ("The photo's, mixed before painting", "histogram"),
]
NETWORK = "network"  # one job at a time


def build(atelier: StudioService) -> gr.Blocks:
    """The page; every user has a session of their own."""
    examples = [(str(path), path.stem.replace("_", " ")) for path in example_styles()]

    first = next((file for file, name in examples if name == "starry night"), examples[0][0])

    with gr.Blocks(
        title="Style studio", analytics_enabled=False, delete_cache=(3600, 12 * 3600)
    ) as page:
        library = gr.State(list(examples))  # (file, name) of all styles that the gallery shows
        chosen = gr.State([first])  # files, at most MOST
        gr.Markdown("# Style studio\nA photo, a painting, and you.", elem_id="title")
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=5, min_width=320, elem_id="controls"):
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
                # The file as it was sent, so that we say ourselves what is wrong with it.
                photo.preprocess = lambda payload: payload.path if payload else None
                gr.Markdown("## Styles: choose up to four", elem_id="styles-title")
                gallery = gr.Gallery(
                    value=_captioned(examples, [first]),
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
                own = gr.File(
                    label="Paintings of your own",
                    file_types=["image"],
                    file_count="multiple",
                    height=76,
                    elem_id="own-style",
                )
                weights = [
                    gr.Slider(
                        0, 1, 1, step=0.05, label=f"Weight: {dict(examples)[first]}", visible=i == 0,
                        elem_id=f"weight-{i + 1}",
                    )
                    for i in range(MOST)
                ]  # fmt: skip
                alpha = gr.Slider(
                    0, 2, 1, step=0.05, label="Strength", elem_id="strength",
                    info="0 is the photo, 1 the painting's style, 2 too much",
                )  # fmt: skip
                finest = LEAST_STROKES if atelier.stylizer.net.config.drafts else 1
                strokes = gr.Slider(
                    finest, MAX_STROKES, 1, step=0.25, label="Strokes", elem_id="strokes",
                    info="how broad they are",
                )  # fmt: skip
                style_size = gr.Slider(
                    128, 1024, 512, step=32, label="Style size", elem_id="style-size",
                    info="how large the painting is looked at",
                )  # fmt: skip
                with gr.Accordion("Colours", open=False):
                    color = gr.Radio(COLORS, value="none", label="Whose colours", elem_id="colors")
                    color_strength = gr.Slider(
                        0,
                        1,
                        1,
                        step=0.05,
                        label="How much of the photo's colours",
                        elem_id="color-strength",
                    )
                with gr.Accordion("Where to paint", open=False):
                    brush = gr.ImageEditor(
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
                    feather = gr.Slider(0, 64, 8, step=1, label="Soft edge, pixels", elem_id="feather")
            with gr.Column(scale=7, min_width=320, elem_id="result"):
                compare = gr.ImageSlider(
                    label="Before and after",
                    type="filepath",
                    interactive=False,
                    max_height=620,
                    buttons=["fullscreen"],
                    elem_id="compare",
                )
                with gr.Row():
                    full = gr.Button("Paint at full size", variant="primary", elem_id="paint")
                    halt = gr.Button("Stop", elem_id="stop")
                with gr.Row():
                    picture = gr.DownloadButton(
                        "Download the picture", interactive=False, elem_id="download"
                    )
                    code = gr.DownloadButton("Save the style code", elem_id="save-code")

        choices = [
            photo,
            chosen,
            *weights,
            alpha,
            strokes,
            style_size,
            color,
            color_strength,
            brush,
            feather,
        ]
        for given in (*weights, alpha, strokes, style_size, color, color_strength, feather):
            judge(given)
        for given in (own, brush):
            judge(given, needed=False)

        def paint(values, size, request: gr.Request, progress) -> tuple:
            file, files, *rest = values
            styles = list(zip(files, rest[:MOST]))
            alpha, strokes, style_size, color, share, drawn, feather = rest[MOST:]
            sign = atelier.begin(request.session_hash)

            def step(done: float) -> None:
                if sign.is_set():
                    raise JobStopped
                progress(done, desc="Painting")

            def work() -> tuple:
                source = atelier.check(file)
                layers = (drawn or {}).get("layers") or []
                mask = layers[0][..., 3] if layers else None
                image = atelier.paint(
                    source,
                    styles,
                    alpha,
                    strokes,
                    int(style_size),
                    color,
                    share,
                    mask,
                    int(feather),
                    size,
                    step,
                )
                if sign.is_set():
                    raise JobStopped
                return source, image, styles, int(style_size)

            return done_or_said(work)

        def shown(request: gr.Request, *images) -> tuple[str, ...]:
            return tuple(atelier.shown(request.session_hash, image) for image in images)

        def preview(request: gr.Request, progress=gr.Progress(), *values):
            if values[0] is None:
                return None, gr.skip(), gr.DownloadButton(interactive=False)
            source, image, styles, style_size = paint(values, PREVIEW, request, progress)
            file = atelier.new_file(request.session_hash, "blend.style.safetensors")
            atelier.code(styles, style_size).save(file)
            pair = shown(request, source.rgb, image)
            ready = gr.DownloadButton("Download the picture", value=None, interactive=False)
            return pair, str(file), ready

        def finish(request: gr.Request, progress=gr.Progress(), *values):
            source, image, _, _ = paint(values, None, request, progress)
            file = atelier.new_file(request.session_hash, "stylized.png")
            write_picture(file, image)
            pair = shown(request, source.rgb, image)
            label = f"Download PNG, {image.width} × {image.height}"
            return pair, gr.DownloadButton(label, value=str(file), interactive=True)

        def choose(known, files, event: gr.SelectData):
            file = known[event.index][0]
            if file in files:
                files = [f for f in files if f != file] or files
            elif len(files) < MOST:
                files = [*files, file]
            else:
                gr.Info("Four styles are the most: choose one of them again to put it back.")
            return shelf(known, files)

        def add(known, files, new):
            for file in map(str, new):
                done_or_said(partial(atelier.check, file))
                known, files = [*known, (file, Path(file).stem)], [*files[: MOST - 1], file]
            return None, known, *shelf(known, files)

        def shelf(known, files):
            """What changes when other styles are chosen."""
            names = dict(known)
            rows = [
                gr.Slider(visible=True, label=f"Weight: {names[files[i]]}") if i < len(files)
                else gr.Slider(visible=False, value=1)
                for i in range(MOST)
            ]  # fmt: skip
            return files, _captioned(known, files), *rows

        def canvas(file):
            """A new photo to brush over."""
            try:
                return {"background": thumbnail(atelier.check(file)), "layers": [], "composite": None}
            except InputError:
                return None

        one = dict(concurrency_id=NETWORK, concurrency_limit=1, api_visibility="private")
        live = dict(
            inputs=choices, outputs=[compare, code, picture], trigger_mode="always_last",
            show_progress="minimal", show_progress_on=compare, **one,
        )  # fmt: skip
        quick = dict(queue=False, show_progress="hidden", api_visibility="private")
        new_photo = photo.change(canvas, photo, brush, **quick)
        picked = gallery.select(choose, [library, chosen], [chosen, gallery, *weights], **quick)
        shelves = [library, chosen, gallery, *weights]
        added = own.upload(add, [library, chosen, own], [own, *shelves], **quick)
        opened = page.load(canvas, photo, brush, **quick)
        moved = [
            slider.input for slider in (*weights, alpha, strokes, style_size, color_strength, feather)
        ]
        jobs = [
            new_photo.then(preview, **live),
            picked.then(preview, **live),
            added.success(preview, **live),
            opened.then(preview, **live),
            gr.on([*moved, color.input, brush.input], preview, **live),
            full.click(finish, choices, [compare, picture], show_progress_on=compare, **one),
        ]

        def stop(request: gr.Request) -> None:
            atelier.stop(request.session_hash)
            gr.Info("JobStopped.", duration=3, title="")

        def leave(request: gr.Request) -> None:
            atelier.forget(request.session_hash)

        # Also what still waits; in the queue itself, which alone carries messages to the page.
        halt.click(stop, cancels=jobs, show_progress="hidden", api_visibility="private")
        page.unload(leave)
    return page


def _captioned(known: list[tuple[str, str]], files: list[str]) -> list[tuple[str, str]]:
    return [(file, f"✓ {name}" if file in files else name) for file, name in known]


def serve(
    stylizer: Stylizer,
    host: str,
    port: int,
    megabytes: float,
    megapixels: float,
    block: bool = True,
):
    """Open the studio. What users send, and what is painted, goes when it closes.

    block: stay until interrupted; else gives what closes it again.
    """
    _check_free(host, port)
    with suppress(KeyboardInterrupt), ExitStack() as opened:
        folder = opened.enter_context(private_folder())
        os.environ["GRADIO_TEMP_DIR"] = str(folder)
        gr.routes.DEFAULT_TEMP_DIR = str(folder)  # read from the former when gradio was imported
        page = build(StudioService(stylizer, folder, megapixels))
        page.queue(max_size=32)
        opened.callback(page.close, verbose=False)
        page.launch(
            server_name=host,
            server_port=port,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
            max_file_size=int(megabytes * 1e6),
            allowed_paths=[str(folder), str(example_photo()), *map(str, example_styles())],
            footer_links=[],
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            enable_monitoring=False,
            show_error=True,
            theme=theme(),
            css=CSS,
            head=HEAD,
            app_kwargs={"middleware": [middleware()]},
        )
        name = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host
        print(f"http://{name}:{port}", flush=True)
        if not block:
            return opened.pop_all().close
        threading.Event().wait()


def _check_free(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            pass
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot listen on {host}:{port} ({reason}): give another --port") from None

"""What happens when the studio's page is touched."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import gradio as gr
import torch
from PIL import Image

from ..errors import InputError
from ..media.image import Picture, write_picture
from ..media.tensors import to_array
from ..options import StylizeOptions
from ..stylize.refine import RefineStep
from .page import MOST_STYLES, Parts, captioned
from .replies import done_or_said
from .service import PREVIEW, JobStopped, StudioService, thumbnail

NETWORK = "network"  # one job at a time
PAUSE = 2.0  # seconds from one sight of what is refined to the next
Library = list[tuple[str, str]]


class Painted(NamedTuple):
    """What came of a job, and what it was asked for."""

    photo: Picture
    image: Image.Image
    styles: list[tuple[str, float]]
    options: StylizeOptions


class Events:
    """What the page calls, with the values of its parts; gives their new ones."""

    def __init__(self, service: StudioService):
        self.service = service

    def preview(
        self, request: gr.Request, progress: gr.Progress = gr.Progress(), *values: Any
    ) -> tuple[Any, Any, gr.DownloadButton]:
        """A small picture, and the code of its style."""
        if values[0] is None:
            return None, gr.skip(), gr.DownloadButton(interactive=False)
        painted = self._paint(values, PREVIEW, request, progress)
        file = self.service.new_file(_session(request), "blend.style.safetensors")
        self.service.code(painted.styles, painted.options.style_size).save(file)
        pair = self._pair(request, painted)
        ready = gr.DownloadButton("Download the picture", value=None, interactive=False)
        return pair, str(file), ready

    def finish(
        self, request: gr.Request, progress: gr.Progress = gr.Progress(), *values: Any
    ) -> Iterator[tuple[tuple[str, str], gr.DownloadButton]]:
        """The picture in its own size; while it is refined, what has been reached, from time to time."""
        reached: SimpleQueue[Painted | None] = SimpleQueue()
        shown = 0.0

        def watch(painted: Painted) -> None:
            nonlocal shown
            if time.monotonic() - shown > PAUSE:
                shown = time.monotonic()
                reached.put(painted)

        def work() -> Painted:
            try:
                return self._paint(values, None, request, progress, watch)
            finally:
                reached.put(None)

        with ThreadPoolExecutor(1) as thread:
            job = thread.submit(copy_context().run, work)
            while painted := reached.get():
                yield self._ready(request, painted)
            yield self._ready(request, job.result())

    def choose(self, library: Library, chosen: list[str], event: gr.SelectData) -> tuple[Any, ...]:
        """A style of the gallery is taken, or put back."""
        file = library[event.index][0]
        if file in chosen:
            chosen = [each for each in chosen if each != file] or chosen
        elif len(chosen) < MOST_STYLES:
            chosen = [*chosen, file]
        else:
            gr.Info("Four styles are the most: choose one of them again to put it back.")
        return _shelf(library, chosen)

    def add(self, library: Library, chosen: list[str], uploaded: Sequence[str]) -> tuple[Any, ...]:
        """Paintings of one's own come into the gallery, and are chosen."""
        for file in map(str, uploaded):
            done_or_said(partial(self.service.check, file))
            library = [*library, (file, Path(file).stem)]
            chosen = [*chosen[: MOST_STYLES - 1], file]
        return None, library, *_shelf(library, chosen)

    def background(self, file: str | None) -> dict[str, Any] | None:
        """A new photo to brush over."""
        try:
            small = thumbnail(self.service.check(file))
        except InputError:
            return None
        return {"background": small, "layers": [], "composite": None}

    def stop(self, request: gr.Request) -> None:
        self.service.stop(_session(request))
        gr.Info("Stopped.", duration=3, title="")

    def leave(self, request: gr.Request) -> None:
        self.service.forget(_session(request))

    def _paint(
        self,
        values: Sequence[Any],
        size: int | None,
        request: gr.Request,
        progress: gr.Progress,
        watch: Callable[[Painted], None] | None = None,
    ) -> Painted:
        """watch: told of what refining has reached, after every step; without it nothing is refined."""
        sign = self.service.begin(_session(request))

        def step(share: float) -> None:
            if sign.is_set():
                raise JobStopped
            progress(share, desc="Painting")

        def work() -> Painted:
            file, styles, options = _asked(values, size)
            photo = self.service.check(file)
            if watch is None:
                options = replace(options, refine=0)

            def seen(reached: RefineStep) -> None:
                if watch:
                    picture = Image.fromarray(to_array(reached.picture.mul(255).round().to(torch.uint8)))
                    watch(Painted(photo, picture, styles, options))

            image = self.service.paint(photo, styles, options, step, seen)
            if sign.is_set():
                raise JobStopped
            return Painted(photo, image, styles, options)

        return done_or_said(work)

    def _ready(self, request: gr.Request, painted: Painted) -> tuple[tuple[str, str], gr.DownloadButton]:
        """What was painted to be seen and to be had."""
        file = self.service.new_file(_session(request), "stylized.png")
        write_picture(file, painted.image)
        label = f"Download PNG, {painted.image.width} × {painted.image.height}"
        return self._pair(request, painted), gr.DownloadButton(label, value=str(file), interactive=True)

    def _pair(self, request: gr.Request, painted: Painted) -> tuple[str, str]:
        """Files for the page, before and after."""
        session = _session(request)
        before = self.service.shown(session, painted.photo.rgb)
        return before, self.service.shown(session, painted.image)


def connect(page: gr.Blocks, parts: Parts, events: Events) -> None:
    """Say what calls what; a change that needs the network asks for a new preview."""
    styles, result = parts.styles, parts.result
    one: dict[str, Any] = dict(concurrency_id=NETWORK, concurrency_limit=1, api_visibility="private")
    live: dict[str, Any] = dict(
        inputs=parts.inputs, outputs=[result.compare, result.save_code, result.download],
        trigger_mode="always_last", show_progress="minimal", show_progress_on=result.compare, **one,
    )  # fmt: skip
    quick: dict[str, Any] = dict(queue=False, show_progress="hidden", api_visibility="private")

    brush = parts.options.brush
    new_photo = parts.photo.change(events.background, parts.photo, brush, **quick)
    picked = styles.gallery.select(events.choose, [styles.library, styles.chosen], styles.shelf, **quick)
    added = styles.uploads.upload(
        events.add,
        [styles.library, styles.chosen, styles.uploads],
        [styles.uploads, styles.library, *styles.shelf],
        **quick,
    )
    opened = page.load(events.background, parts.photo, brush, **quick)
    moved = [slider.input for slider in (*styles.weights, *parts.options.sliders)]
    jobs = [
        new_photo.then(events.preview, **live),
        picked.then(events.preview, **live),
        added.success(events.preview, **live),
        opened.then(events.preview, **live),
        gr.on([*moved, parts.options.preserve_color.input, brush.input], events.preview, **live),
        result.paint.click(
            events.finish,
            parts.inputs,
            [result.compare, result.download],
            show_progress_on=result.compare,
            **one,
        ),
    ]
    # Also what still waits; in the queue itself, which alone carries messages to the page.
    result.stop.click(events.stop, cancels=jobs, show_progress="hidden", api_visibility="private")
    page.unload(events.leave)


def _asked(
    values: Sequence[Any], size: int | None
) -> tuple[str, list[tuple[str, float]], StylizeOptions]:
    """The photo, the styles and how to paint, from the values of `Parts.inputs`."""
    photo, chosen, *rest = values
    styles = list(zip(chosen, rest[:MOST_STYLES]))
    alpha, strokes, style_size, color, color_strength, drawn, feather, refine = rest[MOST_STYLES:]
    layers = (drawn or {}).get("layers") or []
    options = StylizeOptions(
        alpha=alpha, size=size, strokes=strokes, style_size=int(style_size),
        mask=layers[0][..., 3] if layers else None, feather=int(feather),
        preserve_color=color, color_strength=color_strength, refine=int(refine),
    )  # fmt: skip
    return photo, styles, options


def _shelf(library: Library, chosen: list[str]) -> tuple[Any, ...]:
    """What changes when other styles are chosen: values for `StyleParts.shelf`."""
    names = dict(library)
    shown = [gr.Slider(visible=True, label=f"Weight: {names[file]}") for file in chosen]
    hidden = [gr.Slider(visible=False, value=1) for _ in range(MOST_STYLES - len(chosen))]
    return chosen, captioned(library, chosen), *shown, *hidden


def _session(request: gr.Request) -> str:
    return request.session_hash or ""

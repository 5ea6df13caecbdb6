"""A queue and the one thread that paints from it; on a GPU, similar requests in one batch."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, cast

import torch
from PIL import Image

from ..errors import InputError
from ..options import StylizeOptions
from ..styles.code import StyleCode
from ..styles.encode import Style
from ..stylize.buffer import ImageBuffer
from ..stylize.content import in_type_of, open_content
from ..stylize.stylizer import Stylizer
from ..system.allocator import give_memory_back
from .form import Blend, PaintRequest
from .style_store import ServedStyle

BATCH = 8  # pictures that a GPU paints at once
BATCHED = {"alpha", "size", "strokes", "weights", "style_size", "style_crop"}
"""Options with which pictures can be painted at once: those that `Stylizer.repaint_each` takes, and
those of styles."""
CODES = 256  # style codes that are remembered
IDLE = 5.0  # seconds without work, after which memory is given back

Painted = Callable[[int, float], None]
"""Called after each batch: how many pictures, and how many seconds."""


class Dropped(Exception):
    """Nobody waits for this picture any more."""


@dataclass(eq=False)
class PaintJob:
    """A request in the queue. dropped: set when nobody waits for its result any more."""

    request: PaintRequest
    result: Future[Image.Image] = field(default_factory=Future)
    dropped: threading.Event = field(default_factory=threading.Event)

    def key(self) -> object:
        """Jobs with the same key can share a batch; None for one that must be painted alone."""
        options = self.request.options
        if self.request.style is None or not set(options.changed()) <= BATCHED:
            return None
        return self.request.size, options.alpha, options.strokes


class PaintQueue:
    """A stylizer and its thread. batch: how many pictures are painted at once, at most; None is what
    suits the device."""

    def __init__(self, stylizer: Stylizer, painted: Painted, batch: int | None = None):
        self.stylizer, self.painted = stylizer, painted
        self.batch = batch or (BATCH if stylizer.device.type == "cuda" else 1)
        self.waiting: deque[PaintJob] = deque()
        self.painting: list[PaintJob] = []
        self.codes: OrderedDict[object, StyleCode] = OrderedDict()
        self.changed, self.ending = threading.Condition(), False
        self.thread = threading.Thread(target=self._work, name="painting", daemon=True)
        self.thread.start()

    def submit(self, job: PaintJob) -> None:
        """Add a job. Its `result` is set to the picture or the error, unless it is dropped before."""
        with self.changed:
            self.waiting.append(job)
            self.changed.notify()

    def close(self) -> None:
        """Paint what is waiting, and end the thread."""
        with self.changed:
            self.ending = True
            self.changed.notify()
        self.thread.join()

    def _work(self) -> None:
        worked = False
        while (jobs := self._next(IDLE if worked else None)) is not None:
            self._paint([job for job in jobs if job.result.set_running_or_notify_cancel()])
            if worked and not jobs:
                give_memory_back()
            worked = bool(jobs)

    def _next(self, patience: float | None) -> list[PaintJob] | None:
        """The next jobs; none after `patience` seconds without any; None when closed and empty."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.waiting or self.ending, patience):
                return []
            if not self.waiting:
                return None
            first = self.waiting.popleft()
            jobs, key = [first], first.key()
            if key is not None:
                alike = [job for job in self.waiting if job.key() == key][: self.batch - 1]
                for job in alike:
                    self.waiting.remove(job)
                jobs += alike
        return jobs

    def _paint(self, jobs: list[PaintJob]) -> None:
        """Set each job's result: its picture, or the error."""
        self.painting, start = jobs, perf_counter()
        try:
            with self._watched():
                images = self._together(jobs) if len(jobs) > 1 else [self._alone(job) for job in jobs]
        except Dropped:
            return
        except Exception as error:
            if len(jobs) > 1:  # one of them is at fault, or together they are too large
                for job in jobs:
                    self._paint([job])
            else:
                jobs[0].result.set_exception(error)
            return
        if jobs:
            self.painted(len(jobs), perf_counter() - start)
        for job, image in zip(jobs, images):
            job.result.set_result(image)

    def _alone(self, job: PaintJob) -> Image.Image:
        request = job.request
        options = replace(request.options, weights=None)
        by_picture = options.preserve_color == "histogram" or options.refine > 0

        def use(blend: Any) -> Style:
            return _sources(blend) if by_picture else self._code(blend, options)

        if options.region is not None:
            regions = {key: use(blend) for key, blend in options.region.items()}
            options = replace(options, region=regions)
        style: Style | None = None if request.style is None else use(request.style)
        if style is None and options.region is None and self.stylizer.net.bottleneck.takes_style:
            raise InputError("no style given")
        painted = self.stylizer.stylize(request.photo, style, options=options, progress=self._check)
        return cast(Image.Image, painted)

    def _together(self, jobs: Sequence[PaintJob]) -> list[Image.Image]:
        """The pictures of jobs with the same key, in one batch; each as `_alone` paints it."""
        options = jobs[0].request.options
        contents = [open_content(job.request.photo, job.request.options.size) for job in jobs]
        codes = [self._code(cast(Blend, job.request.style), job.request.options) for job in jobs]
        images = ImageBuffer(torch.cat([content.image.pixels for content in contents]))
        painted = self.stylizer.repaint_each(images, codes, options.alpha, options.strokes).pixels
        rows = zip(jobs, painted.split(1), contents)
        return [
            cast(Image.Image, in_type_of(job.request.photo, row, content.transparency))
            for job, row, content in rows
        ]

    def _code(self, blend: Blend, options: StylizeOptions) -> StyleCode:
        """The code of a blend; that of each style is remembered."""
        codes = [self._one_code(style, options.style_size, options.style_crop) for style in blend]
        return self.stylizer.blend(codes, list(blend.values()))

    def _one_code(self, style: ServedStyle, size: int, crop: float) -> StyleCode:
        if style.code is not None:
            return self.stylizer.style(style.code)
        key = style.id, size, crop
        if key not in self.codes:
            self.codes[key] = self.stylizer.style(style.picture(), size, crop)
            if len(self.codes) > CODES:
                self.codes.popitem(last=False)
        self.codes.move_to_end(key)
        return self.codes[key]

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Inside the `with`, painting stops at the next layer once every job is dropped."""
        layers = [each for each in self.stylizer.net.modules() if hasattr(each, "kernel_size")]
        hooks = [layer.register_forward_hook(self._check) for layer in layers]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _check(self, *_: object) -> None:
        """Raise Dropped if nobody waits for the pictures being painted."""
        if all(job.dropped.is_set() for job in self.painting):
            raise Dropped


def _sources(blend: Blend) -> Style:
    """A style as it was sent, or a blend of pictures, for options that need more than codes."""
    if len(blend) == 1 and (code := next(iter(blend)).code) is not None:
        return code
    return {style.picture(): weight for style, weight in blend.items()}

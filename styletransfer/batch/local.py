"""The local engine: threads load, paint, encode and write at the same time.

On a CPU each picture is painted by one core (`device.painting_threads`). A GPU is fed by one thread,
with as many pictures of the same size at once as fit.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any

from ..device import painting_threads
from ..media.image import MAX_PIXELS
from ..models.memory import affordable
from .ledger import Outcome, Stop
from .outputs import Target, Task
from .worker import BatchPainter, Loaded, load, resized_pixels, save

PIXELS = MAX_PIXELS  # that are in memory at any time, or one picture if it has more


def paint_all(
    tasks: Iterable[Task],
    painter: BatchPainter,
    workers: int,
    wanted: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[Task, Outcome]]:
    """Yield every outcome as it comes, in no particular order.

    wanted: whether to stop; what has begun is still finished.
    """
    with ThreadPoolExecutor(workers) as readers, painting_threads(workers) as writers:
        pipeline = Pipeline(painter, workers, readers, writers)
        try:
            yield from pipeline.run(iter(tasks), wanted)
        finally:
            for future in pipeline.loading | set(pipeline.saving):
                future.cancel()
            pipeline.decoding_budget.open()


class Pipeline:
    """The stages from file to file. Its queues are short, so that memory does not grow."""

    def __init__(
        self,
        painter: BatchPainter,
        workers: int,
        readers: ThreadPoolExecutor,
        writers: ThreadPoolExecutor,
    ):
        self.painter, self.readers, self.writers = painter, readers, writers
        self.decoding_budget = PixelBudget(PIXELS)
        # For what painting needs beside.
        self.painting_budget = PixelBudget(affordable(painter.stylizer.net))
        self.loading: set[Future[Loaded]] = set()
        self.saving: dict[Future[Outcome], Loaded] = {}
        self.waiting: dict[tuple[int, int], list[tuple[Loaded, Target]]] = {}  # to be painted, by size
        self.trouble: Stop | None = None  # why nothing more can be saved
        self.ahead = 2 * workers + (2 * painter.settings.batch if painter.together else 0)

    def run(self, tasks: Iterator[Task], wanted: Callable[[], bool]) -> Iterator[tuple[Task, Outcome]]:
        more = True
        while True:
            stop = wanted() or self.trouble is not None
            if stop:
                self.give_up()
            else:
                free = max(0, self.ahead - self.in_flight())
                new = list(islice(tasks, free))
                more = len(new) == free
                reserve = self.decoding_budget.take
                for task in new:
                    self.loading.add(self.readers.submit(load, task, self.painter.settings, reserve))
            yield from self.saved()
            yield from self.loaded()
            if not stop and (batch := self.next_batch()):
                yield from self.paint(batch)
            elif self.loading or self.saving:
                begun: list[Future[Any]] = [*self.loading, *self.saving]
                wait(begun, return_when=FIRST_COMPLETED)
            elif stop or not more:
                break
        if self.trouble:
            raise self.trouble

    def give_up(self) -> None:
        """Drop whatever is not painted yet."""
        self.waiting.clear()
        for future in self.loading:
            future.cancel()
        self.loading.clear()
        self.saving = {f: loaded for f, loaded in self.saving.items() if not f.cancel()}
        self.decoding_budget.open()

    def in_flight(self) -> int:
        return len(self.loading) + len(self.saving) + sum(map(len, self.waiting.values()))

    def loaded(self) -> Iterator[tuple[Task, Outcome]]:
        """Collect loaded pictures: queue them to be painted, or yield their failures."""
        for future in [future for future in self.loading if future.done()]:
            self.loading.remove(future)
            try:
                loaded = future.result()
            except Stop as stop:
                self.trouble = stop
                continue
            if loaded.failure:
                yield loaded.task, loaded.failure
                self.decoding_budget.give(loaded.pixels)
                continue
            loaded.left = len(loaded.task.targets)
            size = loaded.picture.rgb.size if loaded.picture else (0, 0)
            pairs = [(loaded, target) for target in loaded.task.targets]
            self.waiting.setdefault(size, []).extend(pairs)

    def saved(self) -> Iterator[tuple[Task, Outcome]]:
        """Collect saved results. A `Stop` is kept until the others have been collected."""
        for future in [future for future in self.saving if future.done()]:
            loaded = self.saving.pop(future)
            try:
                outcome = future.result()
            except Stop as stop:
                self.trouble = stop
                continue
            yield self.finished(loaded, outcome)

    def finished(self, loaded: Loaded, outcome: Outcome) -> tuple[Task, Outcome]:
        loaded.left -= 1
        if not loaded.left:
            self.decoding_budget.give(loaded.pixels)
        return loaded.task, outcome

    def next_batch(self) -> list[tuple[Loaded, Target]]:
        """The next pictures to paint, of one size: one, or on a GPU as many as fit and are there."""
        if not self.waiting:
            return []
        size, pairs = max(self.waiting.items(), key=lambda item: len(item[1]))
        count = 1
        if self.painter.together and pairs[0][0].picture:
            count = self.painter.batch_size(pairs[0][0])
            if len(pairs) < count and self.loading and len(self.saving) >= count:
                return []  # the GPU is busy: more may come meanwhile
        batch, rest = pairs[:count], pairs[count:]
        if rest:
            self.waiting[size] = rest
        else:
            del self.waiting[size]
        return batch

    def paint(self, batch: Sequence[tuple[Loaded, Target]]) -> Iterator[tuple[Task, Outcome]]:
        start = time.perf_counter()
        painter = self.painter
        first, target = batch[0]
        if first.picture and painter.stylizer.device.type == "cpu":
            for pair in batch:
                self.saving[self.writers.submit(self.paint_here, *pair)] = pair[0]
            return
        try:
            if first.picture is None:
                yield self.finished(first, painter.paint_file(first, target))
                return
            makes = painter.paint_batch(batch)
        except Stop as stop:
            self.trouble = stop
            return
        seconds = (time.perf_counter() - start) / len(batch)
        for (loaded, target), make in zip(batch, makes):
            settings, styles = painter.settings, painter.styles
            saved = self.writers.submit(save, loaded, target, make, seconds, settings, styles)
            self.saving[saved] = loaded

    def paint_here(self, loaded: Loaded, target: Target) -> Outcome:
        """Paint and save a picture on this thread."""
        settings = self.painter.settings  # a photo with maps is resized only as it is painted
        size = settings.options.size if settings.mapped else None
        pixels = resized_pixels(loaded.content.rgb.size, size)
        self.painting_budget.take(pixels)
        try:
            start = time.perf_counter()
            (make,) = self.painter.paint_batch([(loaded, target)])
            seconds = time.perf_counter() - start
        finally:
            self.painting_budget.give(pixels)
        return save(loaded, target, make, seconds, settings, self.painter.styles)


class PixelBudget:
    """A limit on the number of pixels in memory: taking more waits until others are given back."""

    def __init__(self, limit: int):
        self.limit, self.used, self.closed = limit, 0, False
        self.changed = threading.Condition()

    def take(self, pixels: int) -> None:
        with self.changed:
            self.changed.wait_for(
                lambda: self.closed or not self.used or self.used + pixels <= self.limit
            )
            self.used += pixels

    def give(self, pixels: int) -> None:
        with self.changed:
            self.used -= pixels
            self.changed.notify_all()

    def open(self) -> None:
        """Stop limiting: nothing more will be painted."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

"""The cluster engine: the same three steps as stages of a Ray Data pipeline.

Pictures are loaded on any CPU, painted by actors that keep their model (one per GPU), and saved on any
CPU. Ray feeds the stages, throttles the faster ones, and repeats what a dead worker had begun. Only the
process that started the run writes the manifest and moves results to their places, as on one machine.
"""

import logging
import math
import os
import pickle
import queue
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PIL import Image

from ..errors import InputError
from ..media.files import GONE
from .ledger import Outcome, Stop, stopped
from .outputs import Target, Task
from .settings import BatchSettings
from .style_choice import ChosenStyle
from .worker import BatchPainter, Loaded, attempt, load, save

BLOCK = 32  # tasks that are done again if their worker dies
POLL = 0.1  # seconds between two looks at whether to stop
NONE = "--address {}: there is no Ray cluster ({})"
Row = dict[str, Any]
Arrived = queue.SimpleQueue[Row | BaseException | None]
ENDED = "the cluster ended the run ({}); the same command goes on from here"


def paint_all(
    tasks: Sequence[Task],
    settings: BatchSettings,
    styles: Sequence[ChosenStyle],
    address: str = "",
    painters: int | None = None,
    wanted: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[Task, Outcome]]:
    """Yield every outcome as it comes, in no particular order, like `local.paint_all`.

    All paths must be absolute and the same on every node. address: of a running cluster, "auto" for this
    node's; empty starts a temporary one here. painters: by default one per GPU, or else per CPU.
    """
    ray = _ray()
    started = not ray.is_initialized()
    if started:
        _check_address(address)
        _start(ray, address)
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        yield from _outcomes(_pipeline(ray, tasks, settings, styles, painters).iter_rows, wanted)
    except ray.exceptions.RayError as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise Stop(ENDED.format(lines[-1])) from None
    except OSError as error:
        raise stopped("Ray's own folder", error) from None
    finally:
        if started:
            ray.shutdown()


def _outcomes(
    rows: Callable[[], Iterable[Row]], wanted: Callable[[], bool]
) -> Iterator[tuple[Task, Outcome]]:
    """Yield the pipeline's outcomes until it ends or `wanted` says stop. A separate thread waits for the
    next row, so that stopping need not."""
    arrived: Arrived = queue.SimpleQueue()
    over = threading.Event()
    threading.Thread(target=_follow, args=(rows, arrived, over), daemon=True).start()
    stop: Stop | None = None
    try:
        while True:
            ending = wanted() or stop is not None  # then what is done already comes out, and no more
            try:
                row = arrived.get(block=not ending, timeout=None if ending else POLL)
            except queue.Empty:
                if ending:
                    break
                continue
            if row is None:
                break
            if isinstance(row, BaseException):
                raise stop or row
            task, outcome = pickle.loads(row["outcome"])
            if isinstance(outcome, str):
                stop = Stop(outcome)
            else:
                yield task, outcome
    finally:
        over.set()
    if stop:
        raise stop


def _follow(rows: Callable[[], Iterable[Row]], arrived: Arrived, over: threading.Event) -> None:
    """Pass on every row as it comes, and at the end None, or the exception."""
    try:
        for row in rows():
            arrived.put(row)
            if over.is_set():
                return
        arrived.put(None)
    except BaseException as error:
        arrived.put(error)


def _start(ray: Any, address: str) -> None:
    """Join a cluster, or start one here; InputError if that fails."""
    handler = signal.getsignal(signal.SIGTERM)
    where = {"address": address} if address else {"address": "local", "include_dashboard": False}
    try:
        ray.init(**where, log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in GONE:
            raise stopped("Ray's own folder", error) from None
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(NONE.format(address, reason)) from None
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray has put its own there, which ends the process


def _check_address(address: str) -> None:
    """Raise InputError if nobody answers at HOST:PORT; Ray itself would try for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon:
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
        except (OSError, ValueError) as error:
            raise InputError(NONE.format(address, error)) from None


def _ray() -> Any:
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what matters comes as an error
    os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")  # who still waits for a row starts no other
    try:
        import ray
        import ray.data
    except ImportError:
        raise InputError("--engine ray needs Ray: pip install 'styletransfer[cluster]'") from None
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    return ray


def _pipeline(
    ray: Any,
    tasks: Sequence[Task],
    settings: BatchSettings,
    styles: Sequence[ChosenStyle],
    painters: int | None,
) -> Any:
    resources = ray.cluster_resources()
    cpus, gpus = resources.get("CPU", 1), int(resources.get("GPU", 0))
    gpus = 0 if settings.device == "cpu" else gpus
    if painters is None:
        painters = gpus or max(1, int(cpus))
    share = min(1.0, 0.75 * cpus / painters)  # loading and saving are never without a CPU
    for_painter = {"num_gpus": 1, "num_cpus": 0} if gpus else {"num_cpus": share}
    rows = [{"task": pickle.dumps(task)} for task in tasks]
    common = settings, ray.put(list(styles))
    return (
        ray.data.from_items(rows, override_num_blocks=math.ceil(len(rows) / BLOCK))
        .map(partial(_load, settings=settings), num_cpus=0.25)
        .map_batches(
            _Paint,
            fn_constructor_args=common,
            batch_size=BLOCK if gpus else 1,
            concurrency=painters,
            **for_painter,
        )
        .map(partial(_save, common=common), num_cpus=0.25)
    )


def _load(row: Row, settings: BatchSettings) -> Row:
    task = pickle.loads(row["task"])
    try:
        loaded = load(task, settings)
    except Stop as error:  # raised here, Ray would wrap it up in a report of its own
        return _painted(Loaded(task), None, str(error))
    if loaded.failure:
        return _painted(loaded, None, loaded.failure)
    return {"loaded": pickle.dumps(loaded), "painted": b""}


class _Paint:
    """The actor that paints, with its model."""

    def __init__(self, settings: BatchSettings, styles: Any):
        import ray
        import torch

        torch.set_num_threads(1)  # as on one machine: with another number sums differ in their last bits
        self.painter = BatchPainter(settings, ray.get(styles))

    def __call__(self, rows: Row) -> Iterator[Row]:
        waiting: dict[tuple[int, int], list[tuple[Loaded, Target]]] = {}
        for painted in filter(None, rows["painted"]):
            yield {"painted": [painted]}
        for loaded in map(pickle.loads, filter(None, rows["loaded"])):
            size = loaded.picture.rgb.size if loaded.picture else (0, 0)
            waiting.setdefault(size, []).extend((loaded, target) for target in loaded.task.targets)
        for size, pairs in waiting.items():
            count = self.painter.batch_size(pairs[0][0]) if size != (0, 0) else 1
            for start in range(0, len(pairs), count):
                batch, began = pairs[start : start + count], time.perf_counter()
                try:
                    results = self._results(batch)
                except Stop as error:
                    results = [str(error)] * len(batch)
                seconds = (time.perf_counter() - began) / len(batch)
                for pair, result in zip(batch, results):
                    yield {"painted": [_painted(*pair, result, seconds)["painted"]]}

    def _results(self, batch: Sequence[tuple[Loaded, Target]]) -> list[object]:
        painter = self.painter
        if batch[0][0].picture is None:
            return [painter.paint_file(*pair) for pair in batch]
        makes = painter.paint_batch(batch)
        return [attempt(*pair, make, painter.settings) for pair, make in zip(batch, makes)]


def _painted(loaded: Loaded, target: Target | None, result: object, seconds: float = 0.0) -> Row:
    """A row with a result: an image to be saved, an outcome, or the text of a `Stop`."""
    light = replace(loaded, picture=None)
    return {"loaded": b"", "painted": pickle.dumps((light, target, result, seconds))}


def _save(row: Row, common: tuple[BatchSettings, Any]) -> Row:
    import ray

    settings, styles = common
    loaded, target, result, seconds = pickle.loads(row["painted"])
    if isinstance(result, Image.Image):
        try:
            result = save(loaded, target, lambda: result, seconds, settings, ray.get(styles))
        except Stop as error:
            result = str(error)
    return {"outcome": pickle.dumps((loaded.task, result))}

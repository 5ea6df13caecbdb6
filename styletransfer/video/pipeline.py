"""Pipeline stages that run at the same time, each in its own thread."""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from queue import Empty, Full, Queue
from typing import Any

DEPTH = 3  # enough that no stage starves, few enough for memory
_END = object()


def overlapped(
    items: Iterable[Any], *stages: Callable[[Any], Any], depth: int = DEPTH
) -> Generator[Any, None, None]:
    """Yield the items after all stages, in order: while one is painted the next is decoded, and so on.

    The items themselves are produced in a thread too. depth: how many may wait between two stages. An
    exception in a thread is raised here. When the caller stops iterating, all threads end.
    """
    stop = threading.Event()
    queues: list[Queue[Any]] = [Queue(depth) for _ in range(len(stages) + 1)]

    def put(queue: Queue[Any], item: Any) -> None:
        while not stop.is_set():
            try:
                queue.put(item, timeout=0.1)
                return
            except Full:
                continue

    def take(queue: Queue[Any]) -> Iterator[Any]:
        while not stop.is_set():
            try:
                item = queue.get(timeout=0.1)
            except Empty:
                continue
            if item is _END:
                return
            if isinstance(item, _Raised):
                raise item.error
            yield item

    def run(source: Iterable[Any], stage: Callable[[Any], Any], target: Queue[Any]) -> None:
        try:
            for item in source:
                put(target, stage(item))
                if stop.is_set():
                    return
            put(target, _END)
        except BaseException as error:
            put(target, _Raised(error))

    sources = [items, *(take(queue) for queue in queues)]
    threads = [
        threading.Thread(target=run, args=(source, stage, queue), daemon=True)
        for source, stage, queue in zip(sources, (lambda item: item, *stages), queues)
    ]
    for thread in threads:
        thread.start()
    try:
        yield from take(queues[-1])
    finally:
        stop.set()
        for thread in threads:
            thread.join()


class _Raised:
    def __init__(self, error: BaseException):
        self.error = error

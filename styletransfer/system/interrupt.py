"""Ctrl-C, and a cluster's SIGTERM, as a wish that is granted at the end of a step."""

import signal
import threading
import time

SAME = 3.0  # seconds in which signals are one wish: a job's end may come from several sides


class Interrupt:
    """Inside the `with`, the first signal sets `wanted`; a later one is a KeyboardInterrupt."""

    def __init__(self) -> None:
        self.since: float | None = None

    @property
    def wanted(self) -> bool:
        return self.since is not None

    def __enter__(self) -> "Interrupt":
        self.previous = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)

    def _note(self, *_) -> None:
        if self.since is None:
            self.since = time.monotonic()
        elif time.monotonic() - self.since > SAME:
            raise KeyboardInterrupt

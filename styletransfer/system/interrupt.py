"""Ctrl-C, and a cluster's SIGTERM, as a request to stop after the current step."""

import signal
import threading
import time
from typing import Any

SAME = 3.0  # seconds in which signals are one wish: a job's end may come from several sides


class Interrupt:
    """As a context manager: the first signal sets `wanted`; a later one raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self.since: float | None = None
        self.previous: dict[signal.Signals, Any] = {}  # handlers

    @property
    def wanted(self) -> bool:
        """Whether there was a signal."""
        return self.since is not None

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)

    def _note(self, *_: object) -> None:
        if self.since is None:
            self.since = time.monotonic()
        elif time.monotonic() - self.since > SAME:
            raise KeyboardInterrupt

"""One thread that does what visitors ask for, one job after the other. No torch here."""

import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from secrets import token_hex
from time import monotonic
from typing import Any

from ..errors import InputError, out_of_memory
from ..server.limits import Refused
from ..system.allocator import give_memory_back

MOST_WAITING = 64  # jobs of all visitors
IDLE = 5.0  # seconds without work, after which memory is given back
OFTEN = 0.05  # seconds between two words about how far a job is
LOST = "Something went wrong here, not with what you asked for: the studio's terminal says more."


class JobStopped(Exception):
    """Nobody wants it any more."""


class StudioJob:
    """Something that is to be done. kind: what the page calls it.

    work: does it, gives what is to be said of it; it calls `step`, which raises JobStopped. tell: called
    with what is new. state: waiting, working, done, failed or stopped. place: how many are before it.
    share: that is done. seen: what there is to be seen of it already.
    """

    def __init__(
        self,
        kind: str,
        work: "Callable[[StudioJob], Any]",
        tell: Callable[[dict[str, Any]], None] = lambda said: None,
    ):
        self.id, self.kind, self.work, self.tell = token_hex(8), kind, work, tell
        self.state, self.place, self.share, self.error = "waiting", 0, 0.0, ""
        self.seen: dict[str, Any] = {}
        self.result: Future[Any] = Future()
        self.stopping = threading.Event()
        self._told = 0.0

    def step(self, share: float) -> None:
        """So much is done. Raises JobStopped if nobody wants the rest."""
        if self.stopping.is_set():
            raise JobStopped
        self.share = max(self.share, share)
        if monotonic() - self._told > OFTEN:
            self.say()

    def show(self, **seen: Any) -> None:
        """Something of it can be seen."""
        self.seen |= seen
        self.say()

    def say(self) -> None:
        """Tell how it stands."""
        self._told = monotonic()
        self.tell(self.said())

    def said(self) -> dict[str, Any]:
        """How it stands, as the page is told."""
        done = self.result.result() if self.state == "done" else None
        return {
            "id": self.id, "kind": self.kind, "state": self.state, "place": self.place,
            "share": round(self.share, 3), "seen": {**self.seen}, "result": done, "error": self.error,
        }  # fmt: skip


class JobQueue:
    """Jobs in the order in which they came, and the thread that does them."""

    def __init__(self) -> None:
        self.waiting: deque[StudioJob] = deque()
        self.working: StudioJob | None = None
        self.changed, self.ending = threading.Condition(), False
        self.thread = threading.Thread(target=self._work, name="studio", daemon=True)
        self.thread.start()

    def submit(self, job: StudioJob) -> Future[Any]:
        """Have it done; Refused if too many wait already."""
        with self.changed:
            if self.ending:
                raise Refused(503, "The studio is closing.")
            if len(self.waiting) >= MOST_WAITING:
                raise Refused(429, "Too many pictures are waiting here: try again in a moment.")
            job.place = len(self.waiting) + (self.working is not None)
            self.waiting.append(job)
            self.changed.notify()
        job.say()
        return job.result

    def stop(self, job: StudioJob) -> None:
        """End it: at once if it waits, else at its next step."""
        with self.changed:
            job.stopping.set()
            waits = job in self.waiting
            if waits:
                self.waiting.remove(job)
        if waits:
            self._end(job, "stopped")
            self._move_up()

    def close(self) -> None:
        """End all jobs, and the thread."""
        with self.changed:
            self.ending = True
            left = [*self.waiting]
            self.waiting.clear()
            if self.working:
                self.working.stopping.set()
            self.changed.notify()
        for job in left:
            self._end(job, "stopped")
        self.thread.join()

    def _work(self) -> None:
        worked = False
        while True:
            with self.changed:
                ready = self.changed.wait_for(
                    lambda: self.waiting or self.ending, IDLE if worked else None
                )
                if self.ending:
                    return
                job = self.working = self.waiting.popleft() if ready else None
            worked = job is not None
            if job is None:
                give_memory_back()
                continue
            self._move_up()
            self._do(job)
            self.working = None

    def _do(self, job: StudioJob) -> None:
        job.state, job.place = "working", 0
        job.say()
        try:
            job.step(0)
            job.result.set_result(job.work(job))
            job.share = 1.0
            self._end(job, "done")
        except JobStopped:
            self._end(job, "stopped")
        except Exception as error:
            self._end(job, "failed", said_of(error))

    def _end(self, job: StudioJob, state: str, error: str = "") -> None:
        job.state, job.error = state, error
        if state == "stopped":
            job.result.set_exception(JobStopped())
        elif state == "failed":
            job.result.set_exception(InputError(error))
        job.say()

    def _move_up(self) -> None:
        """Those who wait are told of their place."""
        with self.changed:
            ahead = int(self.working is not None)
            waiting = list(self.waiting)
        for place, job in enumerate(waiting, ahead):
            if job.place != place:
                job.place = place
                job.say()


def said_of(error: Exception) -> str:
    """What went wrong, in one line for the page."""
    if isinstance(error, Refused):
        return error.line
    if isinstance(error, InputError):
        return " ".join(str(error).split())
    if out_of_memory(error):
        return "There is not enough memory for this here: choose a smaller size."
    traceback.print_exception(error, file=sys.stderr)
    return LOST

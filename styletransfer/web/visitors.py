"""Who has the page open: each with files, jobs and results of their own, which go when they do.

A visitor is known by a number of 128 random bits that the page has drawn: who does not know it sees
nothing of theirs.
"""

import asyncio
import os
import re
import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

from ..server.limits import Limits, Refused
from ..system.allocator import give_memory_back
from .job_queue import StudioJob
from .sent_files import SentFile

AGE = 3600.0  # seconds without a word from the page, after which all that is its goes
MOST_VISITORS = 64
MOST_RESULTS = 64  # pictures that are kept of a visitor's
ROOM = 40  # times the limit of a file: so much of a visitor's is kept, in bytes
TOKEN = re.compile(r"[0-9a-f]{32}")
NAME = re.compile(r"[0-9a-z]{1,32}")


@dataclass(eq=False)
class Visitor:
    """files: sent, by the page's names for them. results: painted, oldest first. jobs: that are not
    over, or have not long been. listeners: who is told of them."""

    token: str
    folder: Path
    room: float
    files: dict[str, SentFile] = field(default_factory=dict)
    results: OrderedDict[str, Path] = field(default_factory=OrderedDict)
    jobs: OrderedDict[str, StudioJob] = field(default_factory=OrderedDict)
    listeners: set[Callable[[dict[str, Any] | None], None]] = field(default_factory=set)
    heard: float = field(default_factory=time.monotonic)

    def new_path(self, name: str) -> Path:
        """Where a file of this name may be written; Refused if the visitor has no room left."""
        if _bytes_in(self.folder) > self.room:
            raise Refused(413, "There are too many large files here already: open the page anew.")
        return Path(tempfile.mkdtemp(dir=self.folder)) / name

    def keep(self, file: SentFile) -> None:
        """A file that was sent, in the place of one that had its name."""
        before = self.files.get(file.id)
        self.files[file.id] = file
        if before:
            shutil.rmtree(before.path.parent, ignore_errors=True)

    def file(self, name: str, *roles: str) -> SentFile:
        """The file that the page calls so; Refused with 410 if it is not here: the page sends it."""
        found = self.files.get(name)
        if found is None or found.role not in roles:
            raise Refused(410, "That file is no longer here.")
        return found

    def add_result(self, path: Path) -> str:
        """Something painted, which can be fetched by the name that this gives."""
        name = token_hex(8)
        self.results[name] = path
        while len(self.results) > MOST_RESULTS:
            _, old = self.results.popitem(last=False)
            shutil.rmtree(old.parent, ignore_errors=True)
        return name

    def tell(self, said: dict[str, Any]) -> None:
        """The page hears this, wherever it is open."""
        for listener in tuple(self.listeners):
            listener(said)

    @contextmanager
    def heard_by(self) -> Iterator["asyncio.Queue[dict[str, Any] | None]"]:
        """For as long as it lasts, all that is told, and first how all jobs stand. None at the end."""
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[dict[str, Any] | None]()

        def listener(said: dict[str, Any] | None) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, said)

        for job in tuple(self.jobs.values()):
            queue.put_nowait(job.said())
        self.listeners.add(listener)
        try:
            yield queue
        finally:
            self.listeners.discard(listener)
            self.heard = time.monotonic()

    def add_job(self, job: StudioJob) -> None:
        """One more; of those that are over, some are remembered for a page that comes back."""
        self.jobs[job.id] = job
        over = [each for each in self.jobs.values() if each.state not in ("waiting", "working")]
        for each in over[: max(0, len(self.jobs) - 16)]:
            del self.jobs[each.id]


class Visitors:
    """All of them. folder: in which each has one. forget: called with who has left."""

    def __init__(self, folder: Path, limits: Limits, left: Callable[[Visitor], None]):
        self.folder, self.limits, self.left = folder, limits, left
        self.here: dict[str, Visitor] = {}

    def visitor(self, token: str) -> Visitor:
        """Who has this number, from now on if it is new; Refused if it is none, or if there are too many
        visitors."""
        if not TOKEN.fullmatch(token):
            raise Refused(404, "There is nothing here.")
        if token not in self.here:
            self.sweep()
            if len(self.here) >= MOST_VISITORS:
                raise Refused(429, "Too many pages are open here: close one, or try again later.")
            folder = Path(tempfile.mkdtemp(dir=self.folder))
            self.here[token] = Visitor(token, folder, ROOM * self.limits.bytes)
        visitor = self.here[token]
        visitor.heard = time.monotonic()
        return visitor

    def forget(self, token: str) -> None:
        """They have left, and take all that is theirs along."""
        if visitor := self.here.pop(token, None):
            self.left(visitor)
            shutil.rmtree(visitor.folder, ignore_errors=True)
            give_memory_back()

    def sweep(self) -> None:
        """Forget those of whom nothing was heard for long."""
        now = time.monotonic()
        for token, visitor in tuple(self.here.items()):
            if not visitor.listeners and now - visitor.heard > AGE:
                self.forget(token)

    def close(self) -> None:
        """All pages hear that it is over."""
        for visitor in self.here.values():
            for listener in tuple(visitor.listeners):
                listener(None)


def _bytes_in(folder: Path) -> int:
    """What lies there, while another thread may take some of it away."""
    held = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                held += os.stat(os.path.join(place, name)).st_size
    return held

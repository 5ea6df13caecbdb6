"""A whole run: what is there already, what is to be done, and what came of it."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from ..errors import InputError
from ..interrupt import Interrupt
from .manifest import Done, Ledger
from .outputs import Target, Task
from .picks import Style
from .tars import Tars
from .work import Outcome, Settings

Engine = Callable[[Iterable[Task], Callable[[], bool]], Iterator[tuple[Task, Outcome]]]
"""What paints tasks: gives every outcome, until it is told to stop."""


@dataclass
class Tally:
    """How a run stands, in results. total: that are wanted. there: that were made before. foreign:
    files that lie where results belong, and are none of ours. failed: pictures, or results of them,
    that have a line in failures.jsonl; lost: the results that are missing for that."""

    total: int = 0
    there: int = 0
    foreign: list[str] = field(default_factory=list)
    painted: int = 0
    failed: int = 0
    lost: int = 0
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def left(self) -> int:
        return self.total - self.there - len(self.foreign) - self.painted - self.lost


def run(
    tasks: Sequence[Task],
    styles: Sequence[Style],
    settings: Settings,
    engine: Engine,
    mirrored: bool,
    skip_existing: bool = True,
    tell: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Paint what is not painted yet, and write it all down. tell: called whenever something is new.

    InputError if the destination holds results of the same names that were made in another way, or if
    another process writes there; Stop if the disk is full.
    """
    tally = Tally(total=sum(max(1, len(task.targets)) for task in tasks))
    with Ledger(settings.folder) as ledger:
        tars = Tars(ledger, tasks, mirrored)
        todo = _todo(tasks, styles, settings, ledger, tars, tally, skip_existing)
        start = time.monotonic()
        tell(tally)
        with Interrupt() as interrupt:
            for task, outcome in engine(todo, lambda: interrupt.wanted) if todo else ():
                if isinstance(outcome, Done):
                    ledger.add(outcome)
                    tally.painted += 1
                    tars.finished(task.tar, 1)
                else:
                    ledger.fail(outcome)
                    tally.failed += 1
                    count = 1 if outcome.output else len(task.targets)
                    tally.lost += max(1, count)
                    tars.finished(task.tar, count)
                tally.seconds = time.monotonic() - start
                tell(tally)
            tally.interrupted = interrupt.wanted and tally.left > 0
    return tally


def _todo(
    tasks: Sequence[Task],
    styles: Sequence[Style],
    settings: Settings,
    ledger: Ledger,
    tars: Tars,
    tally: Tally,
    skip_existing: bool,
) -> list[Task]:
    """The tasks with the targets that are not there, or not of this picture any more."""
    todo, others = [], []
    for task in tasks:
        missing = []
        for target in task.targets:
            done = ledger.done.get(target.name) if skip_existing else None
            if done is None:
                path = os.path.join(settings.folder, target.name)
                if skip_existing and not task.tar and os.path.lexists(path):
                    tally.foreign.append(target.name)
                else:
                    missing.append(target)
            elif not _is_there(done, settings.folder, tars) or not _same_picture(done, task):
                missing.append(target)
            elif not _same_look(done, target, styles, settings):
                others.append(target.name)
            else:
                tally.there += 1
        if missing or task.problem:
            todo.append(task._replace(targets=missing))
        tars.finished(task.tar, len(task.targets) - len(missing))
    if others:
        raise InputError(
            f"{settings.folder}: holds {len(others)} results made with other styles, options or another "
            f"model, such as {others[0]!r}: give another folder, or --no-skip-existing to replace them"
        )
    return todo


def _is_there(done: Done, folder: str, tars: Tars) -> bool:
    if done.tar:
        return tars.has(done)
    try:
        return os.stat(os.path.join(folder, done.output)).st_size == done.bytes
    except OSError:
        return False


def _same_picture(done: Done, task: Task) -> bool:
    """Whether the picture is the one that was painted: as it was written, or else as it reads."""
    if done.input != task.item.name or done.tar != task.tar:
        return False
    if done.stamp == task.item.stamp():
        return True
    try:
        return sha256(task.item.read()[0]).hexdigest() == done.hash
    except InputError:
        return True  # it is gone, or cannot be read now: what was made of it stays


def _same_look(done: Done, target: Target, styles: Sequence[Style], settings: Settings) -> bool:
    style = styles[target.style].identity if target.style >= 0 else ""
    return done.options == settings.options and done.style_id == style

"""A batch run: what is already there, what is still to be painted, and the outcome."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest, sha256

from ..errors import InputError, TooLarge
from ..media.image import decode
from ..system.interrupt import Interrupt
from .destination import DestinationCheck
from .engines import Engine
from .ledger import Done, Failure, Ledger, Outcome, read_manifest
from .outputs import Target, Task
from .settings import BatchSettings
from .style_choice import ChosenStyle
from .tar_files import Tars

BEGINS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*", b"BM")  # of the formats written
MADE = "with other styles, options or another model"


@dataclass
class Summary:
    """The state of a run, counted in results.

    total: wanted. there: made by earlier runs. foreign: files of others where results belong. painted:
    made by this run. failed: lines in failures.jsonl. lost: results that are missing because of these.
    """

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
    styles: Sequence[ChosenStyle],
    settings: BatchSettings,
    engine: Engine,
    mirrored: bool,
    skip_existing: bool = True,
    tell: Callable[[Summary], None] = lambda summary: None,
) -> Summary:
    """Paint whatever is not painted yet, and record it all. tell: called with the summary when it
    changes.

    Raises InputError if the destination holds results of the same names made in another way, or another
    process writes there; `Stop` if the disk is full or the GPU is lost.
    """
    summary = Summary(total=sum(max(1, len(task.targets)) for task in tasks))
    with Ledger(settings.folder) as ledger:
        tars = Tars(ledger, tasks, mirrored)
        plan = _plan(tasks, styles, settings, ledger, tars, summary, skip_existing)
        ledger.begin()

        def settle(task: Task, count: int, outcome: Outcome | None = None) -> None:
            """Count results of a task that are made, were there before, or have failed."""
            if isinstance(outcome, Done):
                outcome = ledger.add(outcome, not skip_existing or outcome.output in ledger.done)
                summary.painted += outcome is None
            failures = [outcome, tars.finished(task.tar, count)]
            if outcome:
                summary.lost += max(1, count)
            for failure in filter(None, failures):
                ledger.fail(failure)
                summary.failed += 1

        for task, count in plan.settled:
            settle(task, count)
        for task, failure in plan.refused:
            settle(task, 1, failure)
        start = time.monotonic()
        tell(summary)
        with Interrupt() as interrupt:
            for task, outcome in engine(plan.todo, lambda: interrupt.wanted) if plan.todo else ():
                settle(task, 1 if outcome.output else len(task.targets), outcome)
                summary.seconds = time.monotonic() - start
                tell(summary)
            summary.interrupted = interrupt.wanted and summary.left > 0
    return summary


def in_the_way(tasks: Sequence[Task], folder: str) -> int:
    """The number of existing files, ours or not, that the results would replace."""
    ours = read_manifest(folder)
    there = {task.tar: os.path.isfile(os.path.join(folder, task.tar)) for task in tasks if task.tar}
    return sum(
        target.name in ours and there[task.tar]
        if task.tar
        else os.path.lexists(os.path.join(folder, target.name))
        for task in tasks
        for target in task.targets
    )


@dataclass
class _Plan:
    """The plan of a run.

    todo: tasks to paint. settled: for each task, how many results are there already. refused: results
    that cannot be written where they belong, and why.
    """

    todo: list[Task] = field(default_factory=list)
    settled: list[tuple[Task, int]] = field(default_factory=list)
    refused: list[tuple[Task, Failure]] = field(default_factory=list)


def _plan(
    tasks: Sequence[Task],
    styles: Sequence[ChosenStyle],
    settings: BatchSettings,
    ledger: Ledger,
    tars: Tars,
    summary: Summary,
    skip_existing: bool,
) -> _Plan:
    """Decide for every result whether it is there, missing, or in conflict with another."""
    plan = _Plan()
    others: dict[str, list[str]] = {"other": [], "elsewhere": []}
    places = DestinationCheck(
        settings.folder, (t.tar or target.name for t in tasks for target in t.targets)
    )
    for task in tasks:
        missing, refused = [], 0
        for target in task.targets:
            done, state = ledger.done.get(target.name), "missing"
            if skip_existing:
                state = _state(done, task, target.name, settings.folder, tars)
            known = state == "there" or task.item.problem
            if problem := "" if known else places.problem(task.tar or target.name):
                plan.refused.append((task, Failure(task.item.name, problem, target.name)))
                refused += 1
            elif state == "foreign":
                summary.foreign.append(target.name)
            elif state == "missing":
                missing.append(target)
            elif state == "elsewhere":
                others[state].append(target.name)
            elif not _same_options(done, target, styles, settings):
                others["other"].append(target.name)
            else:
                summary.there += 1
        if missing or task.problem:
            plan.todo.append(task._replace(targets=missing))
        plan.settled.append((task, len(task.targets) - len(missing) - refused))
    for how, of in (("elsewhere", "of other pictures"), ("other", MADE)):
        if names := others[how]:
            raise InputError(
                f"{settings.folder}: holds {len(names)} results made {of}, such as {names[0]!r}: give "
                "another folder, or --no-skip-existing to replace them"
            )
    return plan


def _state(done: Done | None, task: Task, name: str, folder: str, tars: Tars) -> str:
    """The state of a result: "there", made of this picture; "missing"; "elsewhere", made of a picture at
    another path; or "foreign", not ours or changed since."""
    path = os.path.join(folder, name)
    if not task.tar and not os.path.lexists(path):
        return "missing"
    if done is None or done.tar != task.tar:
        return "missing" if task.tar else "foreign"
    same = _same_picture(done, task)
    away = "missing" if same or not _is_another(done.source, task.item.path) else "elsewhere"
    if task.tar:
        return ("there" if same else away) if tars.has(done) else "missing"
    if same and os.path.isfile(path) and os.path.getsize(path) == done.bytes:
        return "there"
    if _hash(path) == done.output_hash:
        return "there" if same else away
    return "missing" if _is_torn(path, done.bytes) else "foreign"


def _is_another(before: str, now: str) -> bool:
    """Whether a result was made from another file, which still exists."""
    try:
        return bool(before) and before != now and not os.path.samefile(before, now)
    except OSError:
        return False


def _is_torn(path: str, size: int) -> bool:
    """Whether a file is the torso that a crash of the machine leaves: cut short, or only zeros."""
    try:
        if os.path.getsize(path) >= size:
            return False
        with open(path, "rb") as file:
            data = file.read()
        if not data.startswith(BEGINS):
            return not data.strip(b"\0")
        decode(data)
    except (OSError, TooLarge):
        return False
    except InputError:
        return True
    return False


def _hash(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _same_picture(done: Done, task: Task) -> bool:
    """Whether a result was made of this picture, by its file's stamp or else by its content."""
    if done.input != task.item.name or done.tar != task.tar:
        return False
    if done.stamp == task.item.stamp():
        return True
    try:
        return sha256(task.item.read()[0]).hexdigest() == done.hash
    except InputError:
        return True  # it is gone, or cannot be read now: what was made of it stays


def _same_options(
    done: Done | None, target: Target, styles: Sequence[ChosenStyle], settings: BatchSettings
) -> bool:
    assert done is not None, "what is there is written down"
    style = styles[target.style] if target.style >= 0 else None
    known = (style.identity, style.former) if style else ("",)
    return done.options in (settings.recorded, settings.former) and done.style_id in known

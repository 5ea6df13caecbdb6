"""What a batch says: what it is to do, how it stands, and what came of it."""

import json
import os
import sys
import time
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..batch.outputs import Task
from ..batch.run import Summary, in_the_way
from ..batch.work import Work
from ..errors import InputError


class BatchProgress:
    """A bar on a terminal; elsewhere a line a minute."""

    EVERY = 60.0

    def __init__(self, console: Console, count: int):
        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
        )
        self.bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.task = self.bar.add_task("", total=count)
        self.console, self.said = console, time.monotonic()

    def __enter__(self) -> "BatchProgress":
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def tell(self, summary: Summary) -> None:
        rate = summary.painted / summary.seconds if summary.seconds else 0.0
        text = f"{rate:.1f} pictures/s" + (f", {summary.failed} failed" if summary.failed else "")
        done = summary.total - summary.left
        self.bar.update(self.task, total=summary.total, completed=done, description=text)
        if not self.console.is_terminal and time.monotonic() - self.said > self.EVERY:
            self.said = time.monotonic()
            left = f"about {summary.left / rate / 60:.0f} min left" if rate else ""
            print(f"{done} of {summary.total}, {text}, {left}", file=sys.stderr)


def report(summary: Summary, out: str, others: int, as_json: bool) -> None:
    """The end of a run, on standard error; DST or a JSON object on standard output."""
    rate = f"{summary.painted / summary.seconds:.1f} pictures/s" if summary.seconds else ""
    if as_json:
        record = {
            "output": out,
            "results": summary.total,
            "painted": summary.painted,
            "there": summary.there + len(summary.foreign),
            "failed": summary.failed,
            "left": summary.left,
            "seconds": round(summary.seconds, 3),
        }
        print(json.dumps(record))
    else:
        try:
            print(out)
        except UnicodeEncodeError:  # a name that is not text
            sys.stdout.buffer.write(os.fsencode(out) + b"\n")
    rows = [
        (
            summary.painted,
            f"painted in {summary.seconds:.1f} s, {rate}" if summary.painted else "painted",
        ),
        (summary.there, "there already"),
        (len(summary.foreign), "names taken by files that are not ours: left as they are"),
        (others, "other files in SRC, passed over"),
        (summary.failed, f"failed: {os.path.join(out, 'failures.jsonl')} says which and why"),
        (summary.left, "not done: give the same command again, it goes on from here"),
    ]
    for count, text in rows[:1] + [row for row in rows[1:] if row[0]]:
        print(f"{count:>9} {text}", file=sys.stderr)


def print_plan(work: Work) -> int:
    """What would be done, a JSON object a line."""
    for item, targets, _, problem in work.tasks:
        if problem := problem or item.problem:
            print(json.dumps({"input": item.name, "error": problem}))
            continue
        for target in targets:
            style = {"style": work.styles[target.style].label} if target.style >= 0 else {}
            print(json.dumps({"input": item.name, "output": target.name, **style}))
    return 0


def ask_to_replace(tasks: Sequence[Task], out: str) -> None:
    """InputError unless nothing is in the way, or somebody says that it may be replaced."""
    if not (count := in_the_way(tasks, out)):
        return
    text = f"{out}: {count} results are there, and would be painted again and replaced"
    if not sys.stdin.isatty():
        raise InputError(f"{text}: --force does that without asking")
    if not typer.confirm(f"{text}. Go on?", err=True):
        raise InputError(f"{out}: left as it is")

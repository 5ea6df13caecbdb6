"""How a batch stands and what came of it, on standard error."""

import json
import os
import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..batch.run import Summary


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

    def __exit__(self, *_) -> None:
        self.bar.stop()

    def tell(self, tally: Summary) -> None:
        rate = tally.painted / tally.seconds if tally.seconds else 0.0
        text = f"{rate:.1f} pictures/s" + (f", {tally.failed} failed" if tally.failed else "")
        done = tally.total - tally.left
        self.bar.update(self.task, total=tally.total, completed=done, description=text)
        if not self.console.is_terminal and time.monotonic() - self.said > self.EVERY:
            self.said = time.monotonic()
            left = f"about {tally.left / rate / 60:.0f} min left" if rate else ""
            print(f"{done} of {tally.total}, {text}, {left}", file=sys.stderr)


def report(tally: Summary, out: str, others: int, as_json: bool) -> None:
    """The end of a run, on standard error; DST or a JSON object on standard output."""
    rate = f"{tally.painted / tally.seconds:.1f} pictures/s" if tally.seconds else ""
    if as_json:
        record = {
            "output": out,
            "results": tally.total,
            "painted": tally.painted,
            "there": tally.there + len(tally.foreign),
            "failed": tally.failed,
            "left": tally.left,
            "seconds": round(tally.seconds, 3),
        }
        print(json.dumps(record))
    else:
        try:
            print(out)
        except UnicodeEncodeError:  # a name that is not text
            sys.stdout.buffer.write(os.fsencode(out) + b"\n")
    rows = [
        (tally.painted, f"painted in {tally.seconds:.1f} s, {rate}" if tally.painted else "painted"),
        (tally.there, "there already"),
        (len(tally.foreign), "names taken by files that are not ours: left as they are"),
        (others, "other files in SRC, passed over"),
        (tally.failed, f"failed: {os.path.join(out, 'failures.jsonl')} says which and why"),
        (tally.left, "not done: give the same command again, it goes on from here"),
    ]
    for count, text in rows[:1] + [row for row in rows[1:] if row[0]]:
        print(f"{count:>9} {text}", file=sys.stderr)

"""Results of a benchmark's runs, kept one by one: stopped, the same command goes on where it was."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

SCRATCH = Path("out/quick.jsonl")  # for runs that only show that they work


def kept_runs(
    path: Path, of: dict, jobs: Iterable[tuple], run: Callable[..., dict]
) -> dict[tuple, dict]:
    """The result of every job, by the job: those that `path` (JSON lines) has, and those run now.

    of: what a result is a result of, plan and pictures; those of another are left alone. run: takes a
    job's parts and gives what JSON can hold.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    jobs, found = list(jobs), {}
    if path.exists():
        for line in path.read_text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:  # empty, or cut off while it was written
                continue
            if row["of"] == of:
                found[tuple(row["job"])] = row["result"]
    todo = [job for job in jobs if job not in found]
    started = time.perf_counter()
    for number, job in enumerate(todo, 1):
        begun = time.perf_counter()
        result = found[job] = run(*job)
        with path.open("a") as file:
            # A line that was cut off ends where the next begins.
            file.write("\n" + json.dumps({"of": of, "job": job, "result": result}))
        seconds = time.perf_counter() - begun
        left = (time.perf_counter() - started) / number * (len(todo) - number)
        name = " ".join(map(str, job))
        print(
            f"{number}/{len(todo)} {name}: {seconds:.1f} s, about {left / 60:.0f} min to go",
            file=sys.stderr,
        )
    return {job: found[job] for job in jobs}

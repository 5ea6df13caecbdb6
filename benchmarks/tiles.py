"""What painting in tiles costs beside painting at once.

    python -m benchmarks.tiles [OUT.md] [--runs 5] [--giant]

The same photo at once and in tiles of 1024 in turn, in one process, the style encoded before; ratios are
medians of the turns' own. That of processor seconds is to be trusted on a busy machine, with one thread
(OMP_NUM_THREADS=1). --giant: 16384×16384 pixels from file to file too, by the command,
beside the pixels a second of 4096×2160 at once. Nothing else should run.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from styletransfer import Stylizer, keep_memory
from styletransfer.media.image import read_picture

EXAMPLES = Path(__file__).parents[1] / "examples"
PHOTO, STYLE = EXAMPLES / "content" / "mountains.jpg", EXAMPLES / "style" / "starry_night.jpg"
SIZES = ((2048, 2048), (4096, 2160))
TILE = 1024
GIANT = 16_384


def turns(stylizer: Stylizer, photo: Image.Image, runs: int) -> np.ndarray:
    """Seconds of each turn, (runs, 2, 2): at once and in tiles, of the clock and of processors."""
    code = stylizer.style(STYLE)
    found = np.empty((runs + 1, 2, 2))
    for turn in found:
        for seconds, tile in zip(turn, ("off", TILE)):
            start = time.perf_counter(), time.process_time()
            stylizer.stylize(photo, code, tile=tile)
            seconds[:] = time.perf_counter() - start[0], time.process_time() - start[1]
    return found[1:]  # without the first, in which memory is asked for


def giant(folder: str) -> tuple[float, float]:
    """Seconds and GiB that the command takes for a large file. To be called first: a process counts
    what memory its parent had."""
    import pyvips

    photo = pyvips.Image.new_from_file(str(PHOTO))
    source, out = f"{folder}/giant.tif", f"{folder}/giant-out.tif"
    tiled = photo.replicate(-(-GIANT // photo.width), -(-GIANT // photo.height))
    tiled.crop(0, 0, GIANT, GIANT).tiffsave(source, compression="deflate")
    command = [sys.executable, "-m", "styletransfer", source, str(STYLE), "-o", out, "--device", "cpu"]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--giant", action="store_true")
    given = parser.parse_args()
    if given.giant:
        with tempfile.TemporaryDirectory() as folder:
            giant_seconds, memory = giant(folder)
    keep_memory()  # as the command does
    stylizer, photo = Stylizer(device="cpu"), read_picture(PHOTO).rgb
    lines = [
        f"| size | at once | in tiles of {TILE} | ratio | of processor seconds |",
        "|---" * 5 + "|",
    ]
    fastest = 0.0
    for size in SIZES:
        taken = turns(stylizer, photo.resize(size), given.runs)
        whole, tiled = np.median(taken[:, :, 0], axis=0)
        fastest = size[0] * size[1] / whole
        ratio, of_processors = np.median(taken[:, 1] / taken[:, 0], axis=0)
        row = f"| {size[0]}×{size[1]} | {1e3 * whole:.0f} ms | {1e3 * tiled:.0f} ms "
        row += f"| {ratio:.2f} | {of_processors:.2f} |"
        lines.append(row)
        print(row, file=sys.stderr)
    if given.giant:
        ratio = fastest * giant_seconds / GIANT**2
        row = f"| {GIANT}×{GIANT}, file to file, {memory:.1f} GB | | {giant_seconds:.0f} s "
        lines.append(f"{row}| {ratio:.2f} | |")
    arguments = f" --runs {given.runs}" + " --giant" * given.giant
    text = f"""# What tiles cost

`python -m benchmarks.tiles{arguments}`: adain-fast in {str(stylizer.net.dtype)[6:]} on a CPU,
{torch.get_num_threads()} threads, medians of {given.runs} turns.

"""
    text += "\n".join([*lines, ""])
    given.out.write_text(text) if given.out else print(text)


if __name__ == "__main__":
    main()

"""What `stylize batch` reaches of the model's own speed.

    python -m benchmarks.batch [--device cuda] [--count N] [--engine ray]

The model alone paints pictures that are decoded already, one after the other on all cores (on a GPU as
many at once as batch takes); then the command paints as many files, JPEG to JPEG. In turn, three times;
medians. Writes benchmarks/batch.md. Nothing else should run.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import asked

EXAMPLES = Path(__file__).parents[1] / "examples"
STYLE = EXAMPLES / "style" / "starry_night.jpg"
SIZE = 512
ROUNDS = 3
OUT = Path("benchmarks/batch.md")


def make(folder: Path, count: int) -> None:
    """So many different JPEG files of 512×512 pixels."""
    from PIL import Image, ImageOps

    photos = [Image.open(path).convert("RGB") for path in sorted((EXAMPLES / "content").iterdir())]
    for i in range(count):
        photo = ImageOps.fit(photos[i % len(photos)], (SIZE, SIZE)).rotate(90 * (i // len(photos) % 4))
        path = folder / f"{i % 10}" / f"{i:05d}.jpg"
        path.parent.mkdir(exist_ok=True, parents=True)
        photo.save(path, quality=92)


def alone(stylizer, folder: Path, count: int) -> float:
    """Pictures per second of the model, from decoded pictures to painted ones."""
    import torch
    from PIL import Image

    from styletransfer.media.tensors import as_uint8
    from styletransfer.stylize.buffer import ImageBuffer

    code = stylizer.style(STYLE)
    photos = [Image.open(path).convert("RGB") for path in sorted(folder.rglob("*.jpg"))[:64]]
    photos = [photos[i % len(photos)] for i in range(count)]
    at_once = 32 if stylizer.device.type == "cuda" else 1
    batches = [photos[i : i + at_once] for i in range(0, count, at_once)]

    def paint(batch) -> None:
        if at_once == 1:
            stylizer.stylize(batch[0], code)
        else:
            pixels = torch.cat([as_uint8(photo) for photo in batch]).to(stylizer.device)
            stylizer.repaint_each(ImageBuffer(pixels), [code] * len(batch)).pixels.cpu()

    for batch in batches[:3]:
        paint(batch)
    start = time.perf_counter()
    for batch in batches:
        paint(batch)
    return count / (time.perf_counter() - start)


def whole(folder: Path, out: Path, device: str, engine: str) -> float:
    """Pictures per second of the command, as it says itself: the model is loaded in that time too."""
    command = [sys.executable, "-m", "styletransfer", "batch", str(folder), str(out), "--json"]
    options = ["--style", str(STYLE), "--device", device, "--engine", engine]
    found = subprocess.run(command + options, stdout=subprocess.PIPE, check=True)
    record = json.loads(found.stdout)
    return record["painted"] / record["seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--engine", default="local")
    given = parser.parse_args()

    from styletransfer import Stylizer, keep_memory

    keep_memory()
    stylizer = Stylizer(device=given.device)
    found: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "src", given.count)
        for turn in range(ROUNDS):
            model = alone(stylizer, folder / "src", given.count // 2)
            command = whole(folder / "src", folder / f"dst{turn}", given.device, given.engine)
            found.append((model, command))
            print(f"model {model:.1f}/s, command {command:.1f}/s", file=sys.stderr)
    model, command = (statistics.median(rates) for rates in zip(*found))
    options = asked(parser, given)
    OUT.write_text(
        f"""# How much of the model's speed `stylize batch` reaches

`python -m benchmarks.batch{options}`: {given.count} JPEG files of {SIZE}×{SIZE} pixels to JPEG files,
{stylizer.model} on {given.device}, medians of {ROUNDS} rounds in turn. The command's time runs from the
moment all is found to the last file's rename: the model is loaded and the style encoded in it.

| | pictures/s |
|---|---|
| the model alone, on decoded pictures, one after the other | {model:.2f} |
| `stylize batch`, file to file | {command:.2f} |
| share | {command / model:.0%} |
"""
    )


if __name__ == "__main__":
    main()

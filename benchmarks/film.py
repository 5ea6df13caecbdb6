"""How fast `stylize video` is, of what the model alone could be.

    python -m benchmarks.film [--device cuda] [--height 720] [--seconds 10]

The model alone paints decoded frames one after the other; the command does all the rest too: decoding,
finding the camera's motion, steadying, encoding. Plain (--frame-by-frame), steady, and with frames that
are carried along, in turn, three times; medians. And where a frame's time goes: processor milliseconds
of each stage, one after the other.
Writes benchmarks/film.md. Nothing else should run. --stages: that table alone, on standard output.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from . import asked

EXAMPLES = Path(__file__).parents[1] / "examples"
STYLE = EXAMPLES / "style" / "starry_night.jpg"
OUT = Path("benchmarks/film.md")
ROUNDS, RATE = 3, 25
CARRIED = 4, 8  # of so many frames one is painted


def make(path: Path, height: int, seconds: float) -> list:
    """A film of a camera that moves over a photo; gives its frames."""
    import av
    from PIL import Image

    photo = Image.open(EXAMPLES / "content" / "mountains.jpg").convert("RGB")
    width = height * 16 // 9
    photo = photo.resize((width * 3 // 2, width * 3 // 2 * photo.height // photo.width))
    frames = []
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=RATE, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for i in range(int(seconds * RATE)):
            left = i * (photo.width - width) // int(seconds * RATE)
            frame = photo.crop((left, 0, left + width, height))
            frames.append(frame)
            file.mux(stream.encode(av.VideoFrame.from_image(frame)))
        file.mux(stream.encode())
    return frames


def alone(stylizer, frames: list) -> float:
    """Frames per second of the model."""
    code = stylizer.style(STYLE)
    for frame in frames[:3]:
        stylizer.stylize(frame, code)
    start = time.perf_counter()
    for frame in frames:
        stylizer.stylize(frame, code)
    return len(frames) / (time.perf_counter() - start)


def whole(film: Path, out: Path, device: str, *options: str) -> float:
    """Frames per second of the command, as it says itself."""
    command = [sys.executable, "-m", "styletransfer", "video", str(film), str(STYLE), "-o", str(out)]
    command += ["--json", "--force", "--device", device, *options]
    record = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return record["painted"] / record["seconds_taken"]


def stage_rows(stylizer, film: Path, count: int = 8) -> list[str]:
    """What a frame costs in each stage, in milliseconds of processors: medians of so many frames."""
    import av

    from styletransfer.media.video_reader import open_clip
    from styletransfer.media.video_writer import encoder_options
    from styletransfer.video.frame_painter import FramePainter
    from styletransfer.video.stabilize import Stabilizer, TemporalBlend

    painter = FramePainter(stylizer, [(0.0, stylizer.style(STYLE))])
    stabilizer, blend = Stabilizer(), TemporalBlend()
    clip = open_clip(film)
    frames, found = clip.frames(Fraction(0)), []
    with av.open(str(film.with_name("stages.mp4")), "w") as file:
        stream = file.add_stream("libx264", rate=RATE, options=encoder_options("libx264", None))
        stream.width, stream.height, stream.pix_fmt = *clip.size, "yuv420p"
        for _ in range(count + 2):
            marks = [time.process_time()]
            rgb = next(frames).rgb
            marks.append(time.process_time())
            stabilized = stabilizer.stabilize(rgb)
            marks.append(time.process_time())
            painted = painter.paint(stabilized.image, painter.next_statistics(stabilized.past is None))
            marks.append(time.process_time())
            out = blend.blend(painted, stabilized)
            marks.append(time.process_time())
            file.mux(stream.encode(av.VideoFrame.from_ndarray(out, "rgb24")))
            marks.append(time.process_time())
            found.append([1e3 * (b - a) for a, b in pairwise(marks)])
    names = ("decoded", "laid on the scene", "painted", "averaged along its motion", "encoded")
    stages = {name: statistics.median(ms) for name, ms in zip(names, zip(*found[2:]))}
    whole = sum(stages.values())
    lines = ["| a frame is | processor ms | share |", "|---" * 3 + "|"]
    lines += [f"| {name} | {ms:.0f} | {ms / whole:.0%} |" for name, ms in stages.items()]
    return [*lines, f"| all | {whole:.0f} | |"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--stages", action="store_true")
    given = parser.parse_args()

    from styletransfer import Stylizer, keep_memory

    keep_memory()
    stylizer = Stylizer(device=given.device)
    ways = [["--frame-by-frame"], [], *(["--paint-every", str(n)] for n in CARRIED)]
    found: list[list[float]] = []
    with tempfile.TemporaryDirectory() as name:
        film, out = Path(name, "film.mp4"), Path(name, "out.mp4")
        frames = make(film, given.height, given.seconds)
        stages = "\n".join(stage_rows(stylizer, film))
        if given.stages:
            print(stages)
            return
        for _ in range(ROUNDS):
            rates = [alone(stylizer, frames)]
            found.append(rates + [whole(film, out, given.device, *way) for way in ways])
            print(" ".join(f"{rate:.2f}" for rate in found[-1]), file=sys.stderr)
    model, *rates = (statistics.median(rates) for rates in zip(*found))
    rows = "\n".join(
        f"| `{' '.join(['stylize video', *way])}` | {rate:.2f} | {rate / model:.0%} |"
        for way, rate in zip(ways, rates)
    )
    options = asked(parser, given)
    width = given.height * 16 // 9
    OUT.write_text(
        f"""# How much of the model's speed `stylize video` reaches

`python -m benchmarks.film{options}`: {width}×{given.height}, {len(frames)} frames of H.264 to H.264,
{stylizer.model} on {given.device}; medians of {ROUNDS} rounds in turn.

| | frames/s | share |
|---|---|---|
| the model alone, on decoded frames | {model:.2f} | |
{rows}

{stages}
"""
    )


if __name__ == "__main__":
    main()

"""Whether 8-bit integers would be faster than bfloat16, and what they would cost in quality.

    python -m benchmarks.int8 PHOTOS PAIRS.tsv [-o OUT.md] [--count 24] [--every 3]

Quantizes the convolutions of the shipped graph with onnxruntime: weights per channel, activations by
what they range over in some photos of a folder, painted in the shipped styles. Then the processor's
milliseconds at 1024×1024 for that graph, the one in float32 and torch in bfloat16, in turn; and the
scores of all on every third of the pairs.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from PIL import Image, ImageOps

from styletransfer import Stylizer
from styletransfer.evaluation import report
from styletransfer.media.image import read_picture, resize_short_side, style_image
from styletransfer.models.shipped import graph_paths
from styletransfer.quick.pixels import planes, to_image
from styletransfer.system.host import cores

MODEL = "adain-fast"
STYLES = Path(__file__).parents[1] / "examples" / "style"
THREADS = int(os.environ.get("OMP_NUM_THREADS") or cores())
SIDE, SPEED_SIDE, SIZE = 384, 1024, 512  # of a photo to calibrate with, to time, and to score


def session(path: Path | str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = THREADS, 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Graph:
    """A painter's graph, and the encoder that gives it styles."""

    def __init__(self, painter: Path | str, encoder: Path | str):
        self.painter, self.encoder = session(painter), session(encoder)
        self.codes: dict[Path, np.ndarray] = {}

    def inputs(self, photo: Image.Image, style: Path) -> dict[str, np.ndarray]:
        if style not in self.codes:
            picture = planes(style_image(read_picture(style).rgb, SIZE, 1.0))
            (self.codes[style],) = self.encoder.run(None, {"picture": picture})
        x = planes(photo)
        alpha = np.ones((1, 1, *x.shape[2:]), np.float32)
        return {"content": x, "style": self.codes[style], "alpha": alpha}

    def paint(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        (painted,) = self.painter.run(None, inputs)
        return painted


class Photos(CalibrationDataReader):
    """What activations range over: photos, each in a style."""

    def __init__(self, graph: Graph, paths: list[Path]):
        styles = sorted(STYLES.glob("*.jpg"))
        self.turns: Iterator[dict[str, np.ndarray]] = (
            graph.inputs(ImageOps.fit(read_picture(p).rgb, (SIDE, SIDE)), styles[i % len(styles)])
            for i, p in enumerate(paths)
        )

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.turns, None)


def quantized(graph: Graph, painter: Path, out: Path, paths: list[Path]) -> None:
    """Writes the graph with its convolutions in 8 bits."""
    quantize_static(
        painter,
        out,
        Photos(graph, paths),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.Percentile,
        extra_options={"CalibPercentile": 99.99, "CalibTensorRangeSymmetric": False},
    )


def speed(ways: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Milliseconds of processors, the median of turns."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs + 1):
        for name, paint in ways.items():
            start = time.process_time()
            paint()
            found[name].append(1e3 * (time.process_time() - start))
    return {name: statistics.median(taken[1:]) for name, taken in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("-o", "--out", type=Path)
    parser.add_argument("--count", type=int, default=24, help="photos to calibrate with")
    parser.add_argument("--every", type=int, default=3, help="of so many pairs one is scored")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    painter, encoder = graph_paths(MODEL) or sys.exit("there are no graphs: make graphs")
    paths = sorted(p for p in given.photos.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg"))
    plain, stylizer = Graph(painter, encoder), Stylizer(MODEL, "cpu")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "int8.onnx"
        quantized(plain, painter, file, paths[:: max(1, len(paths) // given.count)][: given.count])
        integers = Graph(file, encoder)
        megabytes = file.stat().st_size / 1e6
    photo, style = read_picture(paths[0]).rgb.resize((SPEED_SIDE, SPEED_SIDE)), min(STYLES.glob("*.jpg"))
    inputs, code = plain.inputs(photo, style), stylizer.style(style)
    pixels = np.asarray(photo)
    taken = speed(
        {
            "torch, bfloat16": lambda: stylizer.stylize(pixels, code),
            "onnxruntime, float32": lambda: plain.paint(inputs),
            f"onnxruntime, int8 ({megabytes:.1f} MB)": lambda: integers.paint(inputs),
        },
        given.runs,
    )
    print(taken, file=sys.stderr)
    pairs = report.read_pairs(given.pairs)[:: given.every]

    def by(graph: Graph) -> Callable[[report.Pair], Image.Image]:
        def stylize(pair: report.Pair) -> Image.Image:
            small = resize_short_side(read_picture(pair.content).rgb, SIZE)
            return to_image(graph.paint(graph.inputs(small, pair.style)).clip(0, 1))

        return stylize

    ways = (lambda p: stylizer.stylize(p.content, p.style, size=SIZE)), by(plain), by(integers)
    scores = [report.means(list(report.evaluate(pairs, way))) for way in ways]
    first = next(iter(taken.values()))
    lines = [f"| | processor ms at {SPEED_SIDE}² | ratio | {' | '.join(report.SCORES)} |"]
    lines.append("|---" * (3 + len(report.SCORES)) + "|")
    for (name, seconds), means in zip(taken.items(), scores):
        cells = " | ".join(f"{means[score]:.3f}" for score in report.SCORES)
        lines.append(f"| {name} | {seconds:.0f} | {seconds / first:.2f} | {cells} |")
    text = f"""# Eight bits

`python -m benchmarks.int8 PHOTOS PAIRS.tsv --count {given.count} --every {given.every}`: {MODEL} on
{THREADS} threads of a CPU, {len(pairs)} pairs.

"""
    text += "\n".join([*lines, ""])
    given.out.write_text(text) if given.out else print(text)


if __name__ == "__main__":
    main()

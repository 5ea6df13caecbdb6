"""The plot of a run's losses."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..media.image import write_picture

COLOURS = {
    "style": "#c0392b", "gram": "#e08e0b", "content": "#2471a3", "color": "#8e44ad",
    "detail": "#17a2a2", "structure": "#7f8c8d", "weave": "#9a7d0a", "reconstruction": "#229954",
    "strokes": "#212f3d",
}  # fmt: skip
Points = list[tuple[float, ...]]

SIZE, MARGIN = (900, 420), (56, 16, 16, 34)  # left, top, right, bottom


def save_curve(path: Path, runs: Sequence[Path]) -> None:
    """Plot the losses in the metrics.jsonl of a run, or of several runs that followed each other.

    Each line is a mean over a fiftieth of all steps; a grey bar marks where a run began.
    """
    lines, starts, first = [], [], 0
    for run in runs:
        found = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        lines += [{**line, "step": first + line["step"]} for line in found]
        starts.append(first)
        first = lines[-1]["step"]
    curves = {}
    for name in COLOURS:
        points = [(line["step"], line[name]) for line in lines if name in line]
        if points:
            parts = np.array_split(np.array(points), min(len(points), 50))
            curves[name] = [tuple(part.mean(axis=0)) for part in parts]
    top = max((value for curve in curves.values() for _, value in curve), default=1.0)
    write_picture(path, _draw(curves, starts[1:], first, top))


def _draw(curves: dict[str, Points], starts: Sequence[int], last: int, top: float) -> Image.Image:
    image = Image.new("RGB", SIZE, "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    left, upper, right, lower = MARGIN[0], MARGIN[1], SIZE[0] - MARGIN[2], SIZE[1] - MARGIN[3]

    def place(step: float, value: float) -> tuple[float, float]:
        return left + (right - left) * step / last, lower - (lower - upper) * value / top

    for i in range(5):
        value, step = top * i / 4, last * i / 4
        y, x = place(0, value)[1], place(step, 0)[0]
        draw.line([(left, y), (right, y)], "#dddddd")
        draw.text((left - 6, y), f"{value:.2f}", "black", font, anchor="rm")
        draw.text((x, lower + 8), f"{step:.0f}", "black", font, anchor="ra" if i == 4 else "ma")
    for start in starts:
        draw.line([place(start, 0), place(start, top)], "#aaaaaa", 3)
    for i, (name, curve) in enumerate(curves.items()):
        draw.line([place(*point) for point in curve], COLOURS[name], 2, joint="curve")
        draw.text((right - 6, upper + 4 + 17 * i), name, COLOURS[name], font, anchor="ra")
    return image

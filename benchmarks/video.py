"""How much painted films flicker: warping error, short and long range, ours against frame by frame.

    python -m benchmarks.video benchmarks/video.md [FOLDER for strips of frames to look at]

The films are of `benchmarks.scenes`, so that it is known where each pixel goes. The error between two
frames is the root of the mean squared difference between the one and the other, taken to it by that
motion, over the pixels that are seen in both; once more with the motion as OpenCV's DIS sees it.
"""

import sys
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import torch

from styletransfer.device import painting_threads
from styletransfer.evaluation.metrics import STYLE_TAPS, all_statistics, style_deviations, style_score
from styletransfer.media.clip import Frame
from styletransfer.media.tensors import style_tensor
from styletransfer.models.weights import load_encoder
from styletransfer.stylize.stylizer import Stylizer
from styletransfer.video import frame_painter, stabilize
from styletransfer.video.stages import FrameTask, SteadyStages

from .scenes import Scene, film, scenes, warp

STYLES = Path(__file__).parents[1] / "examples" / "style"
USED = ("starry_night.jpg", "great_wave.jpg", "composition_viii.jpg")
COUNT, LONG = 24, 10  # frames; the long range
MODEL = "adain-fast"


def paint(scene: Scene, stylizer: Stylizer, code, statistics=True, still=True, past=True, paint_every=1):
    """The film in a style, float32 (H, W, 3) each, with all or some of what keeps it steady."""
    painter = frame_painter.FramePainter(stylizer, [(0.0, code)], steady=statistics)
    if not (still or past):
        return [painter.paint(frame, painter.next_statistics()) for frame in scene.frames]
    kept = stabilize.PAST, stabilize._straightened
    if not past:
        stabilize.PAST = 0.0
    if not still:  # each frame is painted where it is; what it shares with the last is still found
        stabilize._straightened = lambda frame_to_scene, size: np.eye(3)
    try:
        out = []
        with painting_threads(1) as pool:
            stages = SteadyStages(painter, pool, {}, paint_every)
            for number, rgb in enumerate(scene.frames):
                time = Fraction(number, 25)
                task = stages.prepare(FrameTask(Frame(rgb, time, Fraction(1, 25), None, (time,))))
                out.append(stages.finish(task).frame.rgb / np.float32(255))
        return out
    finally:
        stabilize.PAST, stabilize._straightened = kept


WAYS = {
    "frame by frame": dict(statistics=False, still=False, past=False),
    "smoothed statistics alone": dict(still=False, past=False),
    "averaging along the motion alone": dict(statistics=False, still=False),
    "still scene alone": dict(statistics=False, past=False),
    "**all: `stylize video`**": {},
    "`--paint-every 4`": dict(paint_every=4),
    "`--paint-every 8`": dict(paint_every=8),
}


def error(scene: Scene, out: list[np.ndarray], gap: int, seen: bool = False) -> float:
    """Warping error between frames so far apart; seen: by DIS, on the frames as filmed."""
    found = []
    for i in range(gap, len(out)):
        place, valid = scene.flow(i, i - gap)
        if seen:
            grey = [cv2.cvtColor(scene.frames[j], cv2.COLOR_RGB2GRAY) for j in (i, i - gap)]
            flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*grey, None)
            y, x = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
            place = np.dstack([x, y]) + flow
        found.append(np.square(out[i] - warp(out[i - gap], place)).mean(axis=2)[valid].mean())
    return float(np.mean(found) ** 0.5)


def trail(scene: Scene, out: list[np.ndarray], empty: list[np.ndarray]) -> float:
    """What a thing that flew by leaves behind: the difference from the film without it, where it was
    up to eight frames ago, well away from where it is."""
    found = []
    for i in range(8, len(out)):
        near = cv2.dilate((scene.depth(i) > 0).astype(np.uint8), np.ones((33, 33))) > 0
        was = np.any([scene.depth(j) > 0 for j in range(i - 8, i)], axis=0) & ~near
        if was.sum() > 100:
            found.append(np.square(out[i] - empty[i]).mean(axis=2)[was].mean())
    return float(np.mean(found) ** 0.5)


class Judge:
    """Style scores on the original VGG-19."""

    def __init__(self):
        self.encoder = load_encoder(normalized=False)
        styles = {p.name: self.statistics(style_tensor(p, 384, 1.0)) for p in STYLES.glob("*.jpg")}
        self.styles, self.deviations = styles, style_deviations(list(styles.values()))

    def statistics(self, x: torch.Tensor):
        return all_statistics(self.encoder(x, STYLE_TAPS))

    def score(self, scene: Scene, out: list[np.ndarray], style: str) -> float:
        pairs = [(out[i], scene.frames[i] / np.float32(255)) for i in (4, len(out) // 2, len(out) - 1)]
        tensors = [[torch.from_numpy(p).permute(2, 0, 1)[None] for p in pair] for pair in pairs]
        scores = [
            style_score(*map(self.statistics, pair), self.styles[style], self.deviations)
            for pair in tensors
        ]
        return float(np.mean(scores))


@torch.inference_mode()
def main(out: str = "", folder: str = "") -> None:
    stylizer, judge, films = Stylizer(MODEL), Judge(), scenes(COUNT)
    codes = {name: stylizer.style(STYLES / name) for name in USED}
    lines = [
        "| film | | short | long | short, by DIS | style |",
        "|---|---|---|---|---|---|",
    ]
    mean: dict[str, list[np.ndarray]] = {name: [] for name in WAYS}
    for scene in films:
        filmed = [frame.astype(np.float32) / 255 for frame in scene.frames]
        row = [error(scene, filmed, 1), error(scene, filmed, LONG), error(scene, filmed, 1, seen=True)]
        lines.append(f"| {scene.name} | as filmed | " + " | ".join(f"{x:.4f}" for x in row) + " | |")
        for name, parts in WAYS.items():
            rows = []
            for style, code in codes.items():
                painted = paint(scene, stylizer, code, **parts)
                rows.append(
                    [
                        error(scene, painted, 1), error(scene, painted, LONG),
                        error(scene, painted, 1, seen=True), judge.score(scene, painted, style),
                    ]
                )  # fmt: skip
                if folder:
                    strip(Path(folder), f"{scene.name}-{style[:-4]}-{name.strip('*')[:9]}", painted)
            row = np.mean(rows, axis=0)
            mean[name].append(row)
            lines.append(
                "| | " + name + " | " + " | ".join(f"{x:.4f}" for x in row[:3]) + f" | {row[3]:.3f} |"
            )
            print(lines[-1], file=sys.stderr)
    means = {name: np.mean(rows, axis=0) for name, rows in mean.items()}
    base = means["frame by frame"]
    lines += ["", "Mean of the films, and as a share of frame by frame:", ""]
    lines += ["| | short | long | short, by DIS | style |", "|---|---|---|---|---|"]
    for name, row in means.items():
        cells = [f"{x:.4f} ({x / b:.2f}×)" for x, b in zip(row[:3], base)]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {row[3]:.3f} |")
    crossing, code = films[-1], codes[USED[0]]
    empty = film(crossing.name, crossing.layers[:1], COUNT)
    lines += ["", "What a thing that flew by leaves behind: `crossing` less the film without it:", ""]
    lines += ["| | difference |", "|---|---|"]
    for name, parts in WAYS.items():
        with_it, without = (paint(each, stylizer, code, **parts) for each in (crossing, empty))
        lines.append(f"| {name} | {trail(crossing, with_it, without):.4f} |")
    table = "\n".join(lines) + "\n"
    if out:
        Path(out).write_text(f"<!-- python -m benchmarks.video {out} -->\n{table}")
    print(table)


def strip(folder: Path, name: str, painted: list[np.ndarray]) -> None:
    folder.mkdir(exist_ok=True)
    some = [painted[i] for i in (0, 6, 7, 8, 16)]
    picture = (np.concatenate(some, axis=0).clip(0, 1) * 255).astype(np.uint8)
    cv2.imwrite(str(folder / f"{name.replace(' ', '-')}.png"), picture[..., ::-1])


if __name__ == "__main__":
    main(*sys.argv[1:])

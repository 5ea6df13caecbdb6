"""Whether people are still where they were on a stylized photo, by a segmenter that was trained on
photos.

    pip install ai-edge-litert
    python -m benchmarks.objects SEGMENTER.tflite --photos SHARDS

SEGMENTER.tflite: MediaPipe's selfie segmentation, which its wheel has as
mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite (Apache 2.0; `pip download
mediapipe==0.10.21` and unpack). The photos are those of PACS with people, as SOURCES.tsv beside the
shards says. Writes its part of docs/normalization.md; results are kept in
benchmarks/results/objects.jsonl, so that the same command goes on.
"""

import argparse
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from styletransfer import Stylizer
from styletransfer.errors import InputError
from styletransfer.media.image import decode, resize_short_side
from styletransfer.styles.names import shipped_styles

from .kept import kept_runs
from .page import plus_minus, table, write_part
from .squares import labelled

DONE = Path("benchmarks/results/objects.jsonl")
PAGE = Path("docs/normalization.md")
SIZE = 256
PEOPLE = (0.05, 0.95)  # shares of a photo that are a person: others have nothing to keep
WAYS = (("adain-fast", 0.5), ("adain-fast", 1.0), ("adain-vgg", 1.0))
TEXT = """
{count} photos of people at {size} px, each painted in one of the {styles} shipped styles in turn; IoU
of the person that MediaPipe's selfie segmentation (trained on photos, and on no painting) finds on the
painted picture and of the one that it finds on the photo. Its own masks stand in for labels, of which
there are none: a proxy.

{results}
"Mirrored": the photo itself, mirrored, and its mask mirrored back: what the segmenter's own wavering
costs. "Another photo": the mask of the next photo, which is chance. Mean ± deviation between photos.
"""

Segment = Callable[[Image.Image], np.ndarray]


def segmenter(path: Path) -> Segment:
    """Picture to (H, W) bool: where people are."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ModuleNotFoundError:
        raise InputError("ai-edge-litert is not installed: pip install ai-edge-litert") from None
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    network = Interpreter(str(path), num_threads=1)
    network.allocate_tensors()
    (given,), (made,) = network.get_input_details(), network.get_output_details()
    height, width = given["shape"][1:3]

    def segment(picture: Image.Image) -> np.ndarray:
        small = picture.resize((width, height), Image.Resampling.BILINEAR)
        network.set_tensor(given["index"], np.asarray(small, dtype=np.float32)[None] / 255)
        network.invoke()
        return network.get_tensor(made["index"])[0, ..., 0] > 0.5

    return segment


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / max(1, (a | b).sum()))


def person(origin: str) -> str | None:
    return "person" if "PACS/photo/person/" in origin else None


def people(sources: list[Path], segment: Segment) -> tuple[list[Image.Image], list[np.ndarray]]:
    """Photos on which there is a person and something else, and where."""
    photos, masks = [], []
    for entry, _ in labelled(sources, person):
        photo = resize_short_side(decode(entry.read()).rgb, SIZE)
        mask = segment(photo)
        if PEOPLE[0] < mask.mean() < PEOPLE[1]:
            photos.append(photo)
            masks.append(mask)
    return photos, masks


def kept(
    segment: Segment, photos: list[Image.Image], masks: list[np.ndarray], model: str, alpha: float
) -> dict:
    """IoU of each photo, painted so."""
    stylizer = Stylizer(model, device="cpu")
    codes = [stylizer.style(style) for style in shipped_styles().values()]
    painted = (stylizer.stylize(p, codes[i % len(codes)], alpha) for i, p in enumerate(photos))
    return {"iou": [iou(segment(picture), mask) for picture, mask in zip(painted, masks)]}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("segmenter", type=Path)
    parser.add_argument("--photos", nargs="+", type=Path, required=True, help="Tar shards.")
    options = parser.parse_args()
    try:
        segment = segmenter(options.segmenter)
        photos, masks = people(options.photos, segment)
    except InputError as error:
        sys.exit(f"error: {error}")
    of = {"photos": len(photos), "size": SIZE}
    found = kept_runs(DONE, of, WAYS, lambda *way: kept(segment, photos, masks, *way))
    mirrored = [
        iou(np.fliplr(segment(p.transpose(Image.Transpose.FLIP_LEFT_RIGHT))), m)
        for p, m in zip(photos, masks)
    ]
    rows = [["the photo, mirrored", plus_minus(mirrored)]]
    rows += [[f"`{name}`, alpha {a:g}", plus_minus(each["iou"])] for (name, a), each in found.items()]
    rows += [["another photo", plus_minus([iou(a, b) for a, b in pairwise(masks)])]]
    results = table(("", "IoU with the photo's person"), rows)
    styles = len(shipped_styles())
    write_part(
        PAGE, "objects", TEXT.format(count=len(photos), size=SIZE, styles=styles, results=results)
    )


if __name__ == "__main__":
    main()

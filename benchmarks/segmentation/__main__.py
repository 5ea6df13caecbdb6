"""A small U-Net says which of two styles a place is painted in: normalizations at small batches.

python -m benchmarks.segmentation --photos SHARDS

Photos are painted in two shipped styles and put together by random masks. Writes its part of
docs/normalization.md. Every run that is done is kept in benchmarks/results/segmentation.jsonl:
stopped, the same command goes on.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from styletransfer.errors import InputError
from styletransfer.media.files import write_atomically
from styletransfer.training.entries import find_pictures
from styletransfer.transforms import RandomStyle

from ..kept import SCRATCH, kept_runs
from ..page import axes_of, plus_minus, spread, svg, table, write_part
from ..squares import digest, squares
from .runs import COMPARED, SIZES, Paintings, Plan, run

DONE = Path("benchmarks/results/segmentation.jsonl")
PAGE = Path("docs/normalization.md")
STYLES = ("starry_night", "great_wave")
QUICK = Plan(side=16, samples=16, seeds=1, width=4, photos=12, tested=8)
COLORS = {"batch": "#d95f02", "batch, averages anew": "#e6ab02", "group": "#66a61e",
          "instance": "#1f78b4", "layer": "#7570b3"}  # fmt: skip
Found = Mapping[tuple, dict]
TEXT = """
Seeds: {plan.seeds}; mean ± standard deviation. Photos painted in `{a}` and in `{b}` by `adain-fast`, put
together by random blobs, one picture in four of one style alone; the network is to say which style is
where. {plan.photos} photos to train on, {plan.tested} others to test on, {plan.side} px;
{plan.samples:,} pictures whatever the batch, SGD at {plan.rate:g} for 16 and in proportion below; a
U-Net of {plan.width}, {two} and {four} channels, bfloat16. Styles put together by a mask are a proxy
for objects. Group: 8 groups, which at 8 channels is instance normalization.

Mean IoU of the two styles, on pictures with both:

{iou}
Share of positions that are right, on pictures of one style alone (half is chance):

{one}
![IoU and accuracy by batch size](segmentation.svg)

Smaller batches are more steps, since all see the same pictures. "Averages anew": batch normalization's
running averages, taken again over 192 training pictures at the end, sixteen at a time: what is then
still missing is the training's fault and not the averages'.
"""


def painted(photos: Tensor) -> Tensor:
    """In each of the two styles, (2, N, 3, side, side)."""
    paints = [RandomStyle(style, p=1.0, alpha=(1.0, 1.0)) for style in STYLES]
    return torch.stack([torch.cat([paint(x) for x in photos.split(32)]) for paint in paints])


def jobs(plan: Plan) -> Iterator[tuple]:
    for seed in range(plan.seeds):
        for norm in COMPARED:
            for size in SIZES:
                yield norm, size, seed


def of(found: Found, name: str, size: int, score: str) -> list[float]:
    norm, _, anew = name.partition(", ")
    results = [result for job, result in found.items() if job[:2] == (norm, size)]
    return [100 * (result["anew"] if anew else result)[score] for result in results]


def figure(found: Found) -> bytes:
    picture, (axes,) = axes_of(1, 2)
    for axis, score, title in zip(
        axes, ("iou", "one"), ("both styles: mean IoU, %", "one style: right, %")
    ):
        for name, color in COLORS.items():
            middle, wide = zip(*(spread(of(found, name, size, score)) for size in SIZES))
            axis.errorbar(SIZES, middle, yerr=wide, color=color, label=name, marker="o", markersize=4)
        axis.set(title=title, xlabel="batch", xscale="log", ylim=(20, 102))
        axis.set_xticks(SIZES, labels=SIZES)
        axis.minorticks_off()
    axes[0].legend(frameon=False, fontsize=8)
    return svg(picture)


def report(found: Found, plan: Plan) -> None:
    tables = {
        score: table(("", *map(str, SIZES)), (
            [name, *(plus_minus(of(found, name, size, score), 1) for size in SIZES)] for name in COLORS
        ))
        for score in ("iou", "one")
    }  # fmt: skip
    a, b = STYLES
    text = TEXT.format(plan=plan, a=a, b=b, two=2 * plan.width, four=4 * plan.width, **tables)
    write_atomically(PAGE.with_name("segmentation.svg"), lambda file: file.write_bytes(figure(found)))
    write_part(PAGE, "segmentation", text)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", nargs="+", type=Path, required=True, help="Folders or tar shards.")
    parser.add_argument("--seeds", type=int, default=Plan.seeds)
    parser.add_argument("--quick", action="store_true", help="Tiny, only to see that it works: no page.")
    options = parser.parse_args()
    plan = QUICK if options.quick else Plan(seeds=options.seeds)
    try:
        entries = find_pictures(options.photos)[: plan.photos + plan.tested]
        if len(entries) < plan.photos + plan.tested:
            raise InputError(f"{options.photos[0]}: {plan.photos + plan.tested} photos are wanted")
        photos = squares(entries, plan.side)
    except InputError as error:
        sys.exit(f"error: {error}")
    both = painted(photos)
    paintings = Paintings(both[:, : plan.photos], both[:, plan.photos :])
    about = {key: value for key, value in asdict(plan).items() if key != "seeds"}
    found = kept_runs(
        SCRATCH if options.quick else DONE,
        {"plan": about, "pictures": digest(photos)},
        jobs(plan),
        lambda norm, size, seed: run(paintings, norm, size, seed, plan),
    )
    if options.quick:
        print(json.dumps(next(iter(found.values()))))
    else:
        report(found, plan)


if __name__ == "__main__":
    main()

"""Unpaired translation of photos into Impressionist paintings: generators of several normalizations.

python -m benchmarks.translation --photos SHARDS --paintings SHARDS

The paintings are those that SOURCES.tsv beside the shards calls Impressionist: no one painter has
enough. Writes its part of docs/normalization.md. Every run that is done is kept in
benchmarks/results/translation.jsonl: stopped, the same command goes on.
"""

import argparse
import base64
import io
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from styletransfer import Stylizer
from styletransfer.errors import InputError
from styletransfer.media.files import write_atomically
from styletransfer.media.image import decode, read_picture
from styletransfer.models.vgg import VGGEncoder
from styletransfer.models.weights import load_encoder
from styletransfer.training.entries import Entry, find_pictures
from styletransfer.transforms import RandomStyle

from ..kept import SCRATCH, kept_runs
from ..page import axes_of, plus_minus, svg, table, write_part
from ..squares import digest, floats, labelled, square, squares
from .runs import COMPARED, Pictures, Plan, features, frechet, measure, run

DONE = Path("benchmarks/results/translation.jsonl")
PAGE = Path("docs/normalization.md")
EXAMPLES = Path(__file__).parents[2] / "examples" / "content"
SHOWN = ("bridge", "cat", "citrus", "mountains")
# The shelf of Impressionism of one collection, and the named painters of another.
IMPRESSIONISTS = re.compile(r"WikiArt/3/|Monet|Pissarro|Sisley|Renoir")
STYLES = 40  # of the training paintings, for adain-fast
QUICK = Plan(batch=2, steps=2, seeds=1, width=4, tested=20, content=2)
Found = Mapping[tuple, dict]
TEXT = """
Seeds: {plan.seeds}; mean ± standard deviation. {photos:,} photos and {paintings:,} Impressionist
paintings to train on at {plan.side} px, {tested} of each held out; {plan.steps} steps of {plan.batch},
Adam at {plan.rate:g}, bfloat16; least squares and PatchNCE × {plan.patches:g}, as FastCUT, the patch
discriminator spectrally normalised. No painter has more than 52 pictures in the set, so it is a school
and not one painter.

Fréchet distance of the features' means at relu3_1 of the original VGG-19 in thousands (256 numbers a
picture; not Inception's, and not comparable with published FIDs), held-out photos translated against
held-out paintings:

{scores}
"Paintings, others" is the noise floor: as many paintings of the training half against the held-out ones.

![Fréchet distance and content](translation.svg)

What they paint, of the first seed, from {shown} of the example photos:

![Photos and what each generator makes of them](translation.jpg)
"""


def impressionist(origin: str) -> str | None:
    return "painting" if IMPRESSIONISTS.search(origin) else None


def gather(options: argparse.Namespace, plan: Plan) -> tuple[Pictures, list[Entry]]:
    """The pictures, and where the training paintings are."""
    paintings = [entry for entry, _ in labelled(options.paintings, impressionist)]
    photos = find_pictures(options.photos)
    if min(len(paintings), len(photos)) < 2 * plan.tested:
        raise InputError(f"{2 * plan.tested} photos and as many Impressionist paintings are wanted")
    chosen = torch.randperm(len(paintings), generator=torch.Generator().manual_seed(0)).tolist()
    paintings = [paintings[i] for i in chosen]
    x, y = (squares(entries, plan.side) for entries in (photos, paintings))
    examples = [read_picture(EXAMPLES / f"{name}.jpg").rgb for name in SHOWN]
    shown = torch.stack([square(picture, plan.side) for picture in examples])
    cut = plan.tested
    return Pictures(x[cut:], y[cut:], x[:cut], y[:cut], shown), paintings[cut:]


def references(
    vgg: VGGEncoder, pictures: Pictures, entries: list[Entry], wanted: Tensor, plan: Plan
) -> dict[str, dict]:
    """What the distances are to be held against: the noise floor (paintings against paintings), the
    photos as they are, and adain-fast, which has been trained for long and is shown a painting."""
    other = floats(pictures.paintings[: plan.tested])
    photos = floats(pictures.test_photos)
    stylizer = Stylizer("adain-fast", device="cpu")
    codes = [stylizer.style(decode(entry.read()).rgb) for entry in entries[:STYLES]]
    torch.manual_seed(0)
    paint = RandomStyle(codes, p=1.0, alpha=(1.0, 1.0))
    stylised = torch.cat([paint(part) for part in pictures.test_photos.split(32)])
    return {
        "paintings, others": {"frechet": frechet(features(vgg, other.split(32)), wanted)},
        "the photos": measure(vgg, photos, pictures, wanted, plan),
        "adain-fast": measure(vgg, floats(stylised), pictures, wanted, plan),
    }


def sheet(found: Found, shown: Tensor) -> bytes:
    """The photos, and below them what each generator of the first seed makes of them; a JPEG."""
    top = torch.cat(list(shown), dim=2).permute(1, 2, 0).numpy()
    strips = {"photo": Image.fromarray(top)}
    for norm in COMPARED:
        (text,) = (r["shown"] for job, r in found.items() if job == ("run", norm, 0))
        strips[norm] = Image.open(io.BytesIO(base64.b64decode(text)))
    width, height, margin = 2 * strips["photo"].width, 2 * strips["photo"].height, 70
    out = Image.new("RGB", (margin + width, len(strips) * height), "white")
    for row, (name, strip) in enumerate(strips.items()):
        ImageDraw.Draw(out).text((6, (row + 0.5) * height - 6), name, fill="black", font_size=13)
        out.paste(
            strip.convert("RGB").resize((width, height), Image.Resampling.NEAREST),
            (margin, row * height),
        )
    buffer = io.BytesIO()
    out.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def of(found: Found, norm: str, score: str) -> list[float]:
    return [result[score] for job, result in found.items() if job[:2] == ("run", norm)]


def figure(found: Found, fixed: dict[str, dict]) -> bytes:
    """Distance by content: down and to the right is better."""
    picture, ((axis,),) = axes_of(1, 1, width=5)
    for norm, color in zip(COMPARED, ("#1f78b4", "#d95f02", "#7570b3", "#888888")):
        axis.plot(of(found, norm, "content"), of(found, norm, "frechet"), "o", color=color, label=norm)
    for name, mark in (("the photos", "k^"), ("adain-fast", "ks")):
        axis.plot(fixed[name]["content"], fixed[name]["frechet"], mark, label=name)
    axis.axhline(fixed["paintings, others"]["frechet"], color="#888888", linewidth=1, linestyle=":")
    axis.yaxis.set_major_formatter(lambda value, _: f"{value / 1000:g}")
    axis.set(
        xlabel="content kept", ylabel="Fréchet distance, thousands",
        title="dotted: paintings against paintings",
    )  # fmt: skip
    axis.legend(frameon=False, fontsize=8)
    return svg(picture)


def thousands(values: list[float]) -> str:
    return plus_minus([value / 1000 for value in values], 0)


def report(found: Found, fixed: dict[str, dict], pictures: Pictures, plan: Plan) -> None:
    rows = [
        [norm, thousands(of(found, norm, "frechet")), plus_minus(of(found, norm, "content"))]
        for norm in COMPARED
    ]
    for name, each in fixed.items():
        kept = f"{each['content']:.3f}" if "content" in each else ""
        rows.append([name, f"{each['frechet'] / 1000:.0f}", kept])
    text = TEXT.format(
        plan=plan, photos=len(pictures.photos), paintings=len(pictures.paintings), tested=plan.tested,
        scores=table(("", "Fréchet distance", "content"), rows), shown=", ".join(SHOWN),
    )  # fmt: skip
    for name, data in {"svg": figure(found, fixed), "jpg": sheet(found, pictures.shown)}.items():
        target = PAGE.with_name(f"translation.{name}")
        write_atomically(target, lambda file, data=data: file.write_bytes(data))
    write_part(PAGE, "translation", text)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", nargs="+", type=Path, required=True, help="Folders or tar shards.")
    parser.add_argument("--paintings", nargs="+", type=Path, required=True, help="Tar shards.")
    parser.add_argument("--seeds", type=int, default=Plan.seeds)
    parser.add_argument("--quick", action="store_true", help="Tiny, only to see that it works: no page.")
    options = parser.parse_args()
    plan = QUICK if options.quick else Plan(seeds=options.seeds)
    try:
        pictures, entries = gather(options, plan)
    except InputError as error:
        sys.exit(f"error: {error}")
    vgg = load_encoder(normalized=False)
    wanted = features(vgg, floats(pictures.test_paintings).split(32))
    about = {key: value for key, value in asdict(plan).items() if key != "seeds"}
    of_what = {"plan": about, "pictures": digest(pictures.photos, pictures.paintings)}
    jobs = [("run", norm, seed) for seed in range(plan.seeds) for norm in COMPARED] + [("fixed",)]

    def one(kind: str, *job) -> dict:
        if kind == "fixed":
            return references(vgg, pictures, entries, wanted, plan)
        return run(vgg, pictures, wanted, *job, plan)

    found = kept_runs(SCRATCH if options.quick else DONE, of_what, jobs, one)
    if options.quick:
        print(json.dumps(found["fixed",]))
    else:
        report(found, found["fixed",], pictures, plan)


if __name__ == "__main__":
    main()

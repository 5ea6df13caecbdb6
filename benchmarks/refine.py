"""What refining gains over the network's own picture, and what it costs.

    python -m benchmarks.refine quality PAIRS.tsv WORK [--steps 25] [--every N]
    python -m benchmarks.refine seconds WORK [--steps 25] [--size 512]
    python -m benchmarks.refine plate WORK
    python -m benchmarks.refine report WORK

quality: the scores of `stylize evaluate` on every N-th pair. Its pictures lie in WORK; those that are
there are not painted again, so that it goes on where it was stopped. seconds: of one example, and the
peak of memory, in a process of its own: on an idle machine. plate: example pairs, beside
a run from noise (Gatys et al. 2016) of as many CPU seconds. report: writes refine.md and the plot
refine.svg of all that is in WORK, and copies refine.jpg.
"""

import argparse
import json
import resource
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image

from styletransfer import Stylizer
from styletransfer.evaluation.report import Pair, evaluate, means, read_pairs
from styletransfer.gallery.layout import draw_sheet
from styletransfer.media.image import read_picture, resize_short_side, write_picture
from styletransfer.media.tensors import as_uint8, style_tensor, to_array
from styletransfer.models.vgg import STYLE_TAPS
from styletransfer.options import REFINE
from styletransfer.styles.quantiles import vgg_encoder, vgg_features
from styletransfer.training.losses.style_loss import gram

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
SHOWN = ("strokes@512", "strokes@256", "strokes@128", "patch@512", "style", "gram", "content", "ssim")
PLATE = "astronaut lion, bridge starry_night, mountains village_street_auvers"
COLUMNS = ("network", "refined", "gatys")
SIZE = 512


def quality(listed: Path, work: Path, steps: int, every: int) -> None:
    """Scores of the pairs with so many steps, to WORK."""
    pairs, stylizer = read_pairs(listed)[::every], Stylizer(device="cpu")

    def picture(pair: Pair) -> Image.Image:
        path = work / str(steps) / f"{pair.id}.png"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            painted = stylizer.stylize(pair.content, pair.style, size=SIZE, refine=steps)
            write_picture(str(path), cast(Image.Image, painted))
            print(path, flush=True)
        return read_picture(path).rgb

    for pair in pairs:
        picture(pair)
    rows = list(evaluate(pairs, picture))
    name = f"quality-{steps}-{len(pairs)}"
    (work / f"{name}.json").write_text(json.dumps(means(rows)))
    print(name, {score: round(value, 3) for score, value in means(rows).items()})


def seconds(work: Path, steps: int, size: int) -> None:
    """How long one example takes on all cores, and the peak of this process, to WORK."""
    content, style = (EXAMPLES / name for name in ("content/bridge.jpg", "style/starry_night.jpg"))
    stylizer = Stylizer(device="cpu")
    start = time.perf_counter()
    painted = cast(Image.Image, stylizer.stylize(content, style, size=size, refine=steps))
    found = {
        "size": f"{painted.width}×{painted.height}",
        "steps": steps,
        "seconds": time.perf_counter() - start,
        "GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }
    with (work / "seconds.jsonl").open("a") as lines:
        lines.write(json.dumps(found) + "\n")
    print(found)


def gatys(pair: Pair, budget: float) -> tuple[Image.Image, int]:
    """As many steps of Adam from noise as CPU seconds allow, and how many they were.

    L = 5e-3 · mean (F(o) − F(c))² at relu4_1 + Σ over taps of |G(o) − G(s)|² / |G(s)|²
    (Gatys et al. 2016, eq. 7, each tap relative to the style's own).
    """
    vgg = vgg_encoder(torch.device("cpu"))
    photo = as_uint8(resize_short_side(read_picture(pair.content).rgb, SIZE)).float() / 255
    wanted = {tap: gram(x) for tap, x in vgg_features(vgg, style_tensor(pair.style, SIZE, 1.0)).items()}
    kept = vgg_features(vgg, photo, ("relu4_1",))["relu4_1"]
    picture = torch.rand(photo.shape, generator=torch.manual_seed(0)).requires_grad_(True)
    adam = torch.optim.Adam([picture], lr=0.05)
    start, steps = time.process_time(), 0
    while time.process_time() - start < budget:
        found = vgg_features(vgg, picture, STYLE_TAPS)
        loss = 5e-3 * (found["relu4_1"] - kept).square().mean()
        for tap, target in wanted.items():
            loss = loss + (gram(found[tap]) - target).square().sum() / target.square().sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
        picture.data.clamp_(0, 1)
        steps += 1
    image = Image.fromarray(to_array(picture.detach().mul(255).round().to(torch.uint8)))
    return image, steps


def paint_three_ways(stylizer: Stylizer, pair: Pair, folder: Path) -> None:
    """The network's picture, refined, and Gatys' of as many CPU seconds, to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = stylizer.stylize(pair.content, pair.style, size=SIZE)
    start = time.process_time()
    refined = stylizer.stylize(pair.content, pair.style, size=SIZE, refine=REFINE)
    spent = time.process_time() - start
    noise, steps = gatys(pair, spent)
    for name, picture in zip(COLUMNS, (plain, refined, noise)):
        write_picture(str(folder / f"{name}.png"), cast(Image.Image, picture))
    told = {"pair": pair.id, "seconds": spent, "steps": steps}
    (folder / "told.json").write_text(json.dumps(told))
    print(told, flush=True)


def plate(work: Path) -> None:
    """Photo, style, the network's, refined and Gatys', and what the last three score, to WORK."""
    pairs = [
        Pair(name, EXAMPLES / f"content/{photo}.jpg", EXAMPLES / f"style/{style}.jpg")
        for name in PLATE.split(", ")
        for photo, style in [name.split()]
    ]
    stylizer = Stylizer(device="cpu")
    folders = {pair.id: work / "plate" / pair.id.replace(" ", "-") for pair in pairs}
    for pair in pairs:
        if not (folders[pair.id] / "told.json").exists():
            paint_three_ways(stylizer, pair, folders[pair.id])

    def picture(pair: Pair, column: str) -> Image.Image:
        return read_picture(folders[pair.id] / f"{column}.png").rgb

    rows = {name: means(list(evaluate(pairs, partial(picture, column=name)))) for name in COLUMNS}
    cells = [
        [read_picture(path).rgb for path in pair[1:]] + [picture(pair, name) for name in COLUMNS]
        for pair in pairs
    ]
    titles = ["photo", "style", "network", f"refined, {REFINE} steps", "Gatys, the same seconds"]
    draw_sheet(cells, (400, 300), titles).save(work / "refine.jpg", quality=85)
    told = [json.loads((folder / "told.json").read_text()) for folder in folders.values()]
    (work / "plate.json").write_text(json.dumps({"pairs": told, "rows": rows}))


def report(work: Path) -> None:
    """refine.md, refine.svg and refine.jpg of what is in WORK; what is not there yet is left out."""
    text = "# Refine\n\n`adain-fast` on a CPU; how to measure it again: `benchmarks/refine.py`.\n"
    tables = sorted(_qualities(work), key=lambda table: -table[0])
    for pairs, rows in tables:
        text += f"\n## {pairs} of the open pairs at {SIZE} px\n\n{_scores(rows)}\n"
    if (work / "seconds.jsonl").exists():
        lines = [json.loads(line) for line in (work / "seconds.jsonl").read_text().splitlines()]
        cells = [[x["size"], str(x["steps"]), f"{x['seconds']:.1f}", f"{x['GiB']:.1f}"] for x in lines]
        text += (
            "\n## Seconds\n\nOne example on both cores of an idle machine; the peak of its process:\n\n"
        )
        text += _table(["size", "steps", "seconds", "peak GiB"], cells) + "\n"
        at = {x["steps"]: x["seconds"] for x in lines if f"×{SIZE}" in x["size"]}
        if _plot(tables[-1][1], at):
            text += "\n![Quality against seconds](refine.svg)\n"
    if (work / "plate.json").exists():
        shown = json.loads((work / "plate.json").read_text())
        spent = [f"{x['pair']}: {x['seconds']:.0f}, {x['steps']} of its steps" for x in shown["pairs"]]
        text += f"\n## Beside Gatys\n\nCPU seconds that each had: {'; '.join(spent)}.\n\n"
        text += f"{_scores(shown['rows'])}\n\n![Photo, style, network, refined, Gatys](refine.jpg)\n"
        shutil.copy(work / "refine.jpg", HERE / "refine.jpg")
    (HERE / "refine.md").write_text(text)


def _qualities(work: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The number of pairs, and mean scores by the number of steps."""
    found: dict[int, dict[int, Any]] = {}
    for path in work.glob("quality-*.json"):
        steps, pairs = map(int, path.stem.split("-")[1:])
        found.setdefault(pairs, {})[steps] = json.loads(path.read_text())
    for pairs, rows in found.items():
        yield pairs, {f"{steps} steps": rows[steps] for steps in sorted(rows)}


def _scores(rows: dict[str, dict[str, float]]) -> str:
    lines = [[name, *(f"{row[score]:.3f}" for score in SHOWN)] for name, row in rows.items()]
    return _table(["", *SHOWN], lines)


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *rows])


def _plot(rows: dict[str, dict[str, float]], seconds_at: dict[int, float]) -> bool:
    """The fewest pairs' mean scores against the example's seconds, where there are several of both."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    steps = [number for name in rows if (number := int(name.split()[0])) in seconds_at]
    if len(steps) < 2:
        return False
    at = [seconds_at[number] for number in steps]
    figure, axes = pyplot.subplots(figsize=(6, 3.6))
    for name in ("strokes@512", "strokes@256", "strokes@128", "content"):
        scores = [rows[f"{number} steps"][name] for number in steps]
        axes.plot(at, scores, marker="o", label=name)
    for number, x in zip(steps, at):
        axes.axvline(x, color="0.9", zorder=0)
        axes.annotate(str(number), (x, 1.01), xycoords=axes.get_xaxis_transform(), ha="center")
    axes.set(xlabel="seconds (above: steps)", ylabel="score")
    axes.legend()
    figure.tight_layout()
    figure.savefig(HERE / "refine.svg", metadata={"Date": None})
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("quality", "seconds", "plate", "report"):
        taken = verbs.add_parser(verb)
        if verb == "quality":
            taken.add_argument("pairs", type=Path)
            taken.add_argument("--every", type=int, default=1)
        taken.add_argument("work", type=Path, help="a folder for what is found")
        if verb in ("quality", "seconds"):
            taken.add_argument("--steps", type=int, default=REFINE)
        if verb == "seconds":
            taken.add_argument("--size", type=int, default=SIZE)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    if given.verb == "quality":
        quality(given.pairs, given.work, given.steps, given.every)
    elif given.verb == "seconds":
        seconds(given.work, given.steps, given.size)
    elif given.verb == "plate":
        plate(given.work)
    else:
        report(given.work)


if __name__ == "__main__":
    main()

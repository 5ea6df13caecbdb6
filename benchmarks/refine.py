"""What refining gains over the network's own picture, and what it costs.

python -m benchmarks.refine PAIRS.tsv [--every N] [--steps 0,25,50,100,200] [--size 512] [--gatys]

Scores are those of `stylize evaluate`, on every N-th pair; seconds and memory are this machine's, a
process for each number of steps. Writes benchmarks/refine.md and the plot refine.svg; with --gatys also
refine.jpg, where a run from noise (Gatys et al. 2016, by Adam) has as many seconds for the same pair.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import torch
from PIL import Image

from styletransfer import Stylizer
from styletransfer.evaluation.report import Pair, evaluate, means, read_pairs
from styletransfer.gallery.layout import draw_sheet
from styletransfer.media.image import read_picture, resize_short_side
from styletransfer.media.tensors import as_uint8, style_tensor, to_array
from styletransfer.models.vgg import STYLE_TAPS
from styletransfer.styles.quantiles import vgg_encoder, vgg_features
from styletransfer.training.losses.style_loss import gram

HERE = Path(__file__).parent
SHOWN = ("strokes@512", "strokes@256", "strokes@128", "style", "gram", "content", "ssim")


def measured(pairs: list[Pair], steps: int, size: int) -> dict[str, float]:
    """Mean scores, the median of seconds, and the peak of this process before anything is measured."""
    stylizer, seconds, painted = Stylizer(device="cpu"), [], {}
    for pair in pairs:
        start = time.perf_counter()
        painted[pair.id] = stylizer.stylize(pair.content, pair.style, size=size, refine=steps)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    scores = means(list(evaluate(pairs, lambda pair: painted[pair.id])))
    return {**scores, "seconds": sorted(seconds)[len(seconds) // 2], "GiB": peak}


def gatys(pair: Pair, size: int, seconds: float) -> Image.Image:
    """As many steps from noise as there is time for: L = 5e-3 content (relu4_1) + Σ relative Gram."""
    vgg = vgg_encoder(torch.device("cpu"))
    photo = as_uint8(resize_short_side(read_picture(pair.content).rgb, size)).float() / 255
    wanted = {tap: gram(x) for tap, x in vgg_features(vgg, style_tensor(pair.style, 512)).items()}
    kept = vgg_features(vgg, photo, ("relu4_1",))["relu4_1"]
    picture = torch.rand(photo.shape, generator=torch.manual_seed(0)).requires_grad_(True)
    adam = torch.optim.Adam([picture], lr=0.05)
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        found = vgg_features(vgg, picture, STYLE_TAPS)
        loss = 5e-3 * (found["relu4_1"] - kept).square().mean()
        for tap, target in wanted.items():
            loss = loss + (gram(found[tap]) - target).square().sum() / target.square().sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
        picture.data.clamp_(0, 1)
    return Image.fromarray(to_array(picture.detach().mul(255).round().to(torch.uint8)))


def plate(pairs: list[Pair], size: int, steps: int) -> str:
    """Photo, style, the network's, refined, and Gatys; and what the scores say of the last three."""
    stylizer, rows, found = Stylizer(device="cpu"), [], {}
    for pair in pairs:
        plain = stylizer.stylize(pair.content, pair.style, size=size)
        start = time.perf_counter()
        better = stylizer.stylize(pair.content, pair.style, size=size, refine=steps)
        seconds = time.perf_counter() - start
        rows.append([plain, better, gatys(pair, size, seconds)])
        print(pair.id, f"{seconds:.0f} s", flush=True)
    names = ("network", f"refined, {steps} steps", "Gatys from noise, the same seconds")
    for column, name in enumerate(names):
        pictures = {pair.id: row[column] for pair, row in zip(pairs, rows)}
        found[name] = means(list(evaluate(pairs, lambda pair, of=pictures: of[pair.id])))
    cells = [
        [read_picture(pair.content).rgb, read_picture(pair.style).rgb, *row]
        for pair, row in zip(pairs, rows)
    ]
    sheet = draw_sheet(cells, (360, 270), ["photo", "style", *names])
    sheet.convert("RGB").save(HERE / "refine.jpg", quality=82)
    return table(
        ["", *SHOWN], [[name, *(f"{row[s]:.3f}" for s in SHOWN)] for name, row in found.items()]
    )


def plot(rows: dict[int, dict[str, float]]) -> None:
    """Quality against seconds."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.6))
    seconds = [row["seconds"] for row in rows.values()]
    for name in (*SHOWN[:3], "content"):
        axes.plot(seconds, [row[name] for row in rows.values()], marker="o", label=name)
    for steps, x in zip(rows, seconds):
        axes.annotate(str(steps), (x, axes.get_ylim()[0]), fontsize=8, ha="center")
    axes.set(xlabel="seconds (number: steps)", ylabel="score")
    axes.legend()
    figure.tight_layout()
    figure.savefig(HERE / "refine.svg")


def table(head: list[str], rows: list[list[str]]) -> str:
    """In Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--every", type=int, default=6)
    parser.add_argument("--steps", default="0,25,50,100,200")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--gatys", action="store_true")
    parser.add_argument("--one", action="store_true", help="one number of steps, as JSON: a process")
    given = parser.parse_args()
    pairs = read_pairs(given.pairs)[:: given.every]
    if given.one:
        print(json.dumps(measured(pairs, int(given.steps), given.size)))
        return
    rows: dict[int, dict[str, float]] = {}
    for steps in map(int, given.steps.split(",")):
        command = [sys.executable, "-m", "benchmarks.refine", str(given.pairs), "--one"]
        command += ["--every", str(given.every), "--steps", str(steps), "--size", str(given.size)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        rows[steps] = json.loads(done.stdout.splitlines()[-1])
        print(steps, {key: round(value, 3) for key, value in rows[steps].items()}, flush=True)
    lines = [
        [
            str(steps),
            *(f"{row[name]:.3f}" for name in SHOWN),
            f"{row['seconds']:.0f}",
            f"{row['GiB']:.1f}",
        ]
        for steps, row in rows.items()
    ]
    plot(rows)
    asked = f"--every {given.every} --steps {given.steps} --size {given.size}" + " --gatys" * given.gatys
    text = (
        f"# Refine\n\n{len(pairs)} of the open pairs, {given.size} px, `adain-fast`, CPU: "
        f"`python -m benchmarks.refine PAIRS.tsv {asked}`.\n\n"
        f"{table(['steps', *SHOWN, 'seconds (median)', 'peak GiB'], lines)}\n\n![Quality](refine.svg)\n"
    )
    if given.gatys:
        few = pairs[:: max(1, len(pairs) // 4)][:4]
        text += f"\n{plate(few, given.size, 25)}\n\nOf these pairs:\n\n![Plate](refine.jpg)\n"
    (HERE / "refine.md").write_text(text)


if __name__ == "__main__":
    main()

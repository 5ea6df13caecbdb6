"""What each part of the recipe is worth: short runs that differ in one thing, evaluated alike.

python -m benchmarks.ablation new|continued --content SRC --style SRC --pairs PAIRS.tsv --runs DIR

Writes its table into benchmarks/ablation.md beside the other. Runs that DIR holds already are not
run again.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch

from styletransfer.evaluation import report
from styletransfer.models.shipped import file_digest, model_path
from styletransfer.stylize.stylizer import Stylizer
from styletransfer.training.distributed import ProcessGroup
from styletransfer.training.progress import train_with_progress
from styletransfer.training.session import new_session, write_sources

BASE = {  # what every row starts from; the default recipe has moved on since
    "taps": ["relu3_1", "relu4_1"], "upsampling": "bilinear", "fit": True, "reconstruct_every": 16,
    "content_loss": "normalized", "content_weight": 1.0, "balance": True, "style_weight": 5.0,
    "gram_weight": 2.0, "color_weight": 0.0, "zoom": [1.0, 2.0], "learning_rate": 3e-4, "ema": 0.998,
}  # fmt: skip
TABLES = {
    "new": {  # a new decoder, fitted by least squares unless it says otherwise
        "base": {},
        "nearest upsampling": {"upsampling": "nearest"},
        "AdaIN at relu4_1 alone": {"taps": ["relu4_1"], "convolutions": [1, 4, 2, 2]},
        "AdaIN at relu2_1, relu3_1 and relu4_1": {"taps": ["relu2_1", "relu3_1", "relu4_1"]},
        "style not balanced, as published": {"balance": False, "style_weight": 10.0, "gram_weight": 0.0},
        "content against AdaIN's target": {"content_loss": "target"},
        "random start, half of it reconstruction": {"fit": False, "reconstruct": 60},
        "no identity steps": {"reconstruct_every": 0},
        "colour loss": {"color_weight": 1.0},
        "no moving average": {"ema": 0.0},
    },
    "continued": {  # the weights of --init, where the differences that count are smaller
        "base": {},
        "content weight 0.5": {"content_weight": 0.5},
        "zoom 2 to 3": {"zoom": [2.0, 3.0]},
        "crops of 192, batch of 2": {"crop": 192, "batch_size": 2},
    },
}
FILE = Path("benchmarks/ablation.md")
HEAD = """# What each part of the recipe is worth

`python -m benchmarks.ablation`: each row is a run of its own that differs from the first in one
thing. The rate falls to zero within each run, so that all end settled; measured as `stylize evaluate`
does, on the first of the development pairs. One seed: differences below about 0.01 are noise.

base: AdaIN at relu3_1 and relu4_1, bilinear upsampling, fitted start, normalised content (weight 1),
balanced style (5) and Gram (2), one step in 16 a reconstruction, which AdaIN makes the identity loss
as well, moving average 0.998. What was taken from this into the default: AdaIN's target for the
content, larger crops. A third tap at relu2_1 keeps far more of the photo at the same style after so
few steps; with all four taps an earlier run of 600 steps (content 2, style 4) did not pass a style of
0.55, so where a third leads with a GPU's steps is open.
"""


def measure(name: str, changes: dict, init: str | None, options: argparse.Namespace) -> dict:
    """Train one variant, unless its folder holds the result already; its mean scores."""
    run = options.runs / f"{options.table}-{name.replace(' ', '_').replace(',', '')}"
    done = run / "scores.json"
    if done.is_file():
        return json.loads(done.read_text())
    shutil.rmtree(run, ignore_errors=True)
    changes = {
        "steps": options.steps, "checkpoint_every": options.steps, "crop": options.crop,
        "batch_size": options.batch_size, "warmup": 20, **BASE, **changes,
    }  # fmt: skip
    session = new_session("default", changes, options.content, options.style, run, init)
    write_sources(session, options.content, options.style)
    train_with_progress(session, ProcessGroup(torch.device(options.device)))
    stylizer = Stylizer(run / f"checkpoint-{options.steps:06d}.safetensors", options.device)
    pairs = report.read_pairs(options.pairs)[: options.first]
    rows = list(
        report.evaluate(pairs, lambda pair: stylizer.stylize(pair.content, pair.style, size=512))
    )
    scores = report.means(rows)
    done.write_text(json.dumps(scores))
    print(name, {key: round(value, 3) for key, value in scores.items()}, flush=True)
    return scores


def table(title: str, rows: dict[str, dict]) -> str:
    lines = [f"## {title}", "", "| | style | gram | content | ssim |", "|---|---|---|---|---|"]
    for name, scores in rows.items():
        lines.append(f"| {name} | " + " | ".join(f"{scores[k]:.3f}" for k in report.SCORES) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--content", nargs="+", required=True)
    parser.add_argument("--style", nargs="+", required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--first", type=int, default=15, help="Pairs to measure on.")
    parser.add_argument("--init", default="adain-vgg")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    init = options.init if options.table == "continued" else None
    rows = {name: measure(name, c, init, options) for name, c in TABLES[options.table].items()}
    start = (
        "from a new decoder" if init is None else f"from weights {file_digest(model_path(init))[:12]}…"
    )
    size = f"{options.steps} steps of {options.batch_size} pairs at {options.crop} px"
    title = f"{options.table.capitalize()}: {size} {start}, measured on {options.first} pairs"
    found = FILE.read_text().removeprefix(HEAD).split("\n## ")[1:] if FILE.exists() else []
    kept = [f"## {part.strip()}\n" for part in found if not part.startswith(options.table.capitalize())]
    FILE.write_text("\n".join([HEAD, *sorted([*kept, table(title, rows)])]))


if __name__ == "__main__":
    main()

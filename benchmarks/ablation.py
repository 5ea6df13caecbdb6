"""What each part of the recipe is worth: short runs that differ in one thing, evaluated alike.

python -m benchmarks.ablation --content SRC --style SRC --pairs PAIRS.tsv --runs DIR

Runs that are in DIR already are not run again. Writes benchmarks/ablation.md.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch

from styletransfer.engine.stylizer import Stylizer
from styletransfer.evaluation import report
from styletransfer.io.weights import file_digest, model_path
from styletransfer.training.distributed import Group
from styletransfer.training.session import new_session, write_sources

NEW = {  # from the fitted start, or where it says so from random weights
    "default": {},
    "nearest upsampling": {"upsampling": "nearest"},
    "AdaIN at relu4_1 alone": {"taps": ["relu4_1"], "convolutions": [1, 4, 2, 2]},
    "AdaIN at relu2_1, relu3_1, relu4_1": {"taps": ["relu2_1", "relu3_1", "relu4_1"]},
    "style distances not balanced": {"balance": False, "style_weight": 10.0, "gram_weight": 1.0},
    "content: AdaIN's target": {"content_loss": "target", "content_weight": 0.5},
    "random start": {"fit": False},
    "random start, half of it reconstruction": {"fit": False, "reconstruct": 100},
    "no identity steps": {"reconstruct_every": 0},
    "no Gram loss": {"gram_weight": 0.0},
    "no moving average": {"ema": 0.0},
}
CONTINUED = {  # from the shipped weights, where the differences that count are smaller
    "default": {},
    "content weight 0.5": {"content_weight": 0.5},
    "colour loss": {"color_weight": 1.0},
    "crops of 192, batch of 2": {"crop": 192, "batch_size": 2},
    "crops of 256, batch of 1": {"crop": 256, "batch_size": 1},
    "half the rate": {"learning_rate": 1.5e-4},
    "twice the rate": {"learning_rate": 6e-4},
}


def measure(name: str, changes: dict, init: str | None, options: argparse.Namespace) -> dict:
    """Train one variant, unless its folder holds the result already; its mean scores."""
    run = options.runs / f"{'continued' if init else 'new'}-{name.replace(' ', '_').replace(',', '')}"
    done = run / "scores.json"
    if done.is_file():
        return json.loads(done.read_text())
    shutil.rmtree(run, ignore_errors=True)
    changes = {
        "steps": options.steps, "checkpoint_every": options.steps, "crop": options.crop,
        "batch_size": options.batch_size, "warmup": 20, **changes,
    }  # fmt: skip
    if init:
        changes = {"upsampling": "bilinear", **changes}
    session = new_session("default", changes, options.content, options.style, run, init)
    write_sources(session, options.content, options.style)
    session.train(Group(torch.device(options.device)))
    stylizer = Stylizer(run / f"checkpoint-{options.steps:06d}.safetensors", options.device)
    pairs = report.read_pairs(options.pairs)[: options.first]
    rows = list(
        report.evaluate(pairs, lambda pair: stylizer.stylize(pair.content, pair.style, size=512))
    )
    scores = report.means(rows)
    done.write_text(json.dumps(scores))
    print(name, {key: round(value, 3) for key, value in scores.items()}, flush=True)
    return scores


def table(rows: dict[str, dict]) -> str:
    lines = ["| | style | gram | content | ssim |", "|---|---|---|---|---|"]
    for name, scores in rows.items():
        lines.append(f"| {name} | " + " | ".join(f"{scores[k]:.3f}" for k in report.SCORES) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--content", nargs="+", required=True)
    parser.add_argument("--style", nargs="+", required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--first", type=int, default=15, help="Pairs to measure on.")
    parser.add_argument("--init", default="adain-vgg", help="What the second table continues.")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    continued = {name: measure(name, c, options.init, options) for name, c in CONTINUED.items()}
    new = {name: measure(name, c, None, options) for name, c in NEW.items()}
    digest = file_digest(model_path(options.init))[:12]
    Path("benchmarks/ablation.md").write_text(f"""# What each part of the recipe is worth

`python -m benchmarks.ablation`: each row trains {options.steps} steps of {options.batch_size} pairs
at {options.crop} px with one thing changed (cosine to zero, so that each run ends settled), and is
measured on the first {options.first} development pairs as `stylize evaluate` does. One seed:
differences below about 0.01 are noise.

From a new decoder, fitted by least squares unless it says otherwise:

{table(new)}

From the weights `{options.init}` (SHA-256 {digest}…), upsampling turned to bilinear:

{table(continued)}
""")


if __name__ == "__main__":
    main()

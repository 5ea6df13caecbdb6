"""No, batch, layer, group and instance normalization in the same networks.

python -m benchmarks.normalization [--quick] [--device cuda]

Writes benchmarks/normalization.md. Every run that is done is kept in out/normalization/runs.jsonl:
stopped, the same command goes on.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from styletransfer.device import pick_device
from styletransfer.errors import InputError
from styletransfer.evaluation.report import read_pairs
from styletransfer.media.image import read_picture
from styletransfer.models.weights import load_encoder
from styletransfer.training.data import Augmentation, Crops
from styletransfer.training.entries import Entry, find_pictures

from ..kept import kept_runs
from ..squares import digest, square
from .claims import Runs
from .report import write
from .runs import COMPARED, Bench, Pictures, Plan

EXAMPLES = Path(__file__).parents[2] / "examples"
SHOWN = {"content": ("bridge", "cat", "citrus"), "style": ("great_wave", "spring", "composition_viii")}
DONE = Path("out/normalization/runs.jsonl")
QUICK = Plan(crop=32, steps=30, pool=64, seeds=1, pairs=4, size=64, updates=4)
LARGE = Plan(crop=128, batch=8, steps=2000, width=32, pool=2048, pairs=32, size=256,
             updates=300, updates_crop=64, rate=1e-3)  # fmt: skip
TURNS = 3  # of the timing, beside the seeds


def jobs(plan: Plan) -> Iterator[tuple]:
    """Every run: the name of a Bench's method, and its arguments."""
    for turn in range(TURNS):
        yield "cost", turn
    for seed in range(plan.seeds):
        for kind in ("single", "decoder"):
            for norm in COMPARED:
                yield "main", kind, norm, seed
        for norm in COMPARED:
            # The others take each sample by itself: three sizes show that they do.
            sizes = plan.sizes if norm == "batch" else (plan.sizes[0], plan.sizes[3], plan.sizes[-1])
            if norm in ("batch", "instance") or seed == 0:
                for size in sizes:
                    yield "batch", norm, seed, size


def gather(options: argparse.Namespace, plan: Plan) -> tuple[Pictures, tuple[int, int]]:
    """The pictures, on the CPU, and of how many photos and paintings the training crops are."""
    content, style = find_pictures(options.content), find_pictures(options.style)
    if options.pairs:
        chosen = read_pairs(options.pairs)[: plan.pairs]
        held = [[p.content for p in chosen], [p.style for p in chosen]]
    else:  # one in four is kept from training
        held = [[entry.path for entry in entries[::4]] for entries in (content, style)]
        content, style = ([e for i, e in enumerate(all) if i % 4] for all in (content, style))
        count = min(plan.pairs, max(map(len, held)))
        held = [(paths * count)[:count] for paths in held]
    augmentation = Augmentation(plan.crop, (1.0, 2.0))

    def crops(entries: list[Entry]) -> Tensor:
        return Crops(entries, augmentation, seed=0).take(plan.pool).float() / 255

    def squares(paths: list[Path]) -> Tensor:
        return torch.stack([square(read_picture(path).rgb, plan.size) for path in paths]).float() / 255

    painting = square(read_picture(options.painting).rgb, plan.crop)[None].float() / 255
    shown = [[EXAMPLES / kind / f"{name}.jpg" for name in names] for kind, names in SHOWN.items()]
    found = Pictures(crops(content), crops(style), painting, *map(squares, held), *map(squares, shown))
    return found, (len(content), len(style))


def sorted_out(found: dict[tuple, dict], plan: Plan) -> Runs:
    main, batch, cost = defaultdict(list), defaultdict(list), []
    for job in jobs(plan):
        if job[0] == "main":
            main[job[1], job[2]].append(found[job])
        elif job[0] == "batch":
            batch[job[1], job[3]].append(found[job])
        else:
            cost.append(found[job])
    return Runs(dict(main), dict(batch), cost)


def described(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{threads} CPU thread{'s' * (threads > 1)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="Small, to see that it works: settles nothing."
    )
    parser.add_argument("--device", default="cpu", help="cuda runs larger networks for longer.")
    parser.add_argument(
        "--content", nargs="+", default=[EXAMPLES / "content"], help="Photos: folders, shards."
    )
    parser.add_argument("--style", nargs="+", default=[EXAMPLES / "style"], help="Paintings, likewise.")
    parser.add_argument("--pairs", type=Path, help="Pairs to measure on; else one picture in four is.")
    parser.add_argument("--painting", type=Path, default=EXAMPLES / "style/starry_night.jpg",
                        help="The one painting of single-style training.")  # fmt: skip
    parser.add_argument("--named", default="those of examples/",
                        help="What the report calls the training pictures.")  # fmt: skip
    parser.add_argument("--out", type=Path, help="Where the report goes, benchmarks/normalization.md.")
    options = parser.parse_args()
    try:
        device = pick_device(options.device)
        plan = QUICK if options.quick else LARGE if device.type == "cuda" else Plan()
        default = DONE.parent / "quick.md" if options.quick else Path("benchmarks/normalization.md")
        pictures, (photos, paintings) = gather(options, plan)
        plan = replace(plan, pairs=len(pictures.held_photos))
        of = {
            "plan": json.loads(json.dumps(asdict(plan))),
            "device": str(device),
            "pictures": digest(*(tensor.mul(255).round().byte() for tensor in vars(pictures).values())),
        }
        moved = Pictures(**{name: tensor.to(device) for name, tensor in vars(pictures).items()})
        vgg, judge = (load_encoder(normalized).to(device) for normalized in (True, False))
        bench = Bench(plan, moved, vgg, judge)
        found = kept_runs(DONE, of, jobs(plan), lambda kind, *rest: getattr(bench, kind)(*rest))
    except InputError as error:
        sys.exit(f"error: {error}")
    words = ["python -m benchmarks.normalization", *("--quick" for _ in range(options.quick))]
    words += [f"--device {device.type}"] if device.type != "cpu" else []
    words += ["--content PHOTOS --style PAINTINGS"] if options.content != [EXAMPLES / "content"] else []
    words += ["--pairs PAIRS.tsv"] if options.pairs else []
    about = f"Trained on {plan.pool} crops each of {photos:,} photos and {paintings:,} paintings"
    about += f" ({options.named})."
    out = options.out or default
    write(out, sorted_out(found, plan), plan, about, " ".join(words), described(device))
    print(out)


if __name__ == "__main__":
    main()

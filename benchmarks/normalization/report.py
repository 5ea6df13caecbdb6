"""benchmarks/normalization.md and its plots, from the results of the runs."""

from pathlib import Path
from statistics import mean

from styletransfer.media.files import write_atomically

from ..page import plus_minus, table
from .claims import CLAIMS, RULE, Runs, final, smoothed
from .plots import KINDS, batch_plot, content_plot, losses_plot, sheet
from .runs import COMPARED, Plan

TEXT = """# What normalization does

`{command}`

The same network with no, batch, layer, group (8 groups) and instance normalization, from the same
first weights, on the same pictures in the same order, for as many steps at the same rate (Adam,
{plan.rate:g}). Seeds: {plan.seeds}; mean ± standard deviation.

{about}

- **One painting**: a network that knows one painting (as Johnson et al. 2016, with {plan.width}
  channels at the picture's size), which is where Ulyanov et al. 2016 compare batch and instance
  normalization.
- **AdaIN's decoder**: AdaIN at relu3_1, and a decoder for any painting with a normalization after
  every convolution but the last, where Huang & Belongie 2017 compare none, batch and instance.

Both: {plan.steps} steps of {plan.batch} crops of {plan.crop} px, losses on relu1_1, relu2_1 and
relu3_1 of the original VGG-19. What is not training is measured on {plan.pairs} pairs that are not
trained on, with the network as it is used afterwards: batch normalization then has its running
averages. Scores are those of `stylize evaluate`, at {plan.size} px.

## The claims

{rule}

{claims}
## Losses

![Losses by step]({stem}-losses.svg)

{scores}
What they paint, of the first seed, from bridge, cat and citrus of `examples/content`: one painting on
the left, AdaIN's decoder with three others on the right.

![Pictures of both tasks with every normalization]({stem}-pictures.jpg)

## Batch size

{plan.updates} updates of {largest} crops of {plan.updates_crop} px for one painting, losses on relu1_1
and relu2_1. The crops go through the network so many at a time as the column says, and their gradients
are summed: every run has seen the same pictures in as many updates, and all that differs is over which
of them a normalization can take its statistics. What takes each sample by itself cannot notice, and is
measured at {few} to show that it does not. A batch of one is, while it trains, instance normalization.
Batch normalization's averages are taken anew at the end, so that those of large batches, which are
fewer, do not lag behind.

![Loss by batch size]({stem}-batch.svg)

Loss on photos not trained on, by batch size:

{batch}
## The photo's contrast, brightness and noise

By how many of 255 grey levels the picture changes when the photo is given another contrast (about
mid grey) or brightness, or noise; in brackets how much style it then has, 1 for the painting's own
statistics and 0 for the photo's.

![Change by contrast, brightness and noise]({stem}-content.svg)

{sensitivity}
## Cost

A step of {plan.batch} crops of {plan.crop} px for one painting, on {device}: the whole of it, and its
network alone, each forwards and backwards; and what the network keeps for going backwards.
Mean ± standard deviation of {turns} turns, the normalizations one after another in each.

{costs}
## What this cannot say

One rate for all, and short runs of small networks on small crops: a normalization that would win
later, or at a rate of its own, is not seen to win. That normalization in AdaIN's decoder is harmful
is said of networks trained a thousand times as long.
"""
CASES = (
    ("contrast", 0.25),
    ("contrast", 2.0),
    ("brightness", -0.3),
    ("brightness", 0.3),
    ("noise", 0.1),
)
SCORES = ("style", "gram", "content", "ssim")


def write(path: Path, runs: Runs, plan: Plan, about: str, command: str, device: str) -> None:
    """Write the report and, beside it, its plots."""
    stem = path.with_suffix("").name
    plots = {
        "losses.svg": losses_plot(runs),
        "batch.svg": batch_plot(runs),
        "content.svg": content_plot(runs),
        "pictures.jpg": sheet(runs),
    }
    for name, data in plots.items():
        target = path.parent / f"{stem}-{name}"
        write_atomically(target, lambda file, data=data: file.write_bytes(data))
    text = TEXT.format(
        command=command, about=about, plan=plan, stem=stem, device=device, rule=RULE,
        claims=_claims(runs), scores=_by_kind(_scores, runs), sensitivity=_by_kind(_sensitivity, runs),
        batch=_batch(runs), costs=_costs(runs), turns=len(runs.cost), largest=max(plan.sizes),
        few=", ".join(str(s) for s in sorted({s for n, s in runs.batch if n != "batch"})),
    )  # fmt: skip
    write_atomically(path, lambda file: file.write_text(text))


def _claims(runs: Runs) -> str:
    rows = []
    for claim in CLAIMS:
        numbers = claim.numbers(runs)
        shown = ", ".join("never" if n == float("inf") else f"{n:.3g}" for n in numbers)
        rows.append((claim.text, claim.measured, shown, claim.bound, f"**{claim.verdict(numbers)}**"))
    return table(("claim", "measured", "each seed", "bound", "verdict"), rows)


def _by_kind(make, runs: Runs) -> str:
    return "\n".join(
        f"{name[0].upper()}{name[1:]}:\n\n{make(kind, runs)}" for kind, name in KINDS.items()
    )


def _scores(kind: str, runs: Runs) -> str:
    rows = []
    for norm in COMPARED:
        found = runs.main[kind, norm]
        cells = [[smoothed(r["curve"])[-1] for r in found], [final(r) for r in found]]
        cells += [[r["scores"][name] for r in found] for name in SCORES]
        rows.append((norm, *map(plus_minus, cells)))
    return table(("", "training loss", "loss, not trained on", *SCORES), rows)


def _sensitivity(kind: str, runs: Runs) -> str:
    head = [
        f"{name} {'×' if name == 'contrast' else '+' * (level > 0)}{level:g}" for name, level in CASES
    ]
    rows = []
    for norm in COMPARED:
        found = [run["sensitivity"] for run in runs.main[kind, norm]]
        cells = [norm, f"({mean(f['none'][0][2] for f in found):.2f})"]
        for name, level in CASES:
            changes, styles = zip(*(row[1:] for f in found for row in f[name] if row[0] == level))
            cells.append(f"{plus_minus(changes, 1)} ({mean(styles):.2f})")
        rows.append(cells)
    return table(("", "as it is", *head), rows)


def _batch(runs: Runs) -> str:
    sizes = sorted({size for _, size in runs.batch})
    rows = []
    for norm in COMPARED:
        found = [runs.batch.get((norm, size)) for size in sizes]
        rows.append((norm, *(plus_minus([sum(r["held"]) for r in f]) if f else "" for f in found)))
    return table(("", *map(str, sizes)), rows)


def _costs(runs: Runs) -> str:
    kinds = {"step": "step, ms", "network": "network, ms", "kept": "kept, MB"}
    rows = [(n, *(plus_minus([turn[n][k] for turn in runs.cost], 1) for k in kinds)) for n in COMPARED]
    return table(("", *kinds.values()), rows)

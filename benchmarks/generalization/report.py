"""The part of docs/normalization.md on other domains, and its plot."""

from collections.abc import Mapping
from pathlib import Path

from ..page import axes_of, plus_minus, spread, svg, table, write_part
from .networks import METHODS
from .runs import Plan, Task

Found = Mapping[tuple, dict]
NAMES = {"rotation": "How a picture is turned", "objects": "What is on it"}
TEXT = """
Seeds: {seeds}; mean ± standard deviation. A residual network of {plan.width} and {wide} channels,
squares of {plan.crop} px, AdamW at {plan.rate:g} for all, batches of {plan.batch}, bfloat16.

**{rotation}** (chance 25 %): {r.train} photos to train on for {steps[rotation]} steps, {r.photos} others
and {r.paintings} paintings to test on. The label is free and no one's task: a proxy.

{rotation_table}
**{objects}** (chance {chance:.0f} %; always the commonest would be right on {commonest:.0f} % of the
paintings): the seven labels of PACS, {o.train} photos to train on for {steps[objects]} steps, {o.photos}
others and {o.paintings} paintings to test on: the benchmark that the papers use, at a sixth of its size
and without a network that has seen ImageNet.

{objects_table}
![Accuracy on photos and on paintings](generalization.svg)

"Training step" is one step of {plan.batch} squares on one core that other work was also using, the
methods in turns. AdaBN adds {adapting:.1f} s once, for {r.unlabelled} paintings without
labels; in the second task they are those that it is tested on.
`RandomStyle` adds {painting:.0f} ms to every picture that it paints; here each photo was painted once
before the training, in a shipped style.
"""


class Counts:
    """How many pictures there are of each kind of a task."""

    def __init__(self, task: Task):
        kinds = ("train", "photos", "paintings", "unlabelled")
        self.__dict__ |= {kind: f"{len(getattr(task, kind)):,}" for kind in kinds}


def of_method(found: Found, task: str, method: str, value: str) -> list[float]:
    """Each seed's value in per cent; `adabn` is batch normalization after adapting."""
    name, key = ("batch", "adapted") if (method, value) == ("adabn", "paintings") else (method, value)
    name = "batch" if name == "adabn" else name
    return [100 * result[key] for job, result in found.items() if job[:2] == (task, name)]


def rows(found: Found, task: str, times: list[dict]) -> list[list[str]]:
    lines = []
    for method in (*METHODS, "adabn"):
        photos, paintings = (of_method(found, task, method, where) for where in ("photos", "paintings"))
        base = of_method(found, task, "batch", "paintings")
        gain = [a - b for a, b in zip(paintings, base)]
        cost = plus_minus([turn["batch" if method == "adabn" else method] for turn in times], 0)
        lines.append(
            [method, plus_minus(photos, 1), plus_minus(paintings, 1), plus_minus(gain, 1), f"{cost} ms"]
        )
    return lines


HEAD = ("", "photos, %", "paintings, %", "paintings, over batch's of the same seed", "training step")


def report(
    page: Path, found: Found, times: list[dict], tasks: Mapping[str, Task], plan: Plan, painting: float
) -> None:
    adapting = [r["adapting"] for job, r in found.items() if job[0] == "rotation" and "adapting" in r]
    labels = tasks["objects"].labels["paintings"]
    commonest = 100 * labels.bincount().max().item() / len(labels)
    text = TEXT.format(
        plan=plan, seeds=len(adapting), commonest=commonest,
        wide=2 * plan.width, steps=plan.steps, chance=100 / tasks["objects"].classes,
        r=Counts(tasks["rotation"]), o=Counts(tasks["objects"]), adapting=spread(adapting)[0],
        painting=1000 * painting, **NAMES,
        **{f"{name}_table": table(HEAD, rows(found, name, times)) for name in tasks},
    )  # fmt: skip
    write_part(page, "generalization", text)


def figure(found: Found) -> bytes:
    """Accuracy on photos and on paintings, a dot for each seed."""
    picture, (axes,) = axes_of(1, 2, width=5)
    for axis, (task, title) in zip(axes, NAMES.items()):
        for row, method in enumerate((*METHODS, "adabn")):
            for where, color, off in (("photos", "#888888", 0.12), ("paintings", "#d95f02", -0.12)):
                values = of_method(found, task, method, where)
                middle, wide = spread(values)
                axis.errorbar(middle, row + off, xerr=wide, color=color, marker="o", markersize=5,
                              label=where if row == 0 else None)  # fmt: skip
                axis.plot(values, [row + off] * len(values), ".", color=color, alpha=0.35, markersize=4)
        axis.set_yticks(range(len(METHODS) + 1), labels=[*METHODS, "adabn"])
        axis.invert_yaxis()
        axis.set(title=title, xlabel="right, %")
    axes[0].legend(frameon=False, fontsize=8)
    return svg(picture)

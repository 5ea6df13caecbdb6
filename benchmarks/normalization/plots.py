"""The report's plots, SVG, and its sheet of pictures."""

import base64
import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from ..page import axes_of, spread, svg
from .claims import Runs, by_size, smoothed
from .runs import COMPARED

COLORS = dict(zip(COMPARED, ("#888888", "#d95f02", "#7570b3", "#66a61e", "#1f78b4")))
KINDS = {"single": "one painting", "decoder": "AdaIN's decoder"}


def losses_plot(runs: Runs) -> bytes:
    """Loss by step, while training and on pairs not trained on, for both tasks."""
    figure, axes = axes_of(2, 2)
    for row, (kind, name) in zip(axes, KINDS.items()):
        for norm in COMPARED:
            found = runs.main[kind, norm]
            trained = list(zip(*(smoothed(r["curve"]) for r in found)))
            _band(row[0], range(1, len(trained) + 1), trained, norm)
            held = list(zip(*([sum(check[1:]) for check in r["held"]] for r in found)))
            _band(row[1], [check[0] for check in found[0]["held"]], held, norm)
        for axis, what in zip(row, ("training", "not trained on")):
            axis.set(title=f"{name}: {what}", xlabel="step", ylabel="loss", yscale="log")
    axes[0][0].legend(frameon=False, fontsize=8)
    return svg(figure)


def batch_plot(runs: Runs) -> bytes:
    """Loss by batch size."""
    figure, ((axis,),) = axes_of(1, 1)
    for norm in COMPARED:
        found = by_size(runs, norm)
        if found:
            sizes = list(found[0])
            _band(axis, sizes, [[losses[s] for losses in found] for s in sizes], norm, marker="o")
    axis.set(xlabel="batch over which statistics are taken", ylabel="loss, not trained on", xscale="log")
    axis.set_xticks(sorted({s for _, s in runs.batch}), labels=sorted({s for _, s in runs.batch}))
    axis.minorticks_off()
    axis.legend(frameon=False, fontsize=8)
    return svg(figure)


def content_plot(runs: Runs) -> bytes:
    """How much the picture changes with the photo's contrast, brightness and noise."""
    kinds = ("contrast", "brightness", "noise")
    figure, axes = axes_of(2, 3)
    for row, (task, name) in zip(axes, KINDS.items()):
        for axis, kind in zip(row, kinds):
            for norm in COMPARED:
                found = [r["sensitivity"][kind] for r in runs.main[task, norm]]
                neutral = 1.0 if kind == "contrast" else 0.0
                changes = {rows[0][0]: [row[1] for row in rows] for rows in zip(*found)}
                points = sorted([(neutral, [0.0] * len(found)), *changes.items()])
                _band(axis, [p[0] for p in points], [p[1] for p in points], norm, marker=".")
            axis.set(title=f"{name}: {kind}", ylabel="change, grey levels", ylim=(0, None))
    axes[0][0].legend(frameon=False, fontsize=8)
    return svg(figure)


def sheet(runs: Runs) -> bytes:
    """What the networks of the first seed paint: a row for each normalization, both tasks; a JPEG."""
    rows = []
    for norm in COMPARED:
        strips = [runs.main[kind, norm][0]["shown"] for kind in KINDS]
        rows.append([Image.open(io.BytesIO(base64.b64decode(strip))) for strip in strips])
    width, height, gap, margin = *rows[0][0].size, 8, 70
    out = Image.new("RGB", (margin + 2 * width + gap, len(rows) * height), "white")
    for number, (norm, strips) in enumerate(zip(COMPARED, rows)):
        ImageDraw.Draw(out).text((6, (number + 0.5) * height - 6), norm, fill="black", font_size=13)
        for column, strip in enumerate(strips):
            out.paste(strip, (margin + column * (width + gap), number * height))
    buffer = io.BytesIO()
    out.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _band(axis, x, values: Sequence[Sequence[float]], norm: str, marker: str = "") -> None:
    """The mean of the seeds, and their spread around it."""
    middle, wide = zip(*(spread(row) for row in values))
    axis.plot(x, middle, color=COLORS[norm], label=norm, marker=marker, linewidth=1.3)
    low, high = ([m + sign * w for m, w in zip(middle, wide)] for sign in (-1, 1))
    axis.fill_between(x, low, high, color=COLORS[norm], alpha=0.15, linewidth=0)

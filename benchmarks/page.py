"""A benchmark's part of a page: tables, plots, and where they go."""

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from styletransfer.media.files import write_atomically


def spread(numbers: Sequence[float]) -> tuple[float, float]:
    """Mean, and standard deviation between seeds."""
    return mean(numbers), stdev(numbers) if len(numbers) > 1 else 0.0


def plus_minus(numbers: Sequence[float], digits: int = 3) -> str:
    """Of one number there is no deviation to tell."""
    middle, wide = spread(numbers)
    if len(numbers) == 1:
        return f"{middle:.{digits}f}"
    return f"{middle:.{digits}f} ± {wide:.{digits}f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def write_part(page: Path, name: str, text: str) -> None:
    """Put a text between <!-- name --> and <!-- /name --> of a page, in place of what is there."""
    old = page.read_text()
    part = re.compile(f"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
    new, count = part.subn(lambda _: f"\n{text.strip()}\n\n", old)
    if count != 1:
        raise ValueError(f"{page}: no place for {name}")
    write_atomically(page, lambda file: file.write_text(new))


def axes_of(rows: int, columns: int, width: float = 4) -> tuple[Any, Any]:
    """A figure of matplotlib, and its axes, (rows, columns)."""
    from matplotlib.figure import Figure

    figure = Figure((width * columns, 3 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def svg(figure: Any) -> bytes:
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "normalization"}):  # the same file from the same numbers
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()

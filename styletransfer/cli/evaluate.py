"""stylize evaluate: what a model scores."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ..errors import InputError
from ..styles.names import DEFAULT_MODEL
from . import common

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..evaluation.report import Pair, Row

app = common.app()


@app.command()
def evaluate(
    pairs: Annotated[
        Path,
        typer.Argument(metavar="PAIRS.tsv", help="Lines of id, content, style; tabs between."),
    ],
    model: common.Model = DEFAULT_MODEL,
    size: Annotated[int, typer.Option(help="Short side at which to stylize.")] = 512,
    alpha: Annotated[float, typer.Option(help="Strength, 0 to 1.")] = 1.0,
    strokes: common.Strokes = 1.0,
    outputs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Measure pictures made elsewhere: DIR/ID.png or .jpg."),
    ] = None,
    device: common.Device = "auto",
    first: Annotated[int | None, typer.Option(help="Only the first N pairs.")] = None,
    halves: Annotated[
        bool,
        typer.Option(
            "--halves",
            help="Also score one half of each style as a copy of the other: the ceiling.",
        ),
    ] = False,
    as_json: common.Json = False,
) -> int:
    """Measure a model on pairs of photos and paintings.

    style and gram: 1 is the painting's own texture, 0 the photo's. content and ssim: 1 is the
    photo. These at 384 px. strokes@512, @256 and @128: whole distributions of features from three
    distances, patch@… of small patches, without a network; 1 is the painting, 0 the photo. halo and
    weave: rims beside edges and a network's own grid, in grey levels, 0 is best. Features are the
    original VGG-19's; the means over the pairs count.
    """
    from ..evaluation import report

    listed = report.read_pairs(pairs)[:first]
    for path in {path for pair in listed for path in pair[1:]}:
        if not path.is_file():
            raise InputError(f"{path}: no such file")
    if outputs is None:
        stylize = _by_model(model, device, alpha, size, strokes)
    else:
        stylize = partial(_made_elsewhere, outputs)
    rows = _measured(listed, stylize)
    ceiling = report.ceiling(sorted({pair.style for pair in listed})) if halves else {}
    if as_json:
        how = {"model": model, "size": size, "alpha": alpha, "strokes": strokes}
        what = {"outputs": str(outputs)} if outputs else how
        most = {"halves": ceiling} if halves else {}
        means = report.means(rows)
        print(json.dumps({**what, "pairs": len(rows), "mean": means, **most, "rows": rows}))
    else:
        _print_table(rows, ceiling)
    return 0


def _by_model(
    model: str, device: str, alpha: float, size: int, strokes: float
) -> Callable[["Pair"], "Image"]:
    """What paints a pair, each style encoded once."""
    from ..stylize.stylizer import Stylizer

    stylizer = Stylizer(model, device)
    styles = lru_cache(maxsize=None)(stylizer.style)

    def stylize(pair: "Pair") -> "Image":
        painted = stylizer.stylize(pair.content, styles(pair.style), alpha, size=size, strokes=strokes)
        return cast("Image", painted)

    return stylize


def _made_elsewhere(outputs: Path, pair: "Pair") -> "Image":
    from ..media.image import read_picture

    found = [p for p in sorted(outputs.glob(f"{pair.id}.*")) if p.suffix != ".part"]
    if not found:
        raise InputError(f"{outputs}: no picture for pair {pair.id}")
    return read_picture(found[0]).rgb


def _measured(pairs: Sequence["Pair"], stylize: Callable[["Pair"], "Image"]) -> list["Row"]:
    """The scores of every pair, with a progress bar on standard error."""
    from rich.console import Console
    from rich.progress import track

    from ..evaluation import report

    console = Console(stderr=True)
    scored = report.evaluate(pairs, stylize)
    hidden = not console.is_terminal
    return list(track(scored, "measuring", total=len(pairs), console=console, disable=hidden))


def _print_table(rows: Sequence["Row"], ceiling: Mapping[str, float]) -> None:
    """ceiling: the scores of the last row, if there is to be one."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from ..evaluation import report

    means = report.means(rows)
    headings = [score.replace("@", "\n@") for score in report.SCORES]
    table = Table("pair", *headings, box=box.SIMPLE, padding=(0, 1, 0, 0))
    for row in rows:
        table.add_row(str(row["id"]), *(f"{row[score]:.3f}" for score in report.SCORES))
    table.add_section()
    table.add_row("mean", *(f"{means[score]:.3f}" for score in report.SCORES), style="bold")
    if ceiling:
        table.add_row("halves", *(f"{ceiling[s]:.3f}" if s in ceiling else "" for s in report.SCORES))
    console = Console()
    console.width = max(console.width, 100)
    console.print(table)

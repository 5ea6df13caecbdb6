"""stylize data: training pictures, made ready."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from . import common

app = common.app()


@app.callback()
def data() -> None:
    """Make pictures ready for training."""


@app.command()
def shard(
    sources: Annotated[
        list[str], typer.Argument(metavar="SRC...", help="Folders (recursive), tar files or patterns.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A folder for the shards.")],
    size: Annotated[int, typer.Option(help="Short side in pixels; smaller pictures stay.")] = 512,
    per_shard: Annotated[int, typer.Option(help="Pictures per shard.")] = 1000,
    workers: Annotated[
        int | None, typer.Option(help="Processes that decode.", show_default="all cores")
    ] = None,
    as_json: common.Json = False,
) -> int:
    """Pack pictures into WebDataset shards: small upright JPEGs in tar files.

    Stopped at any moment, the same command goes on where it was. What could not be used is named,
    with the reason, in OUT/skipped.tsv; the exit code is then 1.
    """
    from rich.console import Console
    from rich.progress import Progress

    from ..training.entries import find_pictures
    from ..training.shards import write_shards

    for option, value in (("--size", size), ("--per-shard", per_shard), ("--workers", workers or 1)):
        if value < 1:
            raise InputError(f"{option} is {value}: at least 1")
    entries = find_pictures(sources)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: cannot be made a folder ({error.strerror})") from None
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("packing", total=len(entries))
        skipped = write_shards(
            entries, out, size, per_shard, workers or os.cpu_count() or 1,
            lambda count: bar.update(task, completed=count),
        )  # fmt: skip
    if skipped:
        says = f"{len(skipped)} of {len(entries)} pictures could not be used"
        print(f"{says}: {out / 'skipped.tsv'} names them", file=sys.stderr)
    common.print_result(str(out), as_json, pictures=len(entries), skipped=len(skipped))
    return 1 if skipped else 0

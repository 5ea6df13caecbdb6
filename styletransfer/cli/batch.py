"""stylize batch SRC DST --style A [--style B ...]: folders of any size."""

import json
import os
import sys
from dataclasses import replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from . import options
from .options import SUFFIX, Precision
from .picture import PreserveColor, Stats, parse_regions, parse_weights

app = options.app()

EPILOG = """Which style for which picture:

  --pick all      every style for every picture (then names end in the style's)

  --pick random   --per-image of them, drawn by --seed and the picture's name: the same whatever
                  else there is to paint, and on however many machines

  --pick cycle    one after the other

  --pick match    the style of the same name (sub/a.jpg: sub/a.png or a.png), or one from the folder
                  of the same name as the picture's (cats/a.jpg: cats/*)

Killed, interrupted or out of disk: give the same command again, it goes on where it was. What is done
is in DST/manifest.jsonl, what failed and why in DST/failures.jsonl.

Exit codes: 0 all done, 1 some failed, 2 bad usage or a full disk, 130 interrupted.

Examples:

  stylize batch photos/ painted/ --style starry.jpg

  stylize batch photos/ painted/ --style a.jpg --style b.jpg --pick random --seed 7 --format jpg

  stylize batch 'shards/train-{000..099}.tar' out/ --style paintings/ --pick random

  stylize batch imagenet/ out/ --style paintings/ --pick random --size 224 --crop

  stylize batch /nfs/photos /nfs/painted --style /nfs/a.jpg --engine ray --address auto
"""


class Pick(str, Enum):
    all = "all"
    random = "random"
    cycle = "cycle"
    match = "match"


class Engine(str, Enum):
    local = "local"
    ray = "ray"


@app.command(epilog=EPILOG)
def batch(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SRC",
            help="A folder (searched through), 'pattern/**/*.jpg', tar files 'x-{00..99}.tar', a .txt "
            "list of files, or - for a list on standard input.",
        ),
    ],
    out: Annotated[
        str, typer.Argument(metavar="DST", help="A folder, in which SRC's folders come again.")
    ],
    style: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STYLE",
            help="A painting, a .style.safetensors code, or a folder: the mean of its works for "
            "--pick all, else works to pick from; repeatable.",
        ),
    ] = None,
    pick: Annotated[Pick, typer.Option(help="Which styles for which picture; see below.")] = Pick.all,
    per_image: Annotated[
        int, typer.Option(metavar="K", help="Styles for each picture, if they are picked.")
    ] = 1,
    seed: Annotated[int, typer.Option(help="Of --pick random and match.")] = 0,
    format: Annotated[
        str,
        typer.Option(
            metavar="png|jpg|webp|tif|bmp", show_default="each picture's own", help="Of the results."
        ),
    ] = "",
    quality: Annotated[int, typer.Option(help="Of JPEG and WebP, 1 to 100.")] = 95,
    suffix: Annotated[str, typer.Option(metavar="TEXT", help="After each name: a.jpg to aTEXT.jpg.")] = "",
    pack: Annotated[
        str,
        typer.Option(
            metavar="auto|files|N",
            help="Results in tar files as they came, in plain files, or N to a tar file.",
        ),
    ] = "auto",
    skip_existing: Annotated[
        bool, typer.Option(help="Go on where a run was; without it, paint and replace all.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done, a JSON object a line.")
    ] = False,
    alpha: Annotated[
        float, typer.Option(help="Strength: 0 the photo, 1 the full style, 2 too much.")
    ] = 1.0,
    weights: Annotated[
        str, typer.Option(metavar="W,W...", help="Blend all styles into one, e.g. 0.7,0.3.")
    ] = "",
    size: Annotated[
        int | None,
        typer.Option(help="Short side of the results in pixels.", show_default="each picture's size"),
    ] = None,
    crop: Annotated[
        bool, typer.Option("--crop", help="Cut out the middle, --size by --size pixels.")
    ] = False,
    style_size: options.StyleSize = 512,
    style_crop: options.StyleCrop = 1.0,
    mask: Annotated[
        str, typer.Option(metavar="M.png", help="Where to paint, for pictures of the mask's size.")
    ] = "",
    regions: Annotated[
        str, typer.Option(metavar="MAP.png", help="A map that chooses the style, likewise.")
    ] = "",
    region: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=STYLE", help="The style of a colour or label of it; repeatable."),
    ] = None,
    feather: Annotated[
        int, typer.Option(metavar="PX", help="Soften the borders of regions and mask.")
    ] = 0,
    preserve_color: Annotated[
        PreserveColor,
        typer.Option(help="Keep the photo's colours: paint brightness only, or recolour the style."),
    ] = PreserveColor.none,
    color_strength: Annotated[float, typer.Option(help="How much of --preserve-color, 0 to 1.")] = 1.0,
    tile: Annotated[
        str, typer.Option(metavar="auto|off|N", help="Paint in tiles of N pixels a side.")
    ] = "auto",
    stats: Annotated[
        Stats, typer.Option(help="Statistics of the whole photo, or of a thumbnail.")
    ] = Stats.exact,
    model: options.Model = "adain-vgg",
    device: options.Device = "auto",
    precision: options.Precise = Precision.auto,
    engine: Annotated[
        Engine, typer.Option(help="This machine, or a Ray cluster (styletransfer[cluster]).")
    ] = Engine.local,
    address: Annotated[
        str,
        typer.Option(help="Of the cluster; auto: this node's.", show_default="one of this machine"),
    ] = "",
    workers: Annotated[
        int | None,
        typer.Option(
            help="Threads that read, and that write; for Ray: painters.", show_default="as many as fit"
        ),
    ] = None,
    as_json: options.Json = False,
) -> int:
    """Repaint whole folders: nothing is lost, nothing is done twice.

    DST's path goes to standard output, progress and messages to standard error.
    """
    from ..batch import outputs, picks, sources

    styles, placed = style or [], parse_regions(region or [])
    _check_options(locals())
    shares = parse_weights(weights, len(styles)) if weights else None
    format = _suffix(format)
    layout = outputs.Layout(format, suffix, int(pack) if pack.isdigit() else pack)

    # Everything that can be wrong with files is found before torch takes its seconds to import.
    _check_destination(source, out)
    options.check_styles([s for each in placed.values() for s in each])
    options.check_styles([path for path in (mask, regions) if path])
    looks = picks.find_styles(styles, pick.value, shares) if styles else []
    for path in styles if preserve_color is not PreserveColor.histogram else ():
        _check_style(path)
    with options.waiting(f"searching {source}"):
        found = sources.find_items(source, out)
        if looks:
            choose = picks.chooser(looks, pick.value, per_image, seed)
        else:
            choose = lambda name, position: [-1]  # noqa: E731  regions alone
        several = len(looks) > 1 if pick is Pick.all else per_image > 1
        tasks = outputs.plan(found.items, looks, choose, layout, several)
    if dry_run:
        return _print_plan(tasks, looks)
    return 0

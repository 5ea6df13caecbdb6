"""stylize batch SRC DST --style A [--style B ...]: folders of any size."""

import os
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ..errors import InputError
from ..options import PreserveColor, Stats
from ..styles.names import DEFAULT_MODEL, made_of
from . import common, complete
from .batch_arguments import (
    BatchEngine,
    Pick,
    check_files,
    check_numbers,
    check_styles,
    layout_of,
)
from .batch_progress import BatchProgress, ask_to_replace, print_plan, report
from .common import Precision, parse_regions, parse_weights

app = common.app()

EPILOG = """Which style for which picture:

\b
  --pick all      every style for every picture (names end in the style's)

\b
  --pick random   --per-image of them, drawn by --seed and the picture's name: the
                  same whatever else there is, and on however many machines

\b
  --pick cycle    one after the other

\b
  --pick match    the style of the same name (sub/a.jpg: sub/a.png or a.png), or
                  one from the folder of the picture's folder's name
                  (cats/a.jpg: cats/*)

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
            autocompletion=complete.styles,
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
    quality: common.Quality = 95,
    suffix: Annotated[
        str, typer.Option(metavar="TEXT", help="After each name: a.jpg to aTEXT.jpg.")
    ] = "",
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
    force: Annotated[
        bool, typer.Option("--force", help="Do not ask before --no-skip-existing replaces results.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done, a JSON object a line.")
    ] = False,
    preset: common.Preset = "",
    alpha: common.Alpha = 1.0,
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
    strokes: common.Strokes = 1.0,
    style_size: common.StyleSize = 512,
    style_crop: common.StyleCrop = 1.0,
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
    feather: common.Feather = 0,
    preserve_color: common.KeptColor = PreserveColor.none,
    color_strength: common.ColorStrength = 1.0,
    tile: Annotated[
        str, typer.Option(metavar="auto|off|N", help="Paint in tiles of N pixels a side.")
    ] = "auto",
    stats: Annotated[
        Stats, typer.Option(help="Statistics of the whole photo, or of a thumbnail.")
    ] = Stats.exact,
    refine: common.Refine = 0,
    model: common.Model = DEFAULT_MODEL,
    device: common.Device = "auto",
    precision: common.Precise = Precision.auto,
    engine: Annotated[
        BatchEngine, typer.Option(help="This machine, or a Ray cluster (styletransfer[cluster]).")
    ] = BatchEngine.local,
    address: Annotated[
        str,
        typer.Option(help="Of the cluster; auto: this node's.", show_default="one of this machine"),
    ] = "",
    workers: Annotated[
        int | None,
        typer.Option(
            help="Pictures that are worked on at once.", show_default="one to a core, or to a GPU"
        ),
    ] = None,
    as_json: common.Json = False,
) -> int:
    """Repaint whole folders: nothing is lost, nothing is done twice.

    DST's path goes to standard output, progress and messages to standard error.
    """
    from ..batch.engines import local_engine, ray_engine
    from ..batch.run import run
    from ..batch.settings import BatchSettings
    from ..batch.style_choice import absolute
    from ..batch.work import Selection, find_work

    styles, region_styles = style or [], parse_regions(region or [])
    check_styles(styles, region_styles, regions, weights, pick)
    options = common.stylize_options(
        alpha=alpha, size=size, strokes=strokes, style_size=style_size, style_crop=style_crop,
        mask=os.path.abspath(mask) if mask else None,
        regions=os.path.abspath(regions) if regions else None,
        region={key: absolute(parts) for key, parts in region_styles.items()} or None,
        feather=feather, preserve_color=preserve_color.value, color_strength=color_strength,
        tile=common.parse_tile(tile), stats=stats.value, refine=refine,
    )  # fmt: skip
    check_numbers(per_image, quality, workers)
    if crop and (size is None or options.mask or options.regions):
        raise InputError("--crop needs --size, and pictures without mask and regions")
    if address and engine is not BatchEngine.ray:
        raise InputError("--address is for --engine ray")
    layout = layout_of(format, suffix, pack)

    # Everything that can be wrong with files is found before torch takes its seconds to import.
    names = styles + [name for parts in region_styles.values() for name in parts]
    model, maps = common.model_for(model, names), [path for path in (mask, regions) if path]
    check_files(source, out, names, maps)
    blend = parse_weights(weights, len(styles)) if weights else None
    selection = Selection(styles, pick.value, per_image, seed, blend)
    read = [part for name in names for part in made_of(name)] + [*maps, model, source]
    console = Console(stderr=True)
    with console.status(f"searching {escape(source)}"):
        work = find_work(source, out, selection, layout, read)
    if dry_run:
        return print_plan(work)
    if not skip_existing and not force:
        ask_to_replace(work.tasks, out)

    from ..models.weights import load_model

    settings = BatchSettings(
        folder=os.path.abspath(out), options=options, crop=crop, quality=quality,
        model=os.path.abspath(model) if os.path.exists(model) else model,
        device=device, precision=precision.value,
        seed=seed if pick in (Pick.random, Pick.match) else None,
    ).for_model(str(load_model(model).digest))  # fmt: skip
    paint = (
        ray_engine(settings, work.styles, workers, address)
        if engine is BatchEngine.ray
        else local_engine(settings, work.styles, workers)
    )
    with BatchProgress(console, len(work.tasks)) as progress:
        summary = run(
            work.tasks, work.styles, settings, paint, layout.pack == "auto", skip_existing, progress.tell
        )
    report(summary, out, work.others, as_json)
    return 130 if summary.interrupted else 1 if summary.failed else 0

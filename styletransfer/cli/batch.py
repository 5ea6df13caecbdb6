"""stylize batch SRC DST --style A [--style B ...]: folders of any size."""

import json
import os
import sys
from collections.abc import Callable
from enum import Enum
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ..errors import InputError
from . import common
from .batch_progress import BatchProgress, report
from .common import Precision
from .picture import PreserveColor, Stats, check_look, parse_regions, parse_weights

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
    model: common.Model = common.DEFAULT_MODEL,
    device: common.Device = "auto",
    precision: common.Precise = Precision.auto,
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
            help="Pictures that are worked on at once.", show_default="one to a core, or to a GPU"
        ),
    ] = None,
    as_json: common.Json = False,
) -> int:
    """Repaint whole folders: nothing is lost, nothing is done twice.

    DST's path goes to standard output, progress and messages to standard error.
    """
    from ..batch import destination, outputs, sources, style_choice

    styles, placed = style or [], parse_regions(region or [])
    if not styles and not placed:
        raise InputError("no --style given")
    if bool(placed) != bool(regions):
        raise InputError("--regions MAP and --region KEY=STYLE go together")
    check_look(alpha, color_strength, feather, size)
    common.check_style_view(style_size, style_crop)
    _check_numbers(per_image, quality, workers, pack)
    if weights and pick is not Pick.all:
        raise InputError("--weights makes one style of all: there is nothing to --pick then")
    if crop and (size is None or mask or regions):
        raise InputError("--crop needs --size, and pictures without mask and regions")
    if address and engine is not Engine.ray:
        raise InputError("--address is for --engine ray")
    if "/" in suffix or os.sep in suffix:
        raise InputError(f"--suffix is {suffix!r}: a part of a name, without folders")
    layout = outputs.Layout(_suffix(format), suffix, int(pack) if pack.isdigit() else pack)

    # Everything that can be wrong with files is found before torch takes its seconds to import.
    _check_destination(source, out)
    names = styles + [name for each in placed.values() for name in each]
    common.read_styles(dict.fromkeys(names))
    common.check_files(path for path in (mask, regions) if path)
    model = common.model_for(model, names)
    looks = style_choice.find_styles(
        styles, pick.value, parse_weights(weights, len(styles)) if weights else None
    )
    console = Console(stderr=True)
    with console.status(f"searching {escape(source)}"):
        found = sources.find_items(source, out)
        if looks:
            choose = style_choice.chooser(looks, pick.value, per_image, seed)
        else:
            choose = lambda name, position: [-1]  # noqa: E731  regions alone
        several = len(looks) > 1 if pick is Pick.all else per_image > 1
        tasks = outputs.plan(found.items, looks, choose, layout, several)
        parts = [part for text in names for part in common.made_of(text)]
        destination.check_sources(tasks, out, [*parts, mask, regions, model, source])
    if dry_run:
        return _print_plan(tasks, looks)

    look = {
        "alpha": alpha,
        "mask": os.path.abspath(mask) if mask else None,
        "regions": os.path.abspath(regions) if regions else None,
        "region": {k: style_choice.absolute(parts) for k, parts in placed.items()} or None,
        "feather": feather,
        "preserve_color": preserve_color.value,
        "color_strength": color_strength,
        "strokes": strokes,
        "style_size": style_size,
        "style_crop": style_crop,
        "stats": stats.value,
    }
    from ..batch.run import in_the_way, run
    from ..batch.worker import BatchSettings
    from ..models.weights import load_model

    if not skip_existing and not force and (count := in_the_way(tasks, out)):
        _ask(count, out)
    kind = load_model(model).digest, size, crop, quality, precision.value
    settings = BatchSettings(
        folder=os.path.abspath(out),
        model=os.path.abspath(model) if os.path.exists(model) else model,
        device=device,
        precision=precision.value,
        look=look,
        size=size,
        crop=crop,
        tile=int(tile) if tile.isdigit() else tile,
        quality=quality,
        seed=seed if pick in (Pick.random, Pick.match) else None,
        options=_as_options(look, style_choice.identity, *kind),
        former=_as_options(look, style_choice.former_identity, *kind),
    )
    with BatchProgress(console, len(tasks)) as progress:
        tally = run(
            tasks, looks, settings, _engine(engine, settings, looks, address, workers),
            layout.pack == "auto", skip_existing, progress.tell,
        )  # fmt: skip
    report(tally, out, found.others, as_json)
    return 130 if tally.interrupted else 1 if tally.failed else 0


def _engine(engine: Engine, settings, looks, address: str, workers: int | None):
    """What `run` calls to have its tasks painted, if there are any."""

    def here(tasks, wanted):
        from ..batch.local import paint_all
        from ..batch.worker import BatchPainter
        from ..device import cores

        return paint_all(tasks, BatchPainter(settings, looks), workers or cores(), wanted)

    def there(tasks, wanted):
        from ..batch.ray_cluster import paint_all

        return paint_all(tasks, settings, looks, address, workers, wanted)

    return there if engine is Engine.ray else here


def _ask(count: int, out: str) -> None:
    """InputError unless somebody says that so many results may be replaced."""
    text = f"{out}: {count} results are there, and would be painted again and replaced"
    if not sys.stdin.isatty():
        raise InputError(f"{text}: --force does that without asking")
    if not typer.confirm(f"{text}. Go on?", err=True):
        raise InputError(f"{out}: left as it is")


def _as_options(
    look: dict, identity: Callable[[str], str], digest: str, size: int | None, crop: bool,
    quality: int, precision: str,
) -> str:  # fmt: skip
    """What a result depends on beside its picture and style, as the manifest has it."""
    from ..batch.ledger import as_json

    files = {key: identity(look[key]) for key in ("mask", "regions") if look[key]}
    region = {
        key: {identity(name): share for name, share in parts.items()}
        for key, parts in (look["region"] or {}).items()
    }
    given = {**look, **files, "region": region or None}
    if given["strokes"] == 1:  # as it was before it was asked
        del given["strokes"]
    own = {"model": digest[:16], "size": size, "crop": crop, "quality": quality, "precision": precision}
    return as_json({key: value for key, value in {**given, **own}.items() if value is not None})


def _check_numbers(per_image: int, quality: int, workers: int | None, pack: str) -> None:
    if per_image < 1:
        raise InputError(f"--per-image is {per_image}: at least 1")
    if not 1 <= quality <= 100:
        raise InputError(f"--quality is {quality}: 1 to 100")
    if workers is not None and not 1 <= workers <= 1000:
        raise InputError(f"--workers is {workers}: 1 to 1000")
    if pack not in ("auto", "files") and not (pack.isdigit() and int(pack) > 0):
        raise InputError(f"--pack is {pack!r}: auto, files, or how many to a tar file")


def _suffix(format: str) -> str:
    """ "jpg" as ".jpg"; InputError for a format that cannot be written."""
    from ..media.image import FORMATS

    suffix = "." + format.lower().lstrip(".") if format else ""
    if suffix and suffix not in FORMATS:
        raise InputError(f"--format is {format!r}: one of {', '.join(f[1:] for f in FORMATS)}")
    return suffix


def _check_destination(source: str, out: str) -> None:
    if not out:  # a variable of the shell's that is not set, and not a wish for the current folder
        raise InputError("DST is empty: a folder is wanted")
    if os.path.exists(out) and not os.path.isdir(out):
        raise InputError(f"{out}: is a file, and a folder is wanted")
    if os.path.isdir(source) and os.path.realpath(source) == os.path.realpath(out):
        raise InputError(f"{out}: is the folder of the pictures; give another for the results")


def _print_plan(tasks, looks) -> int:
    for task in tasks:
        if task.problem or task.item.problem:
            print(json.dumps({"input": task.item.name, "error": task.problem or task.item.problem}))
            continue
        for target in task.targets:
            style = {"style": looks[target.style].label} if target.style >= 0 else {}
            print(json.dumps({"input": task.item.name, "output": target.name, **style}))
    return 0

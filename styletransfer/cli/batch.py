"""stylize batch SRC DST --style A [--style B ...]: folders of any size."""

import os

from rich.console import Console
from rich.markup import escape

from ..errors import InputError
from ..options import PreserveColor, Stats
from ..styles.names import DEFAULT_MODEL, style_weights
from . import batch_arguments as arguments
from . import common
from .batch_arguments import BatchEngine, Pick
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
    source: arguments.Source,
    out: arguments.Destination,
    style: arguments.Styles = None,
    pick: arguments.Picked = Pick.all,
    per_image: arguments.PerImage = 1,
    seed: arguments.Seed = 0,
    format: arguments.Format = "",
    quality: common.Quality = 95,
    suffix: arguments.Suffix = "",
    pack: arguments.Pack = "auto",
    skip_existing: arguments.SkipExisting = True,
    force: arguments.ForceReplace = False,
    dry_run: arguments.DryRun = False,
    preset: common.Preset = "",
    alpha: common.Alpha = 1.0,
    weights: arguments.BlendWeights = "",
    size: arguments.Size = None,
    crop: arguments.Crop = False,
    strokes: common.Strokes = 1.0,
    style_size: common.StyleSize = 512,
    style_crop: common.StyleCrop = 1.0,
    mask: arguments.Mask = "",
    regions: arguments.Regions = "",
    region: arguments.Region = None,
    feather: common.Feather = 0,
    preserve_color: common.KeptColor = PreserveColor.none,
    color_strength: common.ColorStrength = 1.0,
    tile: arguments.Tile = "auto",
    stats: arguments.Statistics = Stats.exact,
    refine: common.Refine = 0,
    model: common.Model = DEFAULT_MODEL,
    device: common.Device = "auto",
    precision: common.Precise = Precision.auto,
    engine: arguments.Engine = BatchEngine.local,
    address: arguments.Address = "",
    workers: arguments.Workers = None,
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
    arguments.check_styles(styles, region_styles, regions, weights, pick)
    options = common.stylize_options(
        alpha=alpha, size=size, strokes=strokes, style_size=style_size, style_crop=style_crop,
        mask=os.path.abspath(mask) if mask else None,
        regions=os.path.abspath(regions) if regions else None,
        region={key: absolute(parts) for key, parts in region_styles.items()} or None,
        feather=feather, preserve_color=preserve_color.value, color_strength=color_strength,
        tile=common.parse_tile(tile), stats=stats.value, refine=refine,
    )  # fmt: skip
    arguments.check_numbers(per_image, quality, workers)
    if crop and (size is None or options.mask or options.regions):
        raise InputError("--crop needs --size, and pictures without mask and regions")
    if address and engine is not BatchEngine.ray:
        raise InputError("--address is for --engine ray")
    layout = arguments.layout_of(format, suffix, pack)

    # Everything that can be wrong with files is found before torch takes its seconds to import.
    names = styles + [name for parts in region_styles.values() for name in parts]
    model, maps = common.model_for(model, names), [path for path in (mask, regions) if path]
    arguments.check_files(source, out, names, maps)
    blend = parse_weights(weights, len(styles)) if weights else None
    selection = Selection(styles, pick.value, per_image, seed, blend)
    read = [part for name in names for part in style_weights(name)] + [*maps, model, source]
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

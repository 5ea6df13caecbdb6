"""stylize CONTENT STYLE [STYLE ...]: the main job."""

import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, cast

import typer

from ..errors import InputError, TooLarge
from ..media.image import FILMS, check_output, read_picture, with_short_side, write_picture
from ..media.large_tiff import check_large_output
from ..options import PreserveColor, Stats, StylizeOptions
from ..quick.choice import EngineName, choose_engine
from ..styles.names import DEFAULT_MODEL, style_weights
from . import common, complete
from .common import Precision, parse_regions, parse_weights
from .refine_record import RefineRecord

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..media.image import Picture
    from ..quick.onnx_stylizer import QuickStyle
    from ..styles.encode import Style

app = common.app()

EPILOG = """More verbs, each with its own --help:

\b
  stylize sheet      one photo in every style of a folder, to choose from
  stylize grid       styles by strengths, or four styles across a square
  stylize morph      an animation from style to style
  stylize batch      whole folders
  stylize video      films without flicker
  stylize web        the studio in the browser
  stylize serve      an HTTP API for other programs
  stylize style      save, blend and show style codes
  stylize train      train a decoder on your own photos and paintings
  stylize data       pack pictures for training
  stylize evaluate   measure a model: style, gram, content, ssim
  stylize export     ONNX files that run without torch
  stylize models     list the models there are
  stylize doctor     what is installed, and whether it works

Examples:

\b
  stylize photo.jpg starry.jpg
  stylize photo.jpg great_wave --preset poster
  stylize photo.jpg starry.jpg wave.jpg --weights 0.7,0.3 --alpha 0.8 -o out.png
  stylize photo.jpg bank:monet:0.7,bank:hokusai:0.3
  stylize photo.jpg starry.jpg --mask sky.png --feather 16
  stylize photo.jpg --regions map.png --region '#0000ff=starry.jpg' --region '#00ff00=wave.jpg'
  cat photo.jpg | stylize - starry.jpg -o - > out.png
"""


def _print_version(wanted: bool) -> None:
    if wanted:
        from .doctor import versions

        for name, value in versions():
            print(f"{name:<13} {value}")
        raise typer.Exit


def _print_completion(shell: str) -> None:
    if shell:
        print(complete.script(shell), end="")
        raise typer.Exit


@dataclass(frozen=True)
class Job:
    """A picture that is to be painted, all that can be wrong with files having been checked.

    photo: None if it is too large for memory: then it is painted from file to file. shape: width and
    height that it is painted at. pictures: what `styles` name, read already.
    """

    content: str
    output: str
    styles: list[str]
    options: StylizeOptions
    model: str
    photo: "Picture | None"
    shape: tuple[int, int] | None
    pictures: "list[Style]"


@app.command(epilog=EPILOG)
def picture(
    content: Annotated[str, typer.Argument(help="The photo; - reads it from standard input.")],
    styles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STYLE...",
            help="Paintings, shipped ones by name (starry_night, see stylize style list), "
            ".style.safetensors codes, folders of paintings, or learned styles "
            "(bank:monet, see stylize models); a.jpg:0.7,b.jpg:0.3 is a blend.",
            show_default=False,
            autocompletion=complete.styles,
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            show_default="CONTENT-STYLE.png here",
            help="Where the result goes, its suffix is its format; - writes PNG to standard output.",
        ),
    ] = "",
    preset: common.Preset = "",
    alpha: common.Alpha = 1.0,
    weights: common.Weights = "",
    size: common.Size = None,
    strokes: common.Strokes = 1.0,
    style_size: common.StyleSize = 512,
    style_crop: common.StyleCrop = 1.0,
    mask: common.Mask = "",
    regions: common.Regions = "",
    region: common.Region = None,
    feather: common.Feather = 0,
    preserve_color: common.KeptColor = PreserveColor.none,
    color_strength: common.ColorStrength = 1.0,
    tile: common.Tile = "auto",
    stats: common.StatsOf = Stats.exact,
    refine: common.Refine = 0,
    model: common.Model = DEFAULT_MODEL,
    device: common.Device = "auto",
    precision: common.Precise = Precision.auto,
    quality: common.Quality = 95,
    engine: common.EngineOf = EngineName.auto,
    as_json: common.Json = False,
    show: common.Show = False,
    force: common.Force = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print versions and the device."
        ),
    ] = False,
    completion: Annotated[
        str,
        typer.Option(
            metavar="bash|zsh|fish",
            callback=_print_completion,
            is_eager=True,
            help="Print a script that makes the shell complete options, models and styles.",
        ),
    ] = "",
) -> int:
    """Repaint a photo in the style of one or more paintings.

    The result has exactly the photo's size. Its path goes to standard output, messages to
    standard error.
    """
    styles = styles or []
    options = StylizeOptions(
        alpha=alpha, weights=parse_weights(weights, len(styles)) or None, size=size, strokes=strokes,
        style_size=style_size, style_crop=style_crop, mask=mask or None, regions=regions or None,
        region=parse_regions(region or []) or None, feather=feather,
        preserve_color=preserve_color.value, color_strength=color_strength,
        tile=common.parse_tile(tile), stats=stats.value, refine=refine,
    )  # fmt: skip
    common.check_quality(quality)
    if as_json and output == "-":
        raise InputError("--json and -o - both want standard output: give one of them up")
    if show and output == "-":
        raise InputError("--show opens a file: it does not go with -o -")
    job = _prepare(content, styles, output, options, model, force)
    engine = choose_engine(engine, job.model, options, job.shape, device, precision.value)
    quick = engine is EngineName.onnx
    painted = _paint_quickly(job) if quick else _paint(job, device, precision.value)
    if painted.image is not None:
        write_picture(job.output, painted.image, quality)
    if as_json:
        print(json.dumps(_record(job, painted, engine)))
    elif job.output != "-":
        _say_painted(job, painted)
    if show:
        common.show_result(job.output)
    return 0


def _prepare(
    content: str, styles: list[str], output: str, options: StylizeOptions, model: str, force: bool
) -> Job:
    """Find everything that can be wrong with files, before torch takes its seconds to import."""
    names = [*styles, *_region_styles(options)]
    if not names and model == DEFAULT_MODEL:  # others may have learned one
        raise InputError("no STYLE given")
    model = common.model_for(model, names)
    photo = _read_photo(content)
    pictures = common.read_styles(styles)
    common.read_styles(_region_styles(options))
    common.check_files(str(path) for path in (options.mask, options.regions) if path)
    output = output or default_output(content, styles or names or [model], _is_jpeg(content, photo))
    shape = photo.rgb.size if photo else None
    if shape and options.size:
        shape = with_short_side(shape, options.size)
    check_output(output, force, shape)
    if photo is None:
        check_large_output(output)
    return Job(content, output, styles, options, model, photo, shape, pictures)


def _read_photo(content: str) -> "Picture | None":
    """The photo, or None if it is too large for memory; InputError for what another verb paints."""
    if os.path.isdir(content):
        raise InputError(f"{content}: is a folder; stylize batch {content} OUT --style STYLE paints it")
    if content.lower().endswith(FILMS) and os.path.isfile(content):
        raise InputError(f"{content}: is a film; stylize video paints it")
    try:
        return read_picture(content)
    except TooLarge:
        if content == "-":
            raise
        return None


class PaintedPicture(NamedTuple):
    """What was painted; no image of what went from file to file. refined: of refining, if it was."""

    image: "Image | None"
    size: tuple[int, int]
    device: str
    seconds: float
    refined: RefineRecord | None = None


def _paint_quickly(job: Job) -> PaintedPicture:
    from ..quick.onnx_stylizer import OnnxStylizer  # and with it numpy's and onnxruntime's libraries

    start = time.perf_counter()
    stylizer = OnnxStylizer(job.model)
    photo, pictures = cast("Picture", job.photo), cast("Sequence[QuickStyle]", job.pictures)
    image = stylizer.stylize(photo, pictures, job.options)
    return PaintedPicture(image, image.size, stylizer.device, time.perf_counter() - start)


def _paint(job: Job, device: str, precision: str) -> PaintedPicture:
    from ..stylize.stylizer import Stylizer  # takes seconds: only now

    stylizer = Stylizer(job.model, device, precision)
    start = time.perf_counter()
    style, image = job.pictures or None, None
    refined = RefineRecord() if job.options.refine else None
    with refined or nullcontext(), common.share_done("painting") as progress:
        told: dict[str, Any] = {"progress": progress, "watch": refined and refined.watch}
        if job.photo is None:
            from ..stylize.large_image import stylize_file

            content, output = job.content, job.output
            size = stylize_file(stylizer, content, output, style, job.options, **told)
        else:
            image = cast("Image", stylizer.stylize(job.photo, style, options=job.options, **told))
            size = image.size
    return PaintedPicture(image, size, str(stylizer.device), time.perf_counter() - start, refined)


def _say_painted(job: Job, painted: PaintedPicture) -> None:
    print(job.output)
    where = "{}×{} on {}".format(*painted.size, painted.device)
    how = painted.refined.said() if painted.refined else ""
    print(f"stylized {where} in {painted.seconds:.1f} s{how}", file=sys.stderr)


def _record(job: Job, painted: PaintedPicture, engine: EngineName) -> dict[str, Any]:
    """What --json prints."""
    return {
        "input": job.content,
        "output": job.output,
        "size": list(painted.size),
        "styles": _listed(job.styles, job.options.weights or []),
        **({"regions": job.options.region} if job.options.region else {}),
        "alpha": job.options.alpha,
        "strokes": job.options.strokes,
        "model": job.model,
        "engine": engine.value,
        "device": painted.device,
        "seconds": round(painted.seconds, 3),
        **({"refine": painted.refined.told()} if painted.refined else {}),
    }


def _region_styles(options: StylizeOptions) -> list[str]:
    """The names of all styles of all regions."""
    return [
        name for blend in (options.region or {}).values() for name in cast("dict[str, float]", blend)
    ]


def _is_jpeg(content: str, photo: "Picture | None") -> bool:
    """Whether the default output is to be a JPEG, as the photo is."""
    if photo is None:
        return content.lower().endswith((".jpg", ".jpeg"))
    return photo.jpeg and photo.alpha is None


def _listed(styles: Sequence[str], weights: Sequence[float]) -> list[dict[str, Any]]:
    """Every style of the blend, and its weight in the whole."""
    found: list[dict[str, Any]] = []
    for style, weight in zip(styles, weights):
        parts = style_weights(style)
        total = sum(parts.values())
        found += [{"style": name, "weight": weight * w / total} for name, w in parts.items()]
    return found


def default_output(content: str, styles: list[str], jpeg: bool) -> str:
    """CONTENTSTEM-STYLESTEM.png, or .jpg for a JPEG photo, in the current folder."""
    stem = "stdin" if content == "-" else Path(content).stem
    names = "+".join(common.stem(style) for style in styles)
    name = f"{stem}-{names}".encode()[:200].decode(errors="ignore")  # of 255 that file systems take
    return name + (".jpg" if jpeg else ".png")

"""stylize CONTENT STYLE [STYLE ...]: the main job."""

import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ..errors import InputError, TooLarge
from ..media.animation import FILMS
from ..media.image import check_output, read_picture, with_short_side, write_picture
from ..media.large_tiff import check_large_output
from ..options import PreserveColor, Stats, StylizeOptions
from ..styles.names import DEFAULT_MODEL, made_of
from ..system.interrupt import Interrupt
from . import common, complete
from .common import Precision, parse_regions, parse_weights

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..media.image import Picture
    from ..styles.encode import Style
    from ..stylize.refine import RefineStep
    from ..stylize.stylizer import Stylizer

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

    photo: None if it is too large for memory: then it is painted from file to file. pictures: what
    `styles` name, read already.
    """

    content: str
    output: str
    styles: list[str]
    options: StylizeOptions
    model: str
    photo: "Picture | None"
    pictures: "list[Style]"


class Refined:
    """What is told of refining in the end, gathered while it lasts."""

    def __init__(self, interrupt: Interrupt) -> None:
        self.interrupt = interrupt
        self.steps: list[tuple[tuple[int, int], float, float]] = []
        self.started, self.seconds, self.done = time.perf_counter(), 0.0, 0.0

    def watch(self, step: "RefineStep") -> None:
        """Remember a step: its size, and the losses of style and content before it. After Ctrl-C it was
        the last one."""
        from ..stylize.refine import StopRefining

        self.steps.append((step.size, step.style, step.content))
        self.seconds, self.done = time.perf_counter() - self.started, step.done
        if self.interrupt.wanted:
            raise StopRefining

    def record(self) -> dict[str, Any]:
        """For --json: the losses at the finest size that was reached, before its first and last step."""
        finest = [step for step in self.steps if step[0] == self.steps[-1][0]]
        style = [round(before, 4) for _, before, _ in finest]
        content = [round(before, 4) for _, _, before in finest]
        return {
            "steps": len(self.steps),
            "finished": self.done == 1,
            "size": list(finest[-1][0]) if finest else None,
            "style_loss": [style[0], style[-1]] if finest else None,
            "content_loss": [content[0], content[-1]] if finest else None,
            "seconds": round(self.seconds, 3),
        }

    def said(self) -> str:
        """A word of it for the message, if it did not go to its end or not to the picture's own size."""
        if not self.steps:
            return ""
        width, height = self.steps[-1][0]
        stopped = "" if self.done == 1 else f", stopped at {self.done:.0%}"
        return f", refined at {width}×{height}{stopped}"


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
            help="Print what makes a shell complete options, models and styles.",
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

    from ..stylize.stylizer import Stylizer  # takes seconds: only now

    stylizer = Stylizer(job.model, device, precision.value)
    start = time.perf_counter()
    with Interrupt() if refine else nullcontext(Interrupt()) as interrupt:  # Ctrl-C keeps what there is
        refined = Refined(interrupt)
        result, shape = _stylize(job, stylizer, refined)
    seconds = time.perf_counter() - start
    if result is not None:
        write_picture(job.output, result, quality)
    if as_json:
        record = _record(job, shape, str(stylizer.device), seconds)
        print(json.dumps(record | ({"refine": refined.record()} if refine else {})))
    elif job.output != "-":
        print(job.output)
        where = f"{shape[0]}×{shape[1]} on {stylizer.device}"
        print(f"stylized {where} in {seconds:.1f} s{refined.said()}", file=sys.stderr)
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
    return Job(content, output, styles, options, model, photo, pictures)


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


def _stylize(
    job: Job, stylizer: "Stylizer", refined: "Refined"
) -> "tuple[Image | None, tuple[int, int]]":
    """What was painted and its width and height; None for what went from file to file."""
    style = job.pictures or None
    with common.share_done("painting") as progress:
        if job.photo is None:
            from ..stylize.large_image import stylize_file

            content, output = job.content, job.output
            return None, stylize_file(
                stylizer, content, output, style, job.options, progress=progress, watch=refined.watch
            )
        result = stylizer.stylize(
            job.photo, style, options=job.options, progress=progress, watch=refined.watch
        )
        image = cast("Image", result)
        return image, image.size


def _record(job: Job, shape: tuple[int, int], device: str, seconds: float) -> dict[str, Any]:
    """What --json prints."""
    return {
        "input": job.content,
        "output": job.output,
        "size": list(shape),
        "styles": _listed(job.styles, job.options.weights or []),
        **({"regions": job.options.region} if job.options.region else {}),
        "alpha": job.options.alpha,
        "strokes": job.options.strokes,
        "model": job.model,
        "device": device,
        "seconds": round(seconds, 3),
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
        parts = made_of(style)
        total = sum(parts.values())
        found += [{"style": name, "weight": weight * w / total} for name, w in parts.items()]
    return found


def default_output(content: str, styles: list[str], jpeg: bool) -> str:
    """CONTENTSTEM-STYLESTEM.png, or .jpg for a JPEG photo, in the current folder."""
    stem = "stdin" if content == "-" else Path(content).stem
    names = "+".join(common.stem(style) for style in styles)
    name = f"{stem}-{names}".encode()[:200].decode(errors="ignore")  # of 255 that file systems take
    return name + (".jpg" if jpeg else ".png")

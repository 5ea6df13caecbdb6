"""stylize CONTENT STYLE [STYLE ...]: the main job."""

import json
import os
import sys
import time
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError, TooLarge
from ..styles.names import made_of
from . import common
from .common import Precision

app = common.app()

EPILOG = """More verbs, each with its own --help:

\b
  stylize sheet      one photo in every style of a folder, to choose from
  stylize grid       styles by strengths, or four styles across a square
  stylize morph      an animation from style to style
  stylize batch      whole folders
  stylize video      films without flicker
  stylize web        the studio in the browser
  stylize style      save, blend and show style codes
  stylize train      train a decoder on your own photos and paintings
  stylize data       pack pictures for training
  stylize evaluate   measure a model: style, gram, content, ssim
  stylize export     ONNX files that run without torch
  stylize models     list the models there are

Examples:

\b
  stylize photo.jpg starry.jpg
  stylize photo.jpg starry.jpg wave.jpg --weights 0.7,0.3 --alpha 0.8 -o out.png
  stylize photo.jpg bank:monet:0.7,bank:hokusai:0.3
  stylize photo.jpg starry.jpg --mask sky.png --feather 16
  stylize photo.jpg --regions map.png --region '#0000ff=starry.jpg' --region '#00ff00=wave.jpg'
  cat photo.jpg | stylize - starry.jpg -o - > out.png
"""


class PreserveColor(str, Enum):
    none = "none"
    luminance = "luminance"
    histogram = "histogram"


class Stats(str, Enum):
    exact = "exact"
    thumbnail = "thumbnail"


@app.command(epilog=EPILOG)
def picture(
    content: Annotated[str, typer.Argument(help="The photo; - reads it from standard input.")],
    styles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STYLE...",
            help="Paintings, .style.safetensors codes, folders of paintings, or learned styles "
            "(bank:monet, see stylize models); a.jpg:0.7,b.jpg:0.3 is a blend.",
            show_default=False,
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
    alpha: Annotated[
        float, typer.Option(help="Strength: 0 the photo, 1 the full style, 2 too much.")
    ] = 1.0,
    weights: Annotated[
        str, typer.Option(metavar="W,W...", help="How much of each style, e.g. 0.7,0.3.")
    ] = "",
    size: Annotated[
        int | None,
        typer.Option(help="Short side of the result in pixels.", show_default="the photo's size"),
    ] = None,
    strokes: common.Strokes = 1.0,
    style_size: common.StyleSize = 512,
    style_crop: common.StyleCrop = 1.0,
    mask: Annotated[
        str,
        typer.Option(metavar="M.png", help="Where to paint, and how much: white all, black nothing."),
    ] = "",
    regions: Annotated[
        str, typer.Option(metavar="MAP.png", help="A map whose colours or labels choose the style.")
    ] = "",
    region: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=STYLE",
            help="The style of a colour or label, '#ff0000=sky.jpg', '3=a.jpg:0.5,b.jpg:0.5'; "
            "repeatable. A STYLE takes what is left.",
        ),
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
        str,
        typer.Option(
            metavar="auto|off|N",
            help="Paint in tiles of N pixels a side: less memory, the same picture.",
        ),
    ] = "auto",
    stats: Annotated[
        Stats, typer.Option(help="Statistics of the whole photo, or of a thumbnail: an approximation.")
    ] = Stats.exact,
    model: common.Model = common.DEFAULT_MODEL,
    device: common.Device = "auto",
    precision: common.Precise = Precision.auto,
    as_json: common.Json = False,
    force: common.Force = False,
) -> int:
    """Repaint a photo in the style of one or more paintings.

    The result has exactly the photo's size. Its path goes to standard output, messages to
    standard error.
    """
    from ..media.animation import FILMS
    from ..media.image import check_output, read_picture, with_short_side, write_picture
    from ..media.large_tiff import check_large_output

    styles = styles or []
    placed = parse_regions(region or [])
    if bool(placed) != bool(regions):
        raise InputError("--regions MAP and --region KEY=STYLE go together")
    if not styles and not placed and model == common.DEFAULT_MODEL:  # others may have learned one
        raise InputError("no STYLE given")
    model = common.model_for(model, styles + [name for each in placed.values() for name in each])
    shares = parse_weights(weights, len(styles))
    check_look(alpha, color_strength, feather, size)
    common.check_style_view(style_size, style_crop)
    if as_json and output == "-":
        raise InputError("--json and -o - both want standard output: give one of them up")

    # Everything that can be wrong with files is found before torch takes its seconds to import.
    if os.path.isdir(content):
        raise InputError(f"{content}: is a folder; stylize batch {content} OUT --style STYLE paints it")
    if content.lower().endswith(FILMS) and os.path.isfile(content):
        raise InputError(f"{content}: is a film; stylize video paints it")
    try:
        photo = read_picture(content)
    except TooLarge:
        if content == "-":
            raise
        photo = None  # painted from file to file
    pictures = common.read_styles(styles)
    common.read_styles(s for each in placed.values() for s in each)
    common.check_files(path for path in (mask, regions) if path)
    names = styles or [name for each in placed.values() for name in each]
    output = output or default_output(content, names or [model], _is_jpeg(content, photo))
    shape = photo and (with_short_side(photo.rgb.size, size) if size else photo.rgb.size)
    check_output(output, force, shape)
    if photo is None:
        check_large_output(output)

    from ..stylize.large_image import stylize_file
    from ..stylize.stylizer import Stylizer

    stylizer = Stylizer(model, device, precision.value)
    start = time.perf_counter()
    look = {
        "style": pictures or None,
        "alpha": alpha,
        "weights": shares or None,
        "mask": mask or None,
        "regions": regions or None,
        "region": placed or None,
        "feather": feather,
        "preserve_color": preserve_color.value,
        "color_strength": color_strength,
        "size": size,
        "strokes": strokes,
        "style_size": style_size,
        "style_crop": style_crop,
        "tile": int(tile) if tile.isdigit() else tile,
        "stats": stats.value,
    }
    with common.share_done("painting") as progress:
        if photo is None:
            shape = stylize_file(stylizer, content, output, **look, progress=progress)
        else:
            result = stylizer.stylize(photo, **look, progress=progress)
            shape = result.size
    seconds = time.perf_counter() - start
    if photo is not None:
        write_picture(output, result)
    if as_json:
        record = {
            "input": content,
            "output": output,
            "size": list(shape),
            "styles": _listed(styles, shares),
            **({"regions": placed} if placed else {}),
            "alpha": alpha,
            "strokes": strokes,
            "model": model,
            "device": str(stylizer.device),
            "seconds": round(seconds, 3),
        }
        print(json.dumps(record))
    elif output != "-":
        print(output)
        where = f"{shape[0]}×{shape[1]} on {stylizer.device}"
        print(f"stylized {where} in {seconds:.1f} s", file=sys.stderr)
    return 0


def check_look(alpha: float, color_strength: float, feather: int, size: int | None) -> None:
    """InputError for numbers that mean nothing."""
    if not 0 <= alpha <= 2:
        raise InputError(f"--alpha is {alpha:g}: it goes from 0 to 1, to 2 to exaggerate")
    if not 0 <= color_strength <= 1:
        raise InputError(f"--color-strength is {color_strength:g}: it goes from 0 to 1")
    if feather < 0:
        raise InputError(f"--feather is {feather}: 0 or more")
    if size is not None and size < 1:
        raise InputError(f"--size is {size}: at least 1")


def _is_jpeg(content: str, photo: object) -> bool:
    """Whether the default output is to be a JPEG, as the photo is."""
    if photo is None:
        return content.lower().endswith((".jpg", ".jpeg"))
    return photo.jpeg and photo.alpha is None


def _listed(styles: list[str], shares: list[float]) -> list[dict]:
    """Every style of the blend, and its share of the whole."""
    found = []
    for style, share in zip(styles, shares):
        parts = made_of(style)
        total = sum(parts.values())
        found += [{"style": name, "weight": share * w / total} for name, w in parts.items()]
    return found


def parse_weights(text: str, count: int) -> list[float]:
    """ "0.7,0.3" to shares that sum to 1, one for each of `count` styles; equal if empty."""
    try:
        weights = [float(part) for part in text.split(",")] if text else [1.0] * count
    except ValueError:
        raise InputError(f"--weights is {text!r}: numbers with commas between them") from None
    if len(weights) != count:
        raise InputError(f"--weights has {len(weights)} numbers for {count} styles: give one for each")
    if not all(0 <= w < float("inf") for w in weights) or count and not sum(weights) > 0:
        raise InputError("--weights must not be negative, and at least one must be above 0")
    return [w / sum(weights) for w in weights]


def parse_regions(texts: list[str]) -> dict[str, dict[str, float]]:
    """["#ff0000=a.jpg:0.5,b.jpg:0.5"] to {"#ff0000": {"a.jpg": 0.5, "b.jpg": 0.5}}."""
    found = {}
    for text in texts:
        key, equals, style = text.partition("=")
        if not equals or not key.strip() or not style.strip():
            raise InputError(f"--region is {text!r}: KEY=STYLE is wanted, e.g. '#ff0000=sky.jpg'")
        found[key.strip()] = common.parse_blend(style)
    return found


def default_output(content: str, styles: list[str], jpeg: bool) -> str:
    """CONTENTSTEM-STYLESTEM.png, or .jpg for a JPEG photo, in the current folder."""
    stem = "stdin" if content == "-" else Path(content).stem
    names = "+".join(common.stem(style) for style in styles)
    name = f"{stem}-{names}".encode()[:200].decode(errors="ignore")  # of 255 that file systems take
    return name + (".jpg" if jpeg else ".png")

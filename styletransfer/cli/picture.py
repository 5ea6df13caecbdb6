"""stylize CONTENT STYLE [STYLE ...]: the main job."""

import json
import sys
import time
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

EPILOG = """More verbs, each with its own --help:

  stylize train      train a decoder on your own photos and paintings

  stylize data       pack pictures for training

  stylize evaluate   measure a model: style, gram, content, ssim

  stylize models     list the models there are

Examples:

  stylize photo.jpg starry.jpg

  stylize photo.jpg starry.jpg wave.jpg --weights 0.7,0.3 --alpha 0.8 -o out.png

  cat photo.jpg | stylize - starry.jpg -o - > out.png
"""


class PreserveColor(str, Enum):
    none = "none"
    luminance = "luminance"
    histogram = "histogram"


class Precision(str, Enum):
    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"


@app.command(epilog=EPILOG)
def picture(
    content: Annotated[str, typer.Argument(help="The photo; - reads it from standard input.")],
    styles: Annotated[
        list[str],
        typer.Argument(metavar="STYLE...", help="Paintings, or .style.safetensors codes."),
    ],
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
    alpha: Annotated[float, typer.Option(help="Strength: 0 is the photo, 1 the full style.")] = 1.0,
    weights: Annotated[
        str, typer.Option(metavar="W,W...", help="How much of each style, e.g. 0.7,0.3.")
    ] = "",
    size: Annotated[
        int | None,
        typer.Option(help="Short side of the result in pixels.", show_default="the photo's size"),
    ] = None,
    style_size: Annotated[
        int, typer.Option(help="Short side at which styles are looked at: strokes grow with it.")
    ] = 512,
    preserve_color: Annotated[
        PreserveColor,
        typer.Option(help="Keep the photo's colours: paint brightness only, or recolour the style."),
    ] = PreserveColor.none,
    model: Annotated[str, typer.Option(help="A shipped model or a file.")] = "adain-vgg",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    precision: Annotated[Precision, typer.Option(help="Of the network.")] = Precision.auto,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite OUT.")] = False,
) -> int:
    """Repaint a photo in the style of one or more paintings.

    The result has exactly the photo's size. Its path goes to standard output, messages to
    standard error.
    """
    from ..io.image import check_output, read_picture, write_picture

    shares = parse_weights(weights, len(styles))
    if not 0 <= alpha <= 1:
        raise InputError(f"--alpha is {alpha:g}: it goes from 0 to 1")
    if size is not None and size < 1:
        raise InputError(f"--size is {size}: at least 1")
    if style_size < 16:
        raise InputError(f"--style-size is {style_size}: at least 16")
    if as_json and output == "-":
        raise InputError("--json and -o - both want standard output: give one of them up")

    # Everything that can be wrong with files is found before torch takes its seconds to import.
    photo = read_picture(content)
    pictures = [s if s.endswith(".style.safetensors") else read_picture(s) for s in styles]
    output = output or default_output(content, styles, photo.jpeg and photo.alpha is None)
    check_output(output, force)

    from ..engine.stylizer import Stylizer

    stylizer = Stylizer(model, device, precision.value)
    start = time.perf_counter()
    result = stylizer.stylize(
        photo,
        pictures,
        alpha,
        weights=shares,
        preserve_color=preserve_color.value,
        size=size,
        style_size=style_size,
    )
    seconds = time.perf_counter() - start
    write_picture(output, result)
    if as_json:
        record = {
            "input": content,
            "output": output,
            "size": list(result.size),
            "styles": [{"style": s, "weight": w} for s, w in zip(styles, shares)],
            "alpha": alpha,
            "model": model,
            "device": str(stylizer.device),
            "seconds": round(seconds, 3),
        }
        print(json.dumps(record))
    elif output != "-":
        print(output)
        where = f"{result.width}×{result.height} on {stylizer.device}"
        print(f"stylized {where} in {seconds:.1f} s", file=sys.stderr)
    return 0


def parse_weights(text: str, count: int) -> list[float]:
    """ "0.7,0.3" to shares that sum to 1, one for each of `count` styles; equal if empty."""
    try:
        weights = [float(part) for part in text.split(",")] if text else [1.0] * count
    except ValueError:
        raise InputError(f"--weights is {text!r}: numbers with commas between them") from None
    if len(weights) != count:
        raise InputError(f"--weights has {len(weights)} numbers for {count} styles: give one for each")
    if not all(0 <= w < float("inf") for w in weights) or not sum(weights) > 0:
        raise InputError("--weights must not be negative, and at least one must be above 0")
    return [w / sum(weights) for w in weights]


def default_output(content: str, styles: list[str], jpeg: bool) -> str:
    """CONTENTSTEM-STYLESTEM.png, or .jpg for a JPEG photo, in the current folder."""
    stem = "stdin" if content == "-" else Path(content).stem
    names = "+".join(Path(style.removesuffix(".style.safetensors")).stem for style in styles)
    return f"{stem}-{names}"[:120] + (".jpg" if jpeg else ".png")

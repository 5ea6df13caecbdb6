"""stylize morph: an animation from style to style."""

import sys
from fractions import Fraction
from typing import Annotated

import typer

from ..errors import InputError
from ..options import StylizeOptions
from ..styles.names import DEFAULT_MODEL
from . import common, complete
from .common import Precision

app = common.app()


@app.command()
def morph(
    content: Annotated[str, typer.Argument(help="The photo.")],
    styles: Annotated[
        list[str],
        typer.Argument(
            metavar="A B [C ...]",
            help="Pictures, codes or folders, in order.",
            autocompletion=complete.styles,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="OUT", help=".gif, .webp, .apng, .mp4, or a folder for frames."
        ),
    ] = "morph.gif",
    seconds: Annotated[float, typer.Option(help="Length in seconds.")] = 4.0,
    fps: Annotated[float, typer.Option(help="Pictures per second.")] = 12.0,
    loop: Annotated[bool, typer.Option("--loop", help="End with the first style again.")] = False,
    alpha: common.Alpha = 1.0,
    size: Annotated[
        int | None, typer.Option(help="Short side.", show_default="the photo's, at most 512")
    ] = None,
    strokes: common.Strokes = 1.0,
    style_size: common.StyleSize = 512,
    style_crop: common.StyleCrop = 1.0,
    model: common.Model = DEFAULT_MODEL,
    device: common.Device = "auto",
    precision: common.Precise = Precision.auto,
    as_json: common.Json = False,
    show: common.Show = False,
    force: common.Force = False,
) -> int:
    """Move a photo through styles, from the first to the last.

    The first and the last picture are those of the single styles.
    """
    from ..media.animation import check_animation, write_animation
    from ..media.image import read_picture

    if len(styles) < 2:
        raise InputError("at least two styles are wanted, to go from one to the other")
    frames = round(seconds * fps) if 0 < seconds < 1e5 and 0 < fps <= 240 else 0
    if frames < 2:
        raise InputError(f"{seconds:g} seconds at {fps:g} a second are no animation")
    StylizeOptions(alpha=alpha, style_size=style_size, style_crop=style_crop)  # checks them
    if size is not None:
        common.check_cell_size(size)
    photo = read_picture(content)
    common.read_styles(styles)
    model = common.model_for(model, styles)
    check_animation(output, force)

    from ..gallery.morph import morph as paint_morph
    from ..stylize.stylizer import Stylizer

    pictures = paint_morph(
        Stylizer(model, device, precision.value), photo, styles + styles[:1] * loop, frames, alpha,
        size=size or min(512, *photo.rgb.size), strokes=strokes,
        style_size=style_size, style_crop=style_crop,
    )  # fmt: skip
    times = [1 / Fraction(fps).limit_denominator(1001)] * frames
    write_animation(output, common.progress(pictures, frames), times, say)
    common.print_result(
        output, as_json, frames=frames, fps=fps, input=content, styles=styles, model=model
    )
    if show:
        common.show_result(output, "stylize morph")
    return 0


def say(text: str) -> None:
    """A line for the user."""
    print(f"stylize morph: {text}", file=sys.stderr)

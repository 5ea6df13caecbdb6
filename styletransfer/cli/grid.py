"""stylize grid: styles by strengths, or four styles across a square."""

from typing import Annotated

import typer

from ..errors import InputError
from ..options import StylizeOptions
from ..styles.names import DEFAULT_MODEL
from . import common, complete
from .common import Precision

app = common.app()


@app.command()
def grid(
    content: Annotated[str, typer.Argument(help="The photo.")],
    styles: Annotated[
        list[str],
        typer.Argument(
            metavar="STYLE...", help="Pictures, codes or folders.", autocompletion=complete.styles
        ),
    ],
    output: Annotated[str, typer.Option("--output", "-o", metavar="OUT")] = "grid.png",
    alphas: Annotated[
        str, typer.Option(metavar="A,A...", help="The strengths, one column each.")
    ] = "0,0.25,0.5,0.75,1",
    corners: Annotated[
        int | None,
        typer.Option(metavar="N", help="An N×N square with four styles at its corners instead."),
    ] = None,
    size: common.CellSize = 256,
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
    """Show what a photo looks like between styles and strengths, on one sheet.

    Rows are styles, columns strengths. With --corners 5, four styles (top left, top right, bottom
    left, bottom right) and everything between them.
    """
    from ..media.image import check_output, read_picture, write_picture

    strengths = common.parse_numbers(alphas, "--alphas")
    if corners is not None and (corners < 2 or len(styles) != 4):
        raise InputError("--corners N takes four styles, and N of at least 2")
    common.check_cell_size(size)
    for alpha in strengths:
        StylizeOptions(alpha=alpha, style_size=style_size, style_crop=style_crop)  # checks them
    photo = read_picture(content)
    common.read_styles(styles)
    model = common.model_for(model, styles)
    check_output(output, force)

    from ..gallery.grid import grid as paint_grid
    from ..stylize.stylizer import Stylizer

    painted = paint_grid(
        Stylizer(model, device, precision.value), photo, styles, strengths, corners,
        size=size, style_size=style_size, style_crop=style_crop, strokes=strokes, track=common.progress,
    )  # fmt: skip
    write_picture(output, painted)
    common.print_result(output, as_json, size=painted.size, input=content, styles=styles, model=model)
    if show:
        common.show_result(output, "stylize grid")
    return 0

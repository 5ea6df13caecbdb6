"""stylize sheet: a contact sheet to choose a style from."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from ..options import StylizeOptions
from ..styles.names import BANK, DEFAULT_MODEL
from . import common
from .common import Precision

app = common.app()


@app.command()
def sheet(
    content: Annotated[str, typer.Argument(help="The photo.")],
    styles: Annotated[
        str,
        typer.Argument(
            metavar="STYLES",
            help="A folder of pictures and codes; bank: for a model's own.",
        ),
    ],
    output: Annotated[str, typer.Option("--output", "-o", metavar="OUT")] = "sheet.jpg",
    columns: Annotated[int, typer.Option(help="Pictures per row.")] = 5,
    alpha: common.Alpha = 1.0,
    size: common.CellSize = 256,
    strokes: common.Strokes = 1.0,
    style_size: common.StyleSize = 512,
    style_crop: common.StyleCrop = 1.0,
    refine: common.Refine = 0,
    model: common.Model = DEFAULT_MODEL,
    device: common.Device = "auto",
    precision: common.Precise = Precision.auto,
    as_json: common.Json = False,
    show: common.Show = False,
    force: common.Force = False,
) -> int:
    """Paint one photo in every style of a folder, on one sheet with their names.

    A style that cannot be used is named on standard error, and the exit code is 1.
    """
    from ..media.image import check_output, read_picture, write_picture

    if columns < 1 or size < 16:
        raise InputError("--columns is at least 1, --size at least 16")
    StylizeOptions(alpha=alpha, style_size=style_size, style_crop=style_crop, refine=refine)
    photo = read_picture(content)
    found = [] if styles == BANK else _styles_in(styles)
    check_output(output, force)

    from ..gallery.contact_sheet import sheet as paint_sheet
    from ..stylize.stylizer import Stylizer

    broken = []

    def note(error: InputError) -> None:
        broken.append(error)
        print(f"stylize sheet: {error}", file=sys.stderr)

    stylizer = Stylizer(common.model_for(model, [styles]), device, precision.value)
    painted = paint_sheet(
        stylizer, photo, found or [BANK + name for name in stylizer.styles], columns, alpha,
        size=size, style_size=style_size, style_crop=style_crop, strokes=strokes, refine=refine,
        track=common.progress, on_error=note,
    )  # fmt: skip
    write_picture(output, painted)
    failures = [str(error) for error in broken]
    common.print_result(
        output, as_json, size=painted.size, input=content, model=stylizer.model, failed=failures
    )
    if show:
        common.show_result(output, "stylize sheet")
    return 1 if broken else 0


def _styles_in(folder: str) -> list[Path]:
    """All pictures and codes of a folder and the folders in it, sorted; InputError if there are none."""
    from ..media.image import SUFFIXES

    if not Path(folder).is_dir():
        raise InputError(f"{folder}: no such folder")
    found = [
        path
        for path in sorted(Path(folder).rglob("*"))
        if path.suffix.lower() in SUFFIXES or path.name.endswith(common.SUFFIX)
    ]
    if not found:
        raise InputError(f"{folder}: no pictures and no style codes in it")
    return found

"""stylize style: style codes as files."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from ..options import StylizeOptions
from ..styles.names import DEFAULT_MODEL, parse_blend, shipped_styles
from . import common, complete

app = common.app()

Output = Annotated[
    str,
    typer.Option("--output", "-o", metavar="OUT", help=f"Ends in {common.SUFFIX}."),
]


@app.callback()
def style() -> None:
    """Save, blend and show style codes: all that a model needs to know of a painting, in 90 KB."""


@app.command()
def save(
    source: Annotated[
        str,
        typer.Argument(
            metavar="STYLE",
            help="A picture, a folder of pictures (their mean), or bank:NAME.",
            autocompletion=complete.styles,
        ),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="OUT", show_default=f"NAME{common.SUFFIX} here")
    ] = "",
    style_size: common.StyleSize = 512,
    style_crop: common.StyleCrop = 1.0,
    model: common.Model = DEFAULT_MODEL,
    device: common.Device = "auto",
    as_json: common.Json = False,
    force: common.Force = False,
) -> int:
    """Encode a style once, to use it wherever a STYLE is taken."""
    StylizeOptions(style_size=style_size, style_crop=style_crop)  # checks them
    common.read_styles([source])
    output = _check(output or common.stem(source) + common.SUFFIX, force)

    from ..stylize.stylizer import Stylizer

    model = common.model_for(model, [source])
    code = Stylizer(model, device).style(source, style_size, style_crop, quantiles=True)
    code.save(output)
    common.print_result(output, as_json, model=model, digest=code.digest, styles=dict(code.styles))
    return 0


@app.command()
def blend(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="STYLE:SHARE...",
            help="a.jpg:0.6 b.style.safetensors:0.4",
            autocompletion=complete.styles,
        ),
    ],
    output: Output,
    style_size: common.StyleSize = 512,
    style_crop: common.StyleCrop = 1.0,
    model: common.Model = DEFAULT_MODEL,
    device: common.Device = "auto",
    as_json: common.Json = False,
    force: common.Force = False,
) -> int:
    """Mix styles into one code. Shares need not sum to 1; without one, a style counts 1."""
    StylizeOptions(style_size=style_size, style_crop=style_crop)  # checks them
    weights: dict[str, float] = {}
    for source in sources:
        for name, weight in parse_blend(source).items():
            weights[name] = weights.get(name, 0) + weight
    common.read_styles(weights)
    _check(output, force)

    from ..stylize.stylizer import Stylizer

    model = common.model_for(model, weights)
    code = Stylizer(model, device).blend(weights, None, style_size, style_crop, quantiles=True)
    code.save(output)
    common.print_result(output, as_json, model=model, digest=code.digest, styles=dict(code.styles))
    return 0


@app.command()
def show(
    source: Annotated[str, typer.Argument(metavar="CODE", help=f"A {common.SUFFIX} file.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="OUT", show_default="NAME-sheet.jpg here")
    ] = "",
    content: Annotated[
        str, typer.Option(metavar="PHOTO", help="What to paint.", show_default="an example photo")
    ] = "",
    size: common.CellSize = 256,
    model: common.Model = DEFAULT_MODEL,
    device: common.Device = "auto",
    as_json: common.Json = False,
    force: common.Force = False,
) -> int:
    """Tell what a code was made of, and paint a photo with it at several strengths."""
    from ..media.image import check_output, example_photo, read_picture, write_picture

    common.check_files([source])
    output = output or f"{common.stem(source)}-sheet.jpg"
    photo = read_picture(content or example_photo())
    check_output(output, force)

    from ..gallery.layout import cell_size, draw_sheet
    from ..styles.code import StyleCode
    from ..stylize.stylizer import Stylizer

    code = StyleCode.load(source)
    channels = {tap: pair.mean.shape[1] for tap, pair in code.statistics.items()}
    record = {
        "file": source,
        "model": code.model,
        "digest": code.digest,
        "version": code.version,
        "styles": dict(code.styles),
        "taps": channels,
        "quantiles": bool(code.quantiles),
        "bytes": Path(source).stat().st_size,
    }
    stylizer = Stylizer(model, device)
    alphas = (0.5, 1.0, 1.5)
    pictures = list(stylizer.variations(photo, [(code, alpha) for alpha in alphas], size))
    titles = ["photo", *(f"alpha {alpha:g}" for alpha in alphas)]
    write_picture(output, draw_sheet([[photo.rgb, *pictures]], cell_size(photo.rgb, size), titles))
    if as_json:
        print(json.dumps({**record, "sheet": output}))
        return 0
    styles = " + ".join(f"{weight:.3g} {name}" for name, weight in code.styles.items())
    taps = ", ".join(f"{count} channels at {tap}" for tap, count in channels.items())
    print(f"made of  {styles}")
    print(f"model    {code.model} ({code.digest[:12]}…), styletransfer {code.version}")
    refinable = "and what --refine needs" if code.quantiles else "nothing for --refine"
    print(f"holds    mean and deviation of {taps}, {refinable}; {record['bytes']} bytes")
    print(f"sheet    {output}")
    return 0


@app.command("list")
def list_styles(as_json: common.Json = False) -> int:
    """List the paintings that ship with the package, which are styles by name."""
    styles = {name: str(path) for name, path in shipped_styles().items()}
    if as_json:
        print(json.dumps({"styles": styles}))
    else:
        print("\n".join(f"{name}\t{path}" for name, path in styles.items()))
    return 0


def _check(output: str, force: bool) -> str:
    path = Path(output)
    if not output.endswith(common.SUFFIX):
        raise InputError(f"{output}: a style code's name ends in {common.SUFFIX}")
    if not path.parent.is_dir():
        raise InputError(f"{output}: there is no folder {path.parent}")
    if path.exists() and not force:
        raise InputError(f"{output}: already there (--force overwrites it)")
    return output

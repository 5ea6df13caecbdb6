"""stylize export: the network for other runtimes."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from ..styles.names import DEFAULT_MODEL
from . import common, complete

app = common.app()

EPILOG = """NAME.onnx takes content (1, 3, H, W) in [0, 1], style (1, L) and alpha (1) and gives the
picture; NAME.style.onnx takes a painting (1, 3, H, W) and gives its style. Any size from 16 pixels on.

--web writes a page instead that paints in the browser of whoever visits it: a folder for any web server.

  stylize export adain-fast -o fast.onnx
  stylize export --web site
  stylize export --web site --model mine.safetensors --runtime node_modules/onnxruntime-web
"""


@app.command(epilog=EPILOG)
def export(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="A shipped model or a file.",
            show_default=False,
            autocompletion=complete.models,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT.onnx", show_default="MODEL.onnx here")
    ] = None,
    web: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a page that paints in the browser.")
    ] = None,
    web_model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="With --web.",
            show_default=DEFAULT_MODEL,
            autocompletion=complete.models,
        ),
    ] = None,
    runtime: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="With --web: the npm package onnxruntime-web, to be copied.",
            show_default="loaded from a public server",
        ),
    ] = None,
    as_json: common.Json = False,
    force: common.Force = False,
) -> int:
    """Write a model as two ONNX files, which run without torch and without this package; or as a page.

    Needs the extra [onnx].
    """
    if model and web_model:
        raise InputError("give one model: MODEL or --model")
    model = model or web_model
    if web:
        if output:
            raise InputError("give --web or --output")
        return _site(model or DEFAULT_MODEL, web, runtime, as_json, force)
    if model is None:
        raise InputError("which MODEL? (stylize models names those that are shipped)")
    if runtime:
        raise InputError("--runtime goes with --web")
    return _graphs(model, output, as_json, force)


def _graphs(model: str, output: Path | None, as_json: bool, force: bool) -> int:
    output = output or Path(Path(model).name).with_suffix(".onnx")
    beside = output.with_suffix(".style.onnx")
    if output.suffix != ".onnx":
        raise InputError(f"{output}: end it in .onnx")
    if not output.parent.is_dir():
        raise InputError(f"{output}: there is no folder {output.parent}")
    for path in (output, beside):
        if path.exists() and not force:
            raise InputError(f"{path}: already there (--force overwrites it)")

    from ..models.onnx import OPSET, export
    from ..models.weights import load_model

    net = load_model(model)
    paths = list(map(str, export(net.eval(), output, model, str(net.digest))))
    if as_json:
        print(json.dumps({"outputs": paths, "model": model, "digest": net.digest, "opset": OPSET}))
    else:
        print("\n".join(paths))
    print(f"opset {OPSET}; float32; any height and width from 16 on", file=sys.stderr)
    return 0


def _site(model: str, folder: Path, package: Path | None, as_json: bool, force: bool) -> int:
    from ..site.runtime import distribution

    if package:
        distribution(package)  # says what is wrong with it, if anything
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is not a folder")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise InputError(f"{folder}: is not empty (--force writes over what is there)")

    from ..site.write import write_site

    write_site(model, folder, package)
    page = str(folder / "index.html")
    print(json.dumps({"output": page, "model": model}) if as_json else page)
    print("for any web server; to try it: python -m http.server --directory DIR", file=sys.stderr)
    return 0

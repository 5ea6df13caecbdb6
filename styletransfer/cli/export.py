"""stylize export: the network for other runtimes."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from . import common, complete

app = common.app()

EPILOG = """NAME.onnx takes content (1, 3, H, W) in [0, 1], style (1, L) and alpha (1) and gives the
picture; NAME.style.onnx takes a painting (1, 3, H, W) and gives its style. Any size from 16 pixels on.

  stylize export adain-fast -o fast.onnx
"""


@app.command(epilog=EPILOG)
def export(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="A shipped model or a file.", autocompletion=complete.models
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT.onnx", show_default="MODEL.onnx here")
    ] = None,
    as_json: common.Json = False,
    force: common.Force = False,
) -> int:
    """Write a model as two ONNX files, which run without torch and without this package.

    Needs the extra [onnx].
    """
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

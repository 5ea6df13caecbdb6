"""stylize models: what there is to choose from."""

import json
from typing import Annotated

import typer

from ..styles.names import BANK

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> int:
    """List the models that ship with the package, for --model."""
    from ..models.shipped import model_path
    from ..models.shipped import models as names
    from ..models.weights import load_model

    for name in names():
        net = load_model(name)
        styles = [BANK + style for style in net.config.styles]
        record = {
            "model": name,
            "encoder": net.config.encoder,
            "bottleneck": net.config.bottleneck,
            "decoder_parameters": sum(p.numel() for p in net.decoder.parameters()),
            "styles": styles,
            "sha256": net.digest,
            "file": str(model_path(name)),
        }
        print(json.dumps(record) if as_json else f"{name}\t{record['encoder']}\t{record['file']}")
        if styles and not as_json:
            print("\t" + " ".join(styles))
    return 0

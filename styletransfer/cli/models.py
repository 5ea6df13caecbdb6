"""stylize models: what there is to choose from."""

import json

from ..styles.names import BANK
from . import common

app = common.app()


@app.command()
def models(as_json: common.Json = False) -> int:
    """List the models that ship with the package, for --model."""
    from ..models.shipped import model_path
    from ..models.shipped import models as names
    from ..models.weights import load_model

    records = []
    for name in names():
        net = load_model(name)
        styles = [BANK + style for style in net.config.styles]
        records.append({
            "model": name,
            "encoder": net.config.encoder,
            "bottleneck": net.config.bottleneck,
            "decoder_parameters": sum(p.numel() for p in net.decoder.parameters()),
            "styles": styles,
            "sha256": net.digest,
            "file": str(model_path(name)),
        })  # fmt: skip
        if not as_json:
            print(f"{name}\t{net.config.encoder}\t{model_path(name)}")
            if styles:
                print("\t" + " ".join(styles))
    if as_json:
        print(json.dumps({"models": records}))
    return 0

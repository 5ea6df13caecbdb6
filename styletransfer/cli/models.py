"""stylize models: what there is to choose from."""

import json

from ..styles.names import BANK
from . import common

app = common.app()


@app.command()
def models(as_json: common.Json = False) -> int:
    """List the models that ship with the package, for --model."""
    from ..models.shipped import file_digest, header, model_path
    from ..models.shipped import models as names

    records = []
    for name in names():
        path, about = model_path(name), header(name)
        styles = [BANK + style for style in about.styles]
        records.append({
            "model": name,
            "encoder": about.encoder,
            "bottleneck": about.bottleneck,
            "decoder_parameters": about.decoder_parameters,
            "styles": styles,
            "sha256": file_digest(path),
            "file": str(path),
        })  # fmt: skip
        if not as_json:
            print(f"{name}\t{about.encoder}\t{path}")
            if styles:
                print("\t" + " ".join(styles))
    if as_json:
        print(json.dumps({"models": records}))
    return 0

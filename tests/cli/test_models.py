"""stylize models."""

import json

from styletransfer.cli import run


def test_models(capsys):
    assert run(["models", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)["models"]
    names = ["adain-fast", "adain-vgg", "bank", "contextual"]
    assert [record["model"] for record in records] == names
    assert "bank:hokusai" in records[2]["styles"] and len(records[2]["styles"]) == 16
    assert run(["models"]) == 0 and capsys.readouterr().out.startswith("adain-fast\tslim")

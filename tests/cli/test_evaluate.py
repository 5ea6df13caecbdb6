"""stylize evaluate."""

import json

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run
from styletransfer.evaluation import report


@pytest.fixture
def quarter_size(monkeypatch):
    """Pictures are looked at at a quarter of each size, which takes a sixteenth of the time."""
    resize = report.resize_short_side
    monkeypatch.setattr(report, "resize_short_side", lambda image, size: resize(image, size // 4))


def test_evaluate_measures_pictures_made_elsewhere(quarter_size, tmp_path, capsys):
    rng = np.random.default_rng(0)
    for name in ("c", "s", "t"):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
        coarse.resize((100, 90)).save(tmp_path / f"{name}.png")
    (tmp_path / "pairs.tsv").write_text("0\tc.png\ts.png\n1\tc.png\tt.png\n")
    (tmp_path / "out").mkdir()
    for i, name in enumerate("cs"):  # the photo itself for pair 0, the wrong style for pair 1
        (tmp_path / "out" / f"{i}.png").write_bytes((tmp_path / f"{name}.png").read_bytes())
    arguments = ["evaluate", str(tmp_path / "pairs.tsv"), "--outputs", str(tmp_path / "out")]
    assert run([*arguments, "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["rows"]
    assert first["style"] == pytest.approx(0, abs=1e-6) and first["content"] == pytest.approx(1)
    assert first["ssim"] == pytest.approx(1) and second["content"] < 0.8
    assert run(arguments) == 0 and "mean" in capsys.readouterr().out


BAD = {
    "evaluate": ["evaluate", "no.tsv"],
    "text": ["evaluate", "TEXT"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_line(arguments, refused):
    refused(*arguments)

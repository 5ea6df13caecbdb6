"""What is in the folder that a page is."""

import gzip
import json
import re
from dataclasses import replace

import numpy as np
import onnx
import pytest

from styletransfer.errors import InputError
from styletransfer.media.image import example_styles
from styletransfer.models.onnx import flattened
from styletransfer.models.weights import load_model, save_model
from styletransfer.pages import PARTS
from styletransfer.site.runtime import FILES
from styletransfer.site.write import write_site
from styletransfer.stylize.stylizer import Stylizer

from ..networks import network


def contrast(*colors: str) -> float:
    """Of two colours, as WCAG 2 has it."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    low, high = sorted(map(luminance, colors))
    return (high + 0.05) / (low + 0.05)


def test_every_text_stands_out_by_day_and_by_night():
    schemes = re.findall(r":root \{(.*?)\}", (PARTS / "base.css").read_text(), re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        color = dict(re.findall(r"--([\w-]+): (#\w{6})", scheme))
        for text, ground in (
            ("ink", "paper"), ("ink", "card"), ("soft", "paper"), ("soft", "card"), ("soft", "well"),
            ("accent", "paper"), ("on-accent", "accent"), ("on-accent", "accent-hover"),
        ):  # fmt: skip
            assert contrast(color[text], color[ground]) >= 4.5, (text, ground)
        assert contrast(color["edge"], color["paper"]) >= 3  # WCAG 1.4.11: of what is no text


@pytest.mark.parametrize(
    "model, message", [("bank", "styles it has learned"), ("contextual", "cannot be exported")]
)
def test_a_model_that_a_page_cannot_have_leaves_no_folder(model, message, tmp_path):
    with pytest.raises(InputError, match=message):
        write_site(model, tmp_path / "site")
    assert not (tmp_path / "site").exists()


@pytest.mark.slow
def test_a_site_has_all_that_its_page_asks_for(site):
    about = json.loads((site / "site.json").read_text())
    assert {s["key"] for s in about["styles"]} == {path.stem for path in example_styles()}
    assert all(s["title"] and s["artist"] for s in about["styles"])
    for style in about["styles"]:
        assert (site / "styles" / f"{style['key']}.jpg").is_file()
    stylizer = Stylizer(device="cpu", precision="fp32")
    rows = np.fromfile(site / "styles" / "rows.bin", np.float32).reshape(len(about["styles"]), -1)
    for row, style in zip(rows, about["styles"]):
        path = next(path for path in example_styles() if path.stem == style["key"])
        expected = flattened(stylizer.style(path).statistics)[0].numpy()
        np.testing.assert_allclose(row, expected, rtol=1e-5, atol=1e-7)
    for name in about["graphs"].values():
        onnx.checker.check_model(str(site / "model" / name))
    assert about["weights"] == "weights.bin"
    for parts in about["runtime"].values():
        assert all((site / part["path"]).is_file() for part in parts.values())
    assert "connect-src 'self';" in (site / "index.html").read_text()


@pytest.mark.slow
def test_a_visit_on_wasm_is_at_most_5_megabytes(shipped_site, package):
    """As web servers send it that compress: the shipped network, and the runtime too."""
    files = [path for path in shipped_site.rglob("*") if path.is_file()]
    assert {"weights.bin", "first.onnx", "photo.jpg", "rows.bin"} <= {path.name for path in files}
    files += [package / "dist" / name for name in FILES["wasm"]]
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in files) <= 5_000_000


def test_a_site_without_a_runtime_names_the_public_server(monkeypatch, tmp_path):
    small = network(replace(load_model("adain-fast").config, channels=(6, 8)))
    save_model(tmp_path / "small.safetensors", small)
    monkeypatch.setattr("styletransfer.site.write.export_passes", lambda *_: [])
    write_site(str(tmp_path / "small.safetensors"), tmp_path / "site")
    assert "connect-src 'self' https://cdn.jsdelivr.net;" in (tmp_path / "site/index.html").read_text()
    assert not (tmp_path / "site" / "runtime").exists()

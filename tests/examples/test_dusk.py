import importlib.util
import sys
from pathlib import Path

import pytest
from PIL import Image

from ..conftest import noise


@pytest.fixture
def dusk(monkeypatch):
    path = Path(__file__).parents[2] / "examples" / "dusk.py"
    spec = importlib.util.spec_from_file_location("dusk", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "SIZE", 32)
    monkeypatch.setattr(module, "SHOWN", 32)
    return module


def test_a_domain_is_measured_and_shown(dusk, tiny_model, photo, tmp_path, monkeypatch, capsys):
    domain = tmp_path / "domain"
    domain.mkdir()
    for seed in range(4):
        noise(40, 40, seed).point(lambda value: value // 4).save(domain / f"{seed}.png")
    arguments = ["dusk.py", photo, "--domain", str(domain), "--model", tiny_model]
    monkeypatch.setattr(sys, "argv", [*arguments, "-o", str(tmp_path / "out.png")])
    dusk.main()
    rows = [line.split("|")[1:3] for line in capsys.readouterr().out.splitlines()[2:]]
    distances = {name.strip(): float(value) for name, value in rows}
    assert distances["--alpha 1"] < distances["the photo"]
    assert Image.open(tmp_path / "out.png").size == (43 * 5, 40)


def test_a_domain_of_too_few_photos(dusk, tiny_model, photo, tmp_path, monkeypatch):
    domain = tmp_path / "domain"
    domain.mkdir()
    noise(40, 40).save(domain / "one.png")
    monkeypatch.setattr(sys, "argv", ["dusk.py", photo, "--domain", str(domain), "--model", tiny_model])
    with pytest.raises(SystemExit, match="four photos"):
        dusk.main()

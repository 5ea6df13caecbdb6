import json
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
import torch

from styletransfer import __version__
from styletransfer.cli import doctor, run

ROOT = Path(__file__).parents[2]


def test_the_extras_are_those_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {
        name: tuple(each.split(">")[0].split("[")[0] for each in packages)
        for name, packages in project["optional-dependencies"].items()
    }
    del extras["dev"]
    assert extras == doctor.EXTRAS


def test_it_tells_what_there_is_and_paints(capsys):
    assert run(["doctor", "--json", "--device", "cpu"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["fine"] and found["test"].startswith("fine: ") and "cpu" in found["device"]
    assert found["styletransfer"] == __version__ and found["torch"] == torch.__version__.split("+")[0]
    assert "adain-vgg" in found and found.keys() > doctor.EXTRAS.keys()


@pytest.mark.parametrize("fault", ["grey", "error"])
def test_a_picture_that_is_wrong_is_told(fault, monkeypatch, capsys):
    from styletransfer import InputError, Stylizer

    def stylize(self, photo, style, style_size):
        if fault == "error":
            raise InputError("no kernel image")
        return photo * 0 + (128 if self.precision == "auto" else 0)

    def start(self, model, device="auto", precision="auto"):
        self.precision = precision

    monkeypatch.setattr(Stylizer, "__init__", start)
    monkeypatch.setattr(Stylizer, "stylize", stylize)
    monkeypatch.setattr(doctor, "versions", lambda device: [("styletransfer", "1")])
    monkeypatch.setitem(doctor.EXTRAS, "web", ("no-such-package",))
    assert run(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "failed: " in said and ("128.0 grey levels" in said or "no kernel image" in said)
    assert "not installed (pip install 'styletransfer[web]')" in said


def test_without_torch_it_tells_so_and_paints_with_onnxruntime(monkeypatch, capsys):
    pytest.importorskip("onnxruntime")

    def without_torch(name):
        if name.startswith("torch"):
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    monkeypatch.setattr(doctor, "version", without_torch)
    assert run(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["torch"] == "not installed (pip install torch)" and found["onnxruntime"][0].isdigit()
    assert found["fine"] and found["test"].endswith("(onnxruntime, without torch)")


def test_a_device_that_is_not_there_is_one_line(capsys):
    assert run(["doctor", "--device", "abacus"]) == 2
    assert capsys.readouterr().err.startswith("stylize doctor: there is no device 'abacus'")


def test_the_version_with_torch_device_and_models(capsys):
    assert run(["--version"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["styletransfer"] == __version__ and "device" in lines
    card = (ROOT / "weights" / "adain-fast.md").read_text()
    assert lines["adain-fast"].rpartition(" ")[2] in card

"""The models that come along, and their graphs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from styletransfer import InputError
from styletransfer.models import shipped
from styletransfer.models.shipped import header, model_path, models
from styletransfer.models.weights import load_model

onnxruntime = pytest.importorskip("onnxruntime")


def test_models_lists_what_there_is():
    assert "adain-vgg" in models() and not any(Path(name).suffix for name in models())


def test_a_model_is_found_by_name_and_by_path(tiny_model):
    assert model_path("adain-fast").name == "adain-fast.safetensors"
    assert model_path(tiny_model) == Path(tiny_model)
    with pytest.raises(InputError, match="no model 'x': give one of adain-fast, "):
        model_path("x")


@pytest.mark.parametrize("model", models())
def test_a_header_says_what_the_network_is(model):
    net = load_model(model)
    said = net.config.encoder, net.config.bottleneck, list(net.config.styles)
    assert header(model) == (*said, sum(p.numel() for p in net.decoder.parameters()))


def test_no_torch_is_needed_for_names():
    code = "import sys; from styletransfer.models.shipped import *; models(), header('bank'); "
    done = subprocess.run([sys.executable, "-c", code + "sys.exit('torch' in sys.modules)"])
    assert done.returncode == 0


def test_graphs_are_of_the_weights_beside_them():
    """If this fails: make graphs."""
    paths = [path for model in shipped.models() for path in shipped.graph_paths(model) or ()]
    assert sorted(path.name for path in paths) == ["adain-fast.onnx", "adain-fast.style.onnx"]
    assert sorted(paths) == sorted(shipped.WEIGHTS.glob("*.onnx"))
    for path in paths:
        about = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
        assert about["digest"] == shipped.file_digest(shipped.model_path(about["model"])), path.name


def test_what_has_no_graphs(tmp_path):
    for model in ("adain-vgg", "bank", tmp_path / "adain-fast.safetensors", "../weights/adain-fast"):
        assert shipped.graph_paths(model) is None


def test_a_half_is_no_longer_than_the_least_reflection():
    """Of 16 pixels the draft has 8, which are extended by 8 more: one at a time as often as it takes."""
    session = onnxruntime.InferenceSession(shipped.WEIGHTS / "adain-fast.onnx")
    content = np.random.default_rng(0).random((1, 3, 16, 17), dtype=np.float32)
    inputs = {"content": content, "alpha": np.ones((1, 1, 16, 17), np.float32)}
    length = session.get_inputs()[1].shape[1]
    (picture,) = session.run(None, {**inputs, "style": np.full((1, length), 0.1, np.float32)})
    assert picture.shape == content.shape and np.isfinite(picture).all()

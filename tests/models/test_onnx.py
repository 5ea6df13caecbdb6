"""ONNX files give torch's pictures, at sizes they were not made with."""

import numpy as np
import pytest
import torch

from styletransfer.cli import run
from styletransfer.models.config import Config
from styletransfer.models.network import faded
from styletransfer.models.onnx import flattened, unflattened
from styletransfer.models.padding import pad_to_multiple
from styletransfer.models.weights import load_model, save_model

from ..networks import network

onnxruntime = pytest.importorskip("onnxruntime")
# What the default model, which is the other one here, has not: a VGG, and channels matched one by one.
VGG = Config(channels=(4, 6, 8, 8), taps=("pixels", "relu3_1", "relu4_1"), joint=())


@pytest.mark.slow
def test_onnxruntime_paints_what_torch_paints(tmp_path, capsys):
    save_model(tmp_path / "net.safetensors", network(VGG))
    assert run(["export", str(tmp_path / "net.safetensors"), "-o", str(tmp_path / "m.onnx")]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / n) for n in ("m.onnx", "m.style.onnx")]
    paints_the_same(tmp_path / "m.onnx", tmp_path / "net.safetensors")


@pytest.mark.slow
def test_so_it_does_with_drafts_grain_and_a_scale(small_fast_onnx, small_fast):
    paints_the_same(small_fast_onnx, small_fast)


def paints_the_same(file, model):
    painter, encoder = map(onnxruntime.InferenceSession, (file, file.with_suffix(".style.onnx")))
    net = load_model(model)
    assert painter.get_modelmeta().custom_metadata_map["digest"] == net.digest
    for height, width in ((16, 16), (40, 40), (37, 90), (129, 64)):
        content, style = torch.rand(1, 3, height, width), torch.rand(1, 3, width, height)
        (code,) = encoder.run(None, {"picture": style.numpy()})
        with torch.inference_mode():
            expected = net.code(pad_to_multiple(style))
            np.testing.assert_allclose(code, flattened(expected).numpy(), atol=2e-4, rtol=1e-3)
            for alpha in (0.0, 0.4, 1.0):
                inputs = {"content": content.numpy(), "style": code, "alpha": np.float32([alpha])}
                (out,) = painter.run(None, inputs)
                assert out.shape == content.shape
                torch_s = net(pad_to_multiple(content), expected, alpha)[:, :, :height, :width]
                torch_s = faded(content, torch_s.clamp(0, 1), alpha)
                assert np.abs(out - torch_s.numpy()).max() <= 0.5 / 255


def test_a_style_is_flattened_and_back(tiny_net):
    from styletransfer.models.onnx import shapes

    code = tiny_net.code(torch.rand(2, 3, 32, 32))
    back = unflattened(flattened(code), shapes(tiny_net))
    assert code.keys() == back.keys()
    assert all(torch.equal(a, b) for tap in code for a, b in zip(code[tap], back[tap]))

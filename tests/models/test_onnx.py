"""ONNX files give torch's pictures, at sizes they were not made with."""

import numpy as np
import pytest
import torch

from styletransfer.models.network import faded
from styletransfer.models.onnx import (
    ExportedStyleEncoder,
    ExportedStylizer,
    flattened,
    unflattened,
)
from styletransfer.models.padding import pad_to_multiple
from styletransfer.models.weights import load_model

from ..networks import CONFIGS, network

onnxruntime = pytest.importorskip("onnxruntime")


@pytest.mark.slow
def test_onnxruntime_paints_what_torch_paints(exported):
    """At sizes that it was not made with. Of the default model: tests/quick, tests/site."""
    model, file = exported
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


@torch.inference_mode()
def test_what_is_exported_pads_and_fades_with_drafts_too():
    net = network(CONFIGS["slim-grain"])
    content, style = torch.rand(1, 3, 37, 90), torch.rand(1, 3, 64, 48)
    for alpha in (torch.tensor([0.4]), torch.full((1, 1, 37, 90), 0.4)):
        out = ExportedStylizer(net)(content, ExportedStyleEncoder(net)(style), alpha)
        expected = net(pad_to_multiple(content), net.code(style), 0.4)[:, :, :37, :90]
        assert torch.allclose(out, faded(content, expected.clamp(0, 1), 0.4), atol=1e-5)


def test_a_style_is_flattened_and_back(tiny_net):
    from styletransfer.models.onnx import shapes

    code = tiny_net.code(torch.rand(2, 3, 32, 32))
    back = unflattened(flattened(code), shapes(tiny_net))
    assert code.keys() == back.keys()
    assert all(torch.equal(a, b) for tap in code for a, b in zip(code[tap], back[tap]))

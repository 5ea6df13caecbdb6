"""ONNX files give torch's pictures, at sizes they were not made with."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from styletransfer.cli import run
from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet, faded
from styletransfer.models.onnx import flattened, unflattened
from styletransfer.models.padding import pad_to_multiple
from styletransfer.models.weights import load_model, save_model

onnxruntime = pytest.importorskip("onnxruntime")
SLIM = Config(
    encoder="slim",
    taps=("pixels", "relu3_1", "relu4_1"),
    joint=("pixels", "relu3_1"),
    channels=(6, 8, 10),
)
ENLARGED = replace(SLIM, taps=SLIM.joint, channels=(6, 8), scale=(5, 4))


@pytest.fixture(scope="module", params=["tiny", SLIM, ENLARGED])
def model(request, tiny_model, tmp_path_factory) -> str:
    if request.param == "tiny":
        return tiny_model
    torch.manual_seed(0)
    net = StylizerNet(request.param).requires_grad_(False)
    for m in net.modules():
        if isinstance(m, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(m.weight)
    path = tmp_path_factory.mktemp("slim") / "slim.safetensors"
    save_model(path, net)
    return str(path)


@pytest.mark.slow
def test_onnxruntime_paints_what_torch_paints(model, tmp_path, capsys):
    assert run(["export", model, "-o", str(tmp_path / "m.onnx")]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / n) for n in ("m.onnx", "m.style.onnx")]
    painter, encoder = (
        onnxruntime.InferenceSession(tmp_path / name) for name in ("m.onnx", "m.style.onnx")
    )
    net = load_model(model).eval()
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

"""The passes, one after the other, paint what the engine paints; and weights are stored once."""

import numpy as np
import onnx
import pytest
import torch
from torch.nn import functional as F

from styletransfer.models.config import PIXELS, Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.onnx import flattened
from styletransfer.models.onnx_passes import WEIGHTS, FirstPass, NextPass, Weights, strip
from styletransfer.models.statistics import moments
from styletransfer.models.weights import save_model
from styletransfer.stylize.stylizer import Stylizer

onnxruntime = pytest.importorskip("onnxruntime")


def drafting_net(joint: tuple[str, ...], grain: float, strengths: tuple[float, float]) -> StylizerNet:
    torch.manual_seed(0)
    taps = (PIXELS, "relu3_1")
    config = Config(
        encoder="slim",
        taps=taps,
        joint=joint,
        channels=(6, 8),
        drafts=1,
        strengths=strengths,
        grain=grain,
    )
    net = StylizerNet(config).eval().requires_grad_(False)
    for part in net.modules():
        if isinstance(part, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(part.weight)
            part.weight.data = part.weight.half().float()
    return net


@torch.inference_mode()
@pytest.mark.parametrize(
    "joint, grain, strengths",
    [((PIXELS,), 0.0, (1.0, 1.0)), ((), 0.1, (1.0, 1.0)), ((), 0.1, (0.5, 1.2))],
)
def test_passes_paint_with_every_strokes_what_the_engine_paints(joint, grain, strengths, tmp_path):
    net = drafting_net(joint, grain, strengths)
    save_model(tmp_path / "net.safetensors", net)
    stylizer = Stylizer(tmp_path / "net.safetensors", "cpu", "fp32")
    content = F.interpolate(torch.rand(1, 3, 8, 8), (272, 256), mode="bicubic").clamp(0, 1)
    code = stylizer.style(torch.rand(1, 3, 64, 64))
    mean, covariance = moments(content, joint=True)
    given = flattened(code.statistics), torch.tensor([0.8]), mean, covariance
    for strokes in (0.5, 1, 2, 4):
        factor, below = int(2 * strokes), None
        while factor >= 1:
            photo, last = F.avg_pool2d(content, factor), torch.tensor([float(factor == 1)])
            if below is None:
                place = (slice(0, side) for side in photo.shape[2:])
                noise = net.grain.window(*place) if grain else None
                picture, below = FirstPass(net)(photo, *given, noise, last)
            else:
                picture, below = NextPass(net)(below, photo, *given, last)
            factor //= 2
        expected = stylizer.stylize(content, code, 0.8, strokes=strokes)
        assert (picture - expected).abs().max() <= 0.5 / 255


def graph(values: np.ndarray) -> onnx.ModelProto:
    """x + values, and a description that nobody needs."""
    value = onnx.numpy_helper.from_array(values, "values")
    kind = onnx.TensorProto.FLOAT
    ends = [onnx.helper.make_tensor_value_info(name, kind, values.shape) for name in ("x", "y")]
    node = onnx.helper.make_node("Add", ["x", "values"], ["y"], doc_string="where it came from")
    made = onnx.helper.make_graph([node], "g", ends[:1], ends[1:], [value])
    return onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)


def test_weights_are_stored_once_and_in_half_where_that_loses_nothing(tmp_path):
    exact = np.arange(1024, dtype=np.float32) / 64
    inexact = exact + np.float32(1e-5)
    weights = Weights()
    models = [graph(exact), graph(exact), graph(inexact)]
    for model in models:
        weights.take_from(model)
        strip(model)
    assert len(weights.data) == 2 * 1024 + 4 * 1024
    (tmp_path / WEIGHTS).write_bytes(weights.data)
    for number, (model, values) in enumerate(zip(models, (exact, exact, inexact))):
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(model.SerializeToString())
        assert b"where it came from" not in path.read_bytes()
        (y,) = onnxruntime.InferenceSession(path).run(None, {"x": np.ones(1024, np.float32)})
        assert np.array_equal(y, values + 1)

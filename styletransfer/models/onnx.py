"""ONNX export: the network as files that run without torch and without this package."""

import json
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..errors import InputError
from ..media.files import write_atomically
from ..version import __version__
from .bottlenecks.base import is_map
from .network import StylizerNet, faded
from .padding import pad_to_multiple
from .shipped import SUFFIX
from .statistics import Statistics

if TYPE_CHECKING:
    import onnx

OPSET = 18


class ExportedStylizer(nn.Module):
    """content (1, 3, H, W), style (1, L) and alpha, (1,) or (1, 1, H, W), to a picture (1, 3, H, W);
    float32."""

    def __init__(self, net: StylizerNet):
        super().__init__()
        self.net, self.shapes = net, shapes(net)

    def forward(self, content: Tensor, style: Tensor, alpha: Tensor) -> Tensor:
        height, width = content.shape[2:]
        alpha = alpha.reshape(1, 1, 1, 1) if alpha.ndim == 1 else alpha
        padded = pad_to_multiple(alpha) if is_map(alpha) else alpha
        out = self.net(pad_to_multiple(content), unflattened(style, self.shapes), padded)
        return faded(content, out[:, :, :height, :width].clamp(0, 1), alpha)


class ExportedStyleEncoder(nn.Module):
    """picture (1, 3, H, W) to its style (1, L), float32."""

    def __init__(self, net: StylizerNet):
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> Tensor:
        return flattened(self.net.code(pad_to_multiple(picture)))


def flattened(code: dict[str, Statistics]) -> Tensor:
    """A style code as rows of numbers (N, L): mean and deviation (or covariance root) of each tap in
    turn."""
    return torch.cat([part.flatten(1) for tap in code.values() for part in tap], dim=1)


def unflattened(style: Tensor, shapes: dict[str, list[tuple[int, ...]]]) -> dict[str, Statistics]:
    """The inverse of `flattened`. shapes: as `shapes` gives them."""
    sizes = [torch.Size(shape).numel() for tap in shapes.values() for shape in tap]
    parts = iter(torch.split(style, sizes, dim=1))
    return {
        tap: Statistics(*(next(parts).reshape(-1, *shape) for shape in pair))
        for tap, pair in shapes.items()
    }


def shapes(net: StylizerNet) -> dict[str, list[tuple[int, ...]]]:
    """The shapes of mean and deviation at each tap of a network's style codes."""
    with torch.inference_mode():
        code = net.code(torch.rand(1, 3, 32, 32))
    return {tap: [tuple(part.shape[1:]) for part in pair] for tap, pair in code.items()}


def export(
    net: StylizerNet, path: Path, name: str, digest: str, with_maps: bool = False
) -> tuple[Path, Path]:
    """Write `path`, which paints, and beside it NAME.style.onnx, which encodes styles; returns both
    paths.

    net: on the CPU, in float32. Sizes are dynamic, H and W at least 16. with_maps: alpha is a map (1, 1,
    H, W) instead of a number. Raises InputError without the extra [onnx], or for a bottleneck that
    cannot be exported.
    """
    check_exportable(net, name)
    import onnx

    height, width = (torch.export.Dim(side, min=16, max=2**15) for side in ("height", "width"))
    picture, length = torch.rand(1, 3, 72, 91), style_length(net)
    alpha = torch.rand(1, 1, 72, 91) if with_maps else torch.ones(1)
    inputs = {"content": picture, "style": torch.rand(1, length), "alpha": alpha}
    metadata = about(name, digest) | {"style": json.dumps(shapes(net))}
    jobs = [
        (path, ExportedStylizer(net), inputs, "picture"),
        (path.with_suffix(f".style{SUFFIX}"), ExportedStyleEncoder(net), {"picture": picture}, "style"),
    ]
    for target, module, given, output in jobs:
        dynamic = {key: {2: height, 3: width} if x.ndim == 4 else None for key, x in given.items()}
        model = traced(module, given, [output], dynamic, metadata)
        onnx.checker.check_model(model, full_check=True)
        write_atomically(target, partial(onnx.save, model))
    return jobs[0][0], jobs[1][0]


def check_exportable(net: StylizerNet, name: str) -> None:
    """Raise InputError without the extra [onnx], or if the network's bottleneck cannot be exported."""
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401, torch's exporter needs it
    except ImportError:
        raise InputError("pip install 'styletransfer[onnx]' for this") from None
    if not net.bottleneck.exportable:
        raise InputError(f"{name}: a model of the kind {net.config.bottleneck} cannot be exported")


def style_length(net: StylizerNet) -> int:
    """L, the length of a flattened style code."""
    return sum(torch.Size(shape).numel() for tap in shapes(net).values() for shape in tap)


def about(name: str, digest: str) -> dict[str, str]:
    """The metadata of an exported file."""
    return {"model": name, "digest": digest, "styletransfer": __version__}


def traced(
    module: nn.Module,
    inputs: dict[str, Tensor],
    outputs: list[str],
    dynamic: dict[str, Any],
    metadata: dict[str, str],
) -> "onnx.ModelProto":
    """Export a module to an ONNX graph.

    inputs: example tensors by name. dynamic: for each input its dynamic dimensions, {number:
    `torch.export.Dim`}, or None.
    """
    import onnx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval(), (), kwargs=inputs, input_names=list(inputs), output_names=outputs,
            dynamic_shapes=dynamic, opset_version=OPSET, dynamo=True, verbose=False,
        )  # fmt: skip
    assert program is not None  # only without dynamo it is
    model = program.model_proto
    for node in model.graph.node:  # where in torch and in our source each comes from: half of the file
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    onnx.helper.set_model_props(model, metadata)
    return model

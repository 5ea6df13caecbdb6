"""The network's passes as separate ONNX graphs that share one file of weights.

Whoever runs them chooses how many drafts to paint, and so how broad strokes are, as `stylize.levels`
does. No weight is stored twice, so that a browser has little to download.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ..media.files import write_atomically
from .config import PIXELS
from .draft import enlarged, limited
from .network import StylizerNet, faded
from .onnx import (
    ExportedStyleEncoder,
    about,
    check_exportable,
    shapes,
    style_length,
    traced,
    unflattened,
)
from .padding import pad_to_multiple, padded
from .statistics import Moments

if TYPE_CHECKING:
    import onnx

WEIGHTS = "weights.bin"
FIRST, NEXT, STYLE = "first.onnx", "next.onnx", "style.onnx"
LEAST_BYTES = 1024  # of a weight that is worth a place in the file of weights
ALIGNMENT = 64


class FirstPass(nn.Module):
    """The first pass: paint a photo, or a small copy of it.

    photo (1, 3, H, W) in [0, 1]; style (1, L); alpha (1,); mean (1, 3) and covariance (1, 3, 3) of the
    colours of the full-size photo, if "pixels" is a tap; grain (1, 1, H, W), from `Grain.window`, if the
    network's drafts have grain; last (1,), 1 for the picture itself and 0 for a draft, if `strengths` of
    the two differ. Gives `picture` (1, 3, H, W) in [0, 1], and `draft`, the input `below`
    of the next pass.
    """

    def __init__(self, net: StylizerNet):
        super().__init__()
        self.net, self.shapes = net, shapes(net)

    def forward(
        self,
        photo: Tensor,
        style: Tensor,
        alpha: Tensor,
        mean: Tensor | None = None,
        covariance: Tensor | None = None,
        grain: Tensor | None = None,
        last: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        return self.painted(None, photo, style, alpha, mean, covariance, last, grain)

    def painted(
        self,
        below: Tensor | None,
        photo: Tensor,
        style: Tensor,
        alpha: Tensor,
        mean: Tensor | None,
        covariance: Tensor | None,
        last: Tensor | None,
        grain: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The picture, and the draft that the next pass starts from."""
        net, code = self.net, unflattened(style, self.shapes)
        strength, is_draft = alpha.reshape(1, 1, 1, 1), below is None and net.config.drafts > 0
        palette = {}
        if mean is not None and covariance is not None:
            joint = PIXELS in net.config.joint
            var = covariance if joint else covariance.diagonal(dim1=1, dim2=2)
            palette = {PIXELS: Moments(mean, var)}
        x = colored = net.recolor(pad_to_multiple(photo), code, strength, None, palette)
        if grain is not None:
            x = x + pad_to_multiple(limited(grain, palette.get(PIXELS)))
        if below is not None:
            x = net.overlay(repeated(enlarged(below)), x)
        picture, _ = net.painted_once(
            x, code, strength, None, is_draft, True if last is None else last.reshape(1, 1, 1, 1)
        )
        draft = net.overlay.below(picture, colored)
        picture, draft = (each[:, :, : photo.shape[2], : photo.shape[3]] for each in (picture, draft))
        return faded(photo, picture.clamp(0, 1), strength), draft


class NextPass(FirstPass):
    """A later pass: paint a photo over its draft. As `FirstPass`, with `below` (1, 3, H/2, W/2)."""

    def forward(  # type: ignore[override]
        self,
        below: Tensor,
        photo: Tensor,
        style: Tensor,
        alpha: Tensor,
        mean: Tensor | None = None,
        covariance: Tensor | None = None,
        last: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        return self.painted(below, photo, style, alpha, mean, covariance, last)


def repeated(x: Tensor) -> Tensor:
    """Repeat the last row and column of (N, C, H, W) until both sides are multiples of `MULTIPLE`, like
    `stylize.levels.enlarged_window` beyond a draft's edge."""
    for dim in (2, 3):
        length = x.shape[dim]
        index = torch.arange(padded(length), device=x.device)
        x = x.index_select(dim, index.clamp(max=length - 1))
    return x


def export_passes(net: StylizerNet, folder: Path, name: str) -> list[Path]:
    """Write the graphs and their weights into a folder; returns their paths.

    FIRST; NEXT, if the network paints drafts; STYLE, which encodes a painting; and WEIGHTS. net: on the
    CPU, in float32. Photos have sides of at least 16; a draft's sides are exactly half of the next
    level's. The grain is an input of FIRST: it is cheap to make, and large to download. Weights that are
    exact in float16 are stored in it; everything is computed in float32. Raises InputError as `export`
    does.
    """
    check_exportable(net, name)
    import onnx

    height, width = (torch.export.Dim(side, min=16, max=2**13) for side in ("height", "width"))
    half, whole = {2: height, 3: width}, {2: 2 * height, 3: 2 * width}
    given = {"style": torch.rand(1, style_length(net)), "alpha": torch.ones(1)}
    if PIXELS in net.config.taps:
        given |= {"mean": torch.rand(1, 3), "covariance": torch.eye(3)[None]}
    if len(set(net.config.strengths)) > 1:
        given["last"] = torch.ones(1)
    small, large = torch.rand(1, 3, 40, 56), torch.rand(1, 3, 80, 112)
    fixed = dict.fromkeys(given)
    jobs: list[tuple[str, nn.Module, dict[str, Tensor], dict[str, Any]]]
    inputs, dynamic = {"photo": small, **given}, {"photo": half, **fixed}
    if net.config.grain:
        inputs["grain"], dynamic["grain"] = small[:, :1], half
    jobs = [(FIRST, FirstPass(net), inputs, dynamic)]
    if net.config.drafts:
        inputs = {"below": small, "photo": large, **given}
        jobs.append((NEXT, NextPass(net), inputs, {"below": half, "photo": whole, **fixed}))
    jobs.append((STYLE, ExportedStyleEncoder(net), {"picture": large}, {"picture": half}))
    weights = Weights()
    paths = []
    for file, module, inputs, dynamic in jobs:
        outputs = ["style"] if file == STYLE else ["picture", "draft"]
        model = traced(module, inputs, outputs, dynamic, about(name, str(net.digest)))
        weights.take_from(model)
        strip(model)
        paths.append(folder / file)
        write_atomically(paths[-1], partial(onnx.save, model))
    write_atomically(folder / WEIGHTS, lambda path: path.write_bytes(weights.data))
    return [*paths, folder / WEIGHTS]


def strip(model: "onnx.ModelProto") -> None:
    """Remove what only says where in Python a graph came from, which is most of its bytes."""
    del model.graph.value_info[:]
    del model.functions[:]
    for part in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]


class Weights:
    """The shared weight file: each weight once, in float16 where that is exact."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.places: dict[bytes, int] = {}

    def take_from(self, model: "onnx.ModelProto") -> None:
        """Move a graph's weights into the file, and leave references to them in the graph."""
        import onnx

        half = onnx.TensorProto.FLOAT16
        for tensor in model.graph.initializer:
            values = onnx.numpy_helper.to_array(tensor)
            if values.dtype != np.float32 or values.nbytes < LEAST_BYTES:
                continue
            name = tensor.name
            if np.array_equal(values.astype(np.float16).astype(np.float32), values):
                values, tensor.name, tensor.data_type = values.astype(np.float16), f"{name}/half", half
                cast = onnx.helper.make_node("Cast", [tensor.name], [name], to=onnx.TensorProto.FLOAT)
                model.graph.node.insert(0, cast)
            data = values.tobytes()
            onnx.external_data_helper.set_external_data(tensor, WEIGHTS, self._place(data), len(data))
            for field in ("raw_data", "float_data"):
                tensor.ClearField(field)
            tensor.data_location = onnx.TensorProto.EXTERNAL

    def _place(self, data: bytes) -> int:
        """The offset of these bytes in the file; appended if they are new."""
        if data not in self.places:
            self.data += bytes(-len(self.data) % ALIGNMENT)
            self.places[data] = len(self.data)
            self.data += data
        return self.places[data]

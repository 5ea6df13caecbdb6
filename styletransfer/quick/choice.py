"""Which engine paints a picture: onnxruntime or torch. No torch here."""

from enum import Enum
from importlib.util import find_spec

from ..errors import InputError
from ..models.shipped import graph_paths
from ..options import StylizeOptions
from ..system.host import free_memory, has_gpu

LEAST_SIDE = 64  # pixels: a smaller picture is painted without a draft, which the graphs always make
QUICK_PIXELS = 2_000_000  # of a larger picture what torch takes to import is little beside its painting
BYTES = 500  # of memory for each pixel: 457 measured, and a tenth to spare
HOW = "pip install torch torchvision"


class EngineName(str, Enum):
    """What runs the network."""

    auto = "auto"
    onnx = "onnx"
    torch = "torch"


def choose_engine(
    wanted: EngineName,
    model: str,
    options: StylizeOptions,
    shape: tuple[int, int] | None,
    device: str,
    precision: str,
) -> EngineName:
    """onnx or torch. auto is onnx for what it can do and does sooner, else torch.

    shape: width and height that are painted, None for a photo too large for memory. InputError for what
    the engine that is wanted, or the only one there is, cannot do.
    """
    if wanted is EngineName.torch and not installed("torch"):
        raise InputError(f"--engine torch: torch is not installed ({HOW})")
    if wanted is EngineName.torch:
        return EngineName.torch
    obstacle = beyond_onnx(model, options, shape, device, precision)
    if wanted is EngineName.onnx:
        if obstacle:
            raise InputError(f"--engine onnx does not do {obstacle}: leave it at auto")
        return EngineName.onnx
    if not installed("torch"):
        if obstacle:
            raise InputError(f"{obstacle} needs torch, which is not installed ({HOW})")
        return EngineName.onnx
    large = shape is not None and shape[0] * shape[1] > QUICK_PIXELS
    if obstacle or large or device == "auto" and has_gpu():
        return EngineName.torch
    return EngineName.onnx


def beyond_onnx(
    model: str,
    options: StylizeOptions,
    shape: tuple[int, int] | None,
    device: str,
    precision: str,
) -> str:
    """What of this the graphs cannot do, in a few words; empty if nothing. Arguments as for
    `choose_engine`."""
    found = {
        f"--model {model}": graph_paths(model) is None,
        f"--device {device}": device not in ("auto", "cpu"),
        f"--precision {precision}": precision not in ("auto", "fp32"),
        "--regions": options.regions is not None,
        f"--strokes {options.strokes:g}": options.strokes != 1,
        f"--refine {options.refine}": options.refine > 0,
        f"--tile {options.tile}": options.tile not in ("auto", "off"),
        f"--stats {options.stats}": options.stats != "exact",
        "a photo this large": shape is None or shape[0] * shape[1] * BYTES > free_memory(),
        f"a photo of fewer than {LEAST_SIDE} pixels a side": min(shape or (LEAST_SIDE,)) < LEAST_SIDE,
        "without onnxruntime (pip install onnxruntime)": not installed("onnxruntime"),
    }
    return next((what for what, true in found.items() if true), "")


def installed(package: str) -> bool:
    """Whether a package is there, without importing it."""
    try:
        return find_spec(package) is not None
    except ValueError:  # it is barred from being imported
        return False

"""stylize doctor: what is installed, on what, and whether it paints."""

import json
import platform
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from ..errors import InputError
from ..styles.names import DEFAULT_MODEL, shipped_styles
from ..version import __version__
from . import common

app = common.app()

EXTRAS = {
    "video": ("av", "opencv-python-headless"),
    "web": ("fastapi", "uvicorn"),
    "serve": ("fastapi", "prometheus-client", "python-multipart", "uvicorn"),
    "large": ("pyvips", "tifffile"),
    "onnx": ("onnx", "onnxscript"),
    "cluster": ("ray",),
    "hub": ("huggingface_hub",),
    "tensorboard": ("tensorboard",),
}
"""What each extra of the package installs, as pyproject.toml has it."""
ENGINES = ("torch", "torchvision", "onnxruntime")
SIDE = 256  # pixels of what is painted for a test: a second's work
MOST = 4.0  # grey levels that a device may be away from the CPU's float32, in the mean


@app.command()
def doctor(
    device: common.Device = "auto",
    as_json: common.Json = False,
) -> int:
    """Say what is installed and on which device it runs, and paint a small picture as a test.

    The exit code is 1 if that picture is not what it should be.
    """
    from ..system.host import free_memory

    found: dict[str, Any] = dict(versions(device))
    found["memory"] = f"{free_memory() / 1e9:.1f} GB free"
    found |= {extra: _installed(extra) for extra in EXTRAS}
    fine, found["test"] = self_test(device)
    if as_json:
        print(json.dumps({**found, "fine": fine}))
    else:
        for name, value in found.items():
            print(f"{name:<13} {value}")
    return 0 if fine else 1


def versions(device: str = "auto") -> Iterator[tuple[str, str]]:
    """Names and versions of what paints: the package, torch, the device, each shipped model."""
    yield "styletransfer", __version__
    yield "python", platform.python_version()
    for package in ENGINES:
        yield package, _version(package)

    from ..models.shipped import file_digest, model_path, models

    yield "device", _described(device)
    for name in models():
        yield name, f"model, SHA-256 {file_digest(model_path(name))[:12]}"


def self_test(device: str = "auto") -> tuple[bool, str]:
    """Whether the device paints what the CPU does in float32, and a line that says how well. Without
    torch, whether onnxruntime paints at all."""
    if not _has_torch():
        return _quick_test()
    import numpy as np

    from ..media.image import example_photo, read_picture, resize_short_side
    from ..stylize.stylizer import Stylizer

    photo = np.asarray(resize_short_side(read_picture(example_photo()).rgb, SIDE))
    style = resize_short_side(read_picture(next(iter(shipped_styles().values()))).rgb, SIDE)
    start = time.perf_counter()
    try:
        stylizer = Stylizer(DEFAULT_MODEL, device)
        painted = np.asarray(stylizer.stylize(photo, style, style_size=SIDE)).astype(float)
        seconds = time.perf_counter() - start
        wanted = Stylizer(DEFAULT_MODEL, "cpu", "fp32").stylize(photo, style, style_size=SIDE)
    except (InputError, RuntimeError, OSError) as error:
        return False, f"failed: {str(error).splitlines()[0]}"
    away = float(np.abs(painted - wanted).mean())
    if away > MOST or np.abs(painted - photo).mean() < MOST:
        return False, f"failed: the picture is {away:.1f} grey levels from what it should be"
    where = f"{stylizer.device}, {str(stylizer.dtype).removeprefix('torch.')}"
    return True, f"fine: a model loaded and a picture painted in {seconds:.1f} s ({where})"


def _quick_test() -> tuple[bool, str]:
    import numpy as np

    from ..media.image import example_photo, read_picture
    from ..options import StylizeOptions

    photo, start = read_picture(example_photo()), time.perf_counter()
    try:
        from ..quick.onnx_stylizer import OnnxStylizer

        options = StylizeOptions(size=SIDE, style_size=SIDE)
        painted = OnnxStylizer().stylize(photo, [next(iter(shipped_styles().values()))], options)
    except (ImportError, InputError, RuntimeError, OSError) as error:
        return False, f"failed: {str(error).splitlines()[0]}"
    seconds = time.perf_counter() - start
    small = np.asarray(photo.rgb.resize(painted.size)).astype(float)
    if np.abs(small - painted).mean() < MOST:
        return False, "failed: the picture is no other than the photo"
    return True, f"fine: a picture painted in {seconds:.1f} s (onnxruntime, without torch)"


def _described(name: str) -> str:
    from ..system.host import cores

    if not _has_torch():
        return f"cpu, {cores()} cores, float32"
    import torch

    from ..device import fast_dtype, pick_device

    device = pick_device(name)
    dtype = str(fast_dtype(device)).removeprefix("torch.")
    if device.type == "cuda":
        about = torch.cuda.get_device_properties(device)
        return f"{device}, {about.name}, {about.total_memory / 1e9:.0f} GB, {dtype}"
    return f"{device}, {cores()} cores, {dtype}"


def _has_torch() -> bool:
    return find_spec("torch") is not None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return f"not installed (pip install {package})"


def _installed(extra: str) -> str:
    try:
        return ", ".join(f"{name} {version(name)}" for name in EXTRAS[extra])
    except PackageNotFoundError:
        return f"not installed (pip install 'styletransfer[{extra}]')"

"""Put a site together: the page, the network's graphs, the shipped styles, and where the runtime is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from ..errors import InputError
from ..media.files import write_atomically, write_text
from ..media.image import example_photo, example_styles, example_titles
from ..models.draft import Grain
from ..models.network import StylizerNet
from ..models.onnx import check_exportable, flattened
from ..models.onnx_passes import FIRST, NEXT, STYLE, WEIGHTS, export_passes
from ..models.weights import load_model
from ..pages import page_files
from ..styles.encode import StyleEncoder
from . import runtime as runtimes

PAGE = Path(__file__).parent / "page"
THUMBNAIL = (264, 180)  # twice what is shown, for fine screens
FIRST_STYLE = "starry_night"  # the one that the page begins with
PHOTO = 1024  # long side of the photo that the page begins with


def write_site(model: str, folder: Path, package: Path | None = None) -> None:
    """Write a folder that any web server can offer; what is there of an earlier one is replaced.

    model: a shipped name or a file. package: the npm package onnxruntime-web, which is copied; None has
    the page load it from a public server. InputError for a model that has no ONNX files, or without the
    extra [onnx].
    """
    net = load_model(model).eval()
    check_styles(net, model)
    check_exportable(net, model)
    (folder / "model").mkdir(parents=True, exist_ok=True)
    (folder / "styles").mkdir(exist_ok=True)
    export_passes(net, folder / "model", model)
    runtime = runtimes.copied(package, folder) if package else runtimes.from_cdn()
    graphs = {"first": FIRST, "next": NEXT, "style": STYLE}
    about = {
        "model": model,
        "drafts": net.config.drafts,
        "grain": {"strength": net.config.grain, "period": Grain.PERIOD, "unit": Grain.UNIT},
        "weights": WEIGHTS,
        "graphs": {name: file for name, file in graphs.items() if file != NEXT or net.config.drafts},
        "styles": _write_styles(StyleEncoder(net, model), folder / "styles"),
        "runtime": runtime,
    }
    with Image.open(example_photo()) as photo:
        photo.thumbnail((PHOTO, PHOTO))
        _write_jpeg(folder / "photo.jpg", photo)
    for name, path in page_files(PAGE).items():
        write_text(folder / name, path.read_text("utf-8").replace(*_origin_of(runtime)))
    write_text(folder / "site.json", json.dumps(about, indent=1, ensure_ascii=False))


def check_styles(net: StylizerNet, model: str) -> None:
    """InputError for a network that takes no painting's style."""
    if not net.bottleneck.takes_style or net.config.styles:
        raise InputError(f"{model}: paints in the styles it has learned, and a page is for any")


def _write_styles(encoder: StyleEncoder, folder: Path) -> list[dict[str, Any]]:
    """Write thumbnails of the shipped paintings, and rows.bin, their codes in float32 one after the
    other: rounded to float16 they would show in broad strokes, which take several drafts. Gives key,
    title and artist of each, in that order."""
    titles = example_titles()
    paths = sorted(example_styles(), key=lambda path: path.stem != FIRST_STYLE)
    rows = []
    for path in paths:
        rows.append(flattened(encoder.encode(path).statistics)[0].numpy())
        with Image.open(path) as painting:
            _write_jpeg(folder / f"{path.stem}.jpg", ImageOps.fit(painting.convert("RGB"), THUMBNAIL))
    data = np.concatenate(rows).tobytes()
    write_atomically(folder / "rows.bin", lambda target: target.write_bytes(data))
    return [dict(zip(("key", "title", "artist"), (path.stem, *titles[path.stem]))) for path in paths]


def _origin_of(runtime: dict[str, Any]) -> tuple[str, str]:
    """The placeholder in the page's security policy, and the server that replaces it."""
    return " RUNTIME_ORIGIN", f" {runtimes.origin(runtime)}".rstrip()


def _write_jpeg(path: Path, image: Image.Image) -> None:
    write_atomically(path, lambda target: image.save(target, "JPEG", quality=75, optimize=True))

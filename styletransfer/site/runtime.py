"""The runtime for ONNX graphs in a browser: the npm package onnxruntime-web. No torch here."""

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import InputError

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"
CDN = f"https://cdn.jsdelivr.net/npm/{PACKAGE}@{VERSION}/dist/"
FOLDER = "runtime"  # of a site that has its own
# For each backend its module and binary. (Of the two builds with WebGPU, that for JSPI is the smaller.)
FILES = {
    "wasm": ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"),
    "webgpu": ("ort.jspi.bundle.min.mjs", "ort-wasm-simd-threaded.jspi.wasm"),
}
INTEGRITY = {  # of VERSION, as npm has it
    "ort.wasm.bundle.min.mjs":
        "sha384-PLWz+nHEVHpjwBsO0YVdvQj6n5814Iv8E3b8FG0Rp/uIAtjFMCKOpP66iPzedrIG",
    "ort-wasm-simd-threaded.wasm":
        "sha384-vjBJ1z7qrhkTyYsNqKeF6c7N+nOJSU94czEo+tvZcu8G75JparGq9kB+kTnEUNVM",
    "ort.jspi.bundle.min.mjs":
        "sha384-9RUgRCKe1ziB7Sof69RRpoybxSmnC67IsfHFamx/k+9m39GbvHvw5Sets/Xpsro+",
    "ort-wasm-simd-threaded.jspi.wasm":
        "sha384-bMP/XSpH5FjIIaVnUc1eR3cDsGZGdO1ZPjcHGEtvMwOgZZFcOEN8VrGooR81HSFO",
}  # fmt: skip


def from_cdn() -> dict[str, Any]:
    """The runtime on a public server: addresses, and the hashes that the files must have."""
    return _described(CDN, INTEGRITY)


def copied(package: Path, folder: Path) -> dict[str, Any]:
    """Copy the runtime of an installed package to FOLDER in `folder`: addresses there, and hashes."""
    dist = distribution(package)
    (folder / FOLDER).mkdir(exist_ok=True)
    for name in INTEGRITY:
        shutil.copyfile(dist / name, folder / FOLDER / name)
    return _described(f"{FOLDER}/", {name: integrity(folder / FOLDER / name) for name in INTEGRITY})


def distribution(package: Path) -> Path:
    """The folder with the files of an installed package; InputError if it is another package."""
    found = next((p for p in (package / "node_modules" / PACKAGE, package) if p.is_dir()), None)
    if found is None:
        raise InputError(f"{package}: no such folder")
    try:
        name = json.loads((found / "package.json").read_text())["name"]
    except (OSError, ValueError, KeyError, TypeError):
        name = ""
    missing = [name for name in INTEGRITY if not (found / "dist" / name).is_file()]
    if name != PACKAGE or missing:
        what = f"it lacks dist/{missing[0]}" if name == PACKAGE else "npm pack or npm install gives one"
        raise InputError(f"{package}: is not the npm package {PACKAGE} ({what})")
    return found / "dist"


def origin(runtime: dict[str, Any]) -> str:
    """The server of the runtime, for a content security policy; empty if it is the page's own."""
    parts = urlsplit(runtime["wasm"]["module"]["path"])
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def integrity(path: Path) -> str:
    """A file's hash in the form that browsers check (Subresource Integrity)."""
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def _described(base: str, hashes: dict[str, str]) -> dict[str, Any]:
    return {
        provider: {
            part: {"path": base + name, "integrity": hashes[name]}
            for part, name in zip(("module", "binary"), names)
        }
        for provider, names in FILES.items()
    }

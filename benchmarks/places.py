"""Take the pictures of the places where one works, for the README and docs/places.md:

python -m benchmarks.places docs/pictures --runtime node_modules/onnxruntime-web

Needs chromium, playwright and `pip install comfyui-frontend-package`. Every picture is of the thing
itself: pages as Chromium shows them, commands with what they print, a transform's own pictures.
"""

import argparse
import functools
import http.server
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from playwright.sync_api import sync_playwright

from styletransfer.gallery.layout import draw_sheet
from styletransfer.styles.names import DEFAULT_MODEL
from styletransfer.transforms import RandomStyle

from .comfyui_page import open_workflow
from .terminal import draw

ROOT = Path(__file__).parents[1]
PHOTOS = ROOT / "examples" / "content"
SIZES = {"browser": (1280, 720), "server": (1280, 720), "comfyui": (1500, 620)}
COMMANDS = (
    "stylize bridge.jpg starry_nite",
    "stylize bridge.jpg starry_night --preset poster --quality 85",
    "stylize cat.jpg lion --json",
    "stylize doctor",
)


def browser(page: Any, given: argparse.Namespace) -> None:
    """The page of `stylize export --web`, with a photo and a blend of two styles."""
    with tempfile.TemporaryDirectory() as folder:
        run(["export", "--web", folder, "--model", DEFAULT_MODEL, "--runtime", str(given.runtime)])
        with served(Path(folder)) as address:
            page.goto(address)
            painted(page)
            page.locator("#photo").set_input_files(PHOTOS / "mountains.jpg")
            page.get_by_role("button", name="Village Street").click()
            page.locator("#cut").fill("42")
            painted(page)
            page.evaluate("document.activeElement.blur()")


def server(page: Any, given: argparse.Namespace) -> None:
    """The page at /docs of `stylize serve`."""
    command = [*stylize("serve"), "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        page.goto(f"{process.stdout.readline().strip()}/docs")
    finally:
        process.terminate()
        process.wait()


def comfyui(page: Any, given: argparse.Namespace) -> None:
    """ComfyUI's page with our nodes, when the example workflow has been run."""
    open_workflow(page, Image.open(PHOTOS / "bridge.jpg"))
    page.keyboard.press(".")  # all of it in sight
    page.wait_for_timeout(1500)  # until it has stopped moving


def habits() -> list[tuple[str, str]]:
    """Commands, and what they say."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("bridge.jpg", "cat.jpg"):
            shutil.copy(PHOTOS / name, folder)
        return [(command, printed(command, Path(folder))) for command in COMMANDS]


def printed(command: str, folder: Path) -> str:
    """What a command prints, messages too."""
    command_line = [*stylize(), *shlex.split(command)[1:]]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command_line, cwd=folder, env=environment, text=True, **streams)
    return done.stdout.rstrip().replace(f"{ROOT}{os.sep}", "")


PAGES: dict[str, Callable[[Any, argparse.Namespace], None]] = {
    "browser": browser,
    "server": server,
    "comfyui": comfyui,
}


def training() -> Image.Image:
    """A photo, and what RandomStyle makes of it when it is asked again and again."""
    torch.manual_seed(2)
    transform = RandomStyle(p=1.0, alpha=(0.4, 1.0))
    rows = []
    for name in ("bee", "cat"):
        with Image.open(PHOTOS / f"{name}.jpg") as photo:
            side = min(photo.size)
            square = photo.convert("RGB").crop((0, 0, side, side)).resize((256, 256))
        rows.append([square, *(transform(square) for _ in range(5))])
    return draw_sheet(rows, (200, 200))


def stylize(*arguments: str) -> list[str]:
    """The command."""
    return [sys.executable, "-m", "styletransfer", *arguments]


def run(arguments: list[str]) -> None:
    """Run the command; it must do what is asked."""
    subprocess.run([*stylize(), *arguments, "--force"], cwd=ROOT, check=True, capture_output=True)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder's server."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def painted(page: Any) -> None:
    """Wait for a picture that is done."""
    page.locator("#status", has_text=re.compile("^Painted")).wait_for()


def main() -> None:
    names = [*PAGES, "training", "habits"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runtime", type=Path, required=True, help="the npm package onnxruntime-web")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    given = parser.parse_args()
    given.folder.mkdir(exist_ok=True)
    if "training" in given.only:
        training().save(given.folder / "training.jpg", quality=85, optimize=True)
    if "habits" in given.only:
        draw(habits(), given.folder / "habits.png")
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium")
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name in filter(PAGES.__contains__, given.only):
            width, height = SIZES[name]
            page = chromium.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(120_000)
            PAGES[name](page, given)
            with Image.open(io.BytesIO(page.screenshot())) as shot:
                shot.convert("RGB").save(given.folder / f"{name}.jpg", quality=85, optimize=True)


if __name__ == "__main__":
    main()

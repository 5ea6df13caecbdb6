"""Take the studio's pictures for the README, at a desktop's and at a phone's width.

python -m benchmarks.screenshots examples       needs chromium and playwright
"""

import io
import os
import shutil
import socket
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from styletransfer.cli.common import DEFAULT_MODEL
from styletransfer.stylize.stylizer import Stylizer
from styletransfer.web.server import serve

PHOTO = Path(__file__).parents[1] / "examples" / "content" / "bee.jpg"
SIZES = {"studio": (1360, 900), "studio-phone": (400, 860)}
PAINTED = "([...document.querySelectorAll('#compare img')].at(-1) || {src: ''}).src"


def main(folder: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    close = serve(Stylizer(DEFAULT_MODEL), "127.0.0.1", port, 50, 50, block=False)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
                args=["--no-sandbox"],
            )
            for name, (width, height) in SIZES.items():
                page = browser.new_page(viewport={"width": width, "height": height})
                page.set_default_timeout(60_000)
                page.goto(f"http://127.0.0.1:{port}")
                page.wait_for_selector("#compare img")
                page.get_by_label("Remove Image").click()
                show(
                    page,
                    lambda page=page: page.locator("#photo input[type=file]").set_input_files(PHOTO),
                )
                show(page, lambda page=page: page.locator("#gallery button").nth(1).click())
                page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
                page.mouse.move(width - 5, height - 5)
                page.wait_for_timeout(1500)
                with Image.open(io.BytesIO(page.screenshot())) as shot:
                    shot.convert("RGB").save(Path(folder, f"{name}.jpg"), quality=82, optimize=True)
    finally:
        close()


def show(page, what) -> None:
    before = page.evaluate(PAINTED)
    what()
    page.wait_for_function(f"old => {PAINTED} && {PAINTED} !== old", arg=before)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Take the studio's pictures for its page in docs: at all its widths, by day and by night.

python -m benchmarks.screenshots docs       needs chromium and playwright; without, it says so and ends
"""

import io
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from styletransfer.server.limits import Limits
from styletransfer.server.port import address, open_port
from styletransfer.styles.names import DEFAULT_MODEL
from styletransfer.stylize.stylizer import Stylizer
from styletransfer.web.server import serve
from styletransfer.web.service import StudioService

PHOTO = Path(__file__).parents[1] / "examples" / "content" / "bee.jpg"
SHOTS = {  # name: width, height, scheme
    "studio": (1400, 900, "light"),
    "studio-dark": (1400, 900, "dark"),
    "studio-1024": (1024, 768, "light"),
    "studio-900": (900, 800, "dark"),
    "studio-768": (768, 1024, "light"),
    "studio-phone": (390, 844, "light"),
    "studio-phone-dark": (390, 844, "dark"),
}


def main(folder: str) -> None:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium or find_spec("playwright") is None:
        print("no screenshots: chromium or playwright is not here", file=sys.stderr)
        return
    from playwright.sync_api import sync_playwright

    with open_port("127.0.0.1", 0) as listening:
        close = serve(StudioService(Stylizer(DEFAULT_MODEL)), listening, Limits(), block=False)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                page = browser.new_page()
                page.set_default_timeout(60_000)
                prepare(page, address(listening))
                for name, (width, height, scheme) in SHOTS.items():
                    take(page, Path(folder, f"{name}.jpg"), width, height, scheme)
                browser.close()
        finally:
            close()


def prepare(page, url: str) -> None:
    """Some things tried: what the pictures show."""
    page.goto(url)
    page.locator("#picture[data-previews]").wait_for()
    see(page, lambda: page.locator("#photo").set_input_files(PHOTO))
    see(page, lambda: page.locator("[data-key=great_wave]").click())
    see(page, lambda: page.locator("[data-key=village_street_auvers]").click())
    page.locator("#blend").click()
    see(page, lambda: page.locator("[data-key=starry_night]").click())
    see(page, lambda: page.locator("#shares input").first.fill("60"))


def take(page, path: Path, width: int, height: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
    page.mouse.move(width - 5, 5)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    with Image.open(io.BytesIO(page.screenshot())) as shot:
        shot.convert("RGB").save(path, quality=80, optimize=True)


def see(page, what) -> None:
    """Do something, and wait until another preview is there."""
    before = page.locator("#picture").get_attribute("data-previews")
    what()
    page.locator(f"#picture:not([data-previews='{before}'])").wait_for()


if __name__ == "__main__":
    main(*sys.argv[1:])

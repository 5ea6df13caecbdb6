"""What tests of the page do in a browser: serve it, turn its knobs, read what it shows."""

import base64
import functools
import http.server
import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ..chromium import LONG

expect = pytest.importorskip("playwright.sync_api", reason="browser tests need playwright").expect


@contextmanager
def served(folder: Path, headers: dict[str, str]) -> Iterator[str]:
    """The address of a server of a folder, as simple as there are."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def end_headers(self):
            for name, value in headers.items():
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def painted(page) -> None:
    expect(page.locator("#status")).to_have_text(re.compile("^Painted"), timeout=LONG)


def png(image: Image.Image, name: str, **options) -> dict:
    data = io.BytesIO()
    image.save(data, name.rpartition(".")[2].replace("jpg", "jpeg"), **options)
    return {"name": name, "mimeType": "image/png", "buffer": data.getvalue()}


def slide(page, name: str, value: float) -> None:
    page.locator(f"#{name}").fill(str(value))
    painted(page)


def shown(page, name: str = "after", mode: str = "RGB") -> np.ndarray:
    """What a canvas has on it."""
    url = page.evaluate("name => document.getElementById(name).toDataURL()", name)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert(mode))


def choose(page, *titles: str) -> None:
    """One style, or several in a blend."""
    blend = page.locator("#blend")
    if blend.get_attribute("aria-pressed") == "true":
        blend.click()
    page.get_by_role("button", name=titles[0]).click()
    if titles[1:]:
        blend.click()
    for title in titles[1:]:
        page.get_by_role("button", name=title).click()
    painted(page)

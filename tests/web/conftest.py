"""A studio with a tiny network, and a browser that looks at it."""

import os
import shutil
import socket

import pytest

pytest.importorskip("gradio", reason="the studio needs gradio: pip install 'styletransfer[web]'")

from styletransfer.stylize.stylizer import Stylizer

# A test picture in place of a camera, and no question whether the page may see it.
ARGUMENTS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
LONG = 120_000  # milliseconds that a busy machine may take: only what is broken takes longer
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="session")
def stylizer(tiny_model) -> Stylizer:
    return Stylizer(tiny_model, "cpu", "fp32")


@pytest.fixture(scope="session")
def studio(stylizer, tmp_path_factory):
    """The address of a studio that takes files of 3 MB and pictures of 4 megapixels."""
    from styletransfer.web.server import serve

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    close = serve(stylizer, "127.0.0.1", port, megabytes=3, megapixels=4, block=False)
    yield f"http://127.0.0.1:{port}"
    close()


@pytest.fixture(scope="session")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api", reason="browser tests need playwright")
    if not CHROMIUM:
        pytest.skip("browser tests need Debian's chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium, studio):
    """The studio, opened by a new user, after its first preview; only its own server may be asked."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(LONG)
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(studio)
    page.wait_for_selector("#compare img")
    yield page
    assert all(url.startswith((studio, "data:", "blob:")) for url in page.asked), page.asked
    context.close()


SHOWN = "([...document.querySelectorAll('#compare img')].at(-1) || {src: ''}).src"


CHANGED = f"old => {SHOWN} && {SHOWN} !== old"


def changes(page, what) -> None:
    """Do something, and wait until the page shows another painted picture."""
    before = page.evaluate(SHOWN)
    what()
    page.wait_for_function(CHANGED, arg=before)

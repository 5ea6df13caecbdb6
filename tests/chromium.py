"""The browser in which tests look at pages, how long they wait for one, and what both of ours have."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

# A test picture in place of a camera, and no question whether the page may see it.
ARGUMENTS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
LONG = 120_000  # milliseconds that a busy machine may take: only what is broken takes longer
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


@contextmanager
def launched() -> Iterator[Any]:
    """Playwright's browser; the test is skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="browser tests need playwright")
    if not CHROMIUM:
        pytest.skip("browser tests need Debian's chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def shares(page) -> list[int]:
    """The percentages of a blend."""
    return [int(each.input_value()) for each in page.locator("#shares input").all()]

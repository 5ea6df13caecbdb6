"""How many pictures of a camera the studio paints a second, in a real browser with a test picture for a
camera: the page takes, sends, receives and shows each. And what each takes of the processor, in studio
and browser, which also tells of a machine that others use.

    python -m benchmarks.camera [--seconds 10]      needs chromium and playwright
"""

import argparse
import os
import shutil
import time
from contextlib import suppress

import psutil
from playwright.sync_api import sync_playwright

from styletransfer.server.limits import Limits
from styletransfer.server.port import address, open_port
from styletransfer.styles.names import DEFAULT_MODEL
from styletransfer.stylize.stylizer import Stylizer
from styletransfer.web.server import serve
from styletransfer.web.service import StudioService

ARGUMENTS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def frames(page) -> int:
    return int(page.locator("#live").get_attribute("data-frames"))


def worked(processes) -> float:
    """Seconds of the processor that these have had."""
    found = 0.0
    for process in processes:
        with suppress(psutil.Error):  # it has ended
            times = process.cpu_times()
            found += times.user + times.system
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    stylizer = Stylizer(DEFAULT_MODEL)
    with open_port("127.0.0.1", 0) as listening:
        close = serve(StudioService(stylizer), listening, Limits(), block=False)
        try:
            with sync_playwright() as playwright:
                chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
                browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
                page = browser.new_page()
                page.goto(address(listening))
                page.locator("#picture[data-previews]").wait_for()
                page.locator("#camera").click()
                page.locator("#live[data-frames]").wait_for()
                page.wait_for_timeout(2000)
                us = psutil.Process()
                sides = [us], us.children(recursive=True)
                before, begun, had = frames(page), time.perf_counter(), [*map(worked, sides)]
                page.wait_for_timeout(1000 * given.seconds)
                count, seconds = frames(page) - before, time.perf_counter() - begun
                each = [1000 * (worked(side) - was) / count for side, was in zip(sides, had)]
                live = page.locator("#live")
                size = " × ".join(live.get_attribute(side) for side in ("width", "height"))
                browser.close()
        finally:
            close()
    rate = f"{count / seconds:.1f} frames a second"
    print(f"{size} on {stylizer.device}: {rate} ({count} in {seconds:.1f} s)")
    studio, browser = each
    load = psutil.getloadavg()[0]
    spent = f"{studio:.0f} ms a frame in the studio, {browser:.0f} ms in the browser"
    print(f"processor: {spent}; load {load:.1f}")


if __name__ == "__main__":
    main()

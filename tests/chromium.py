"""The browser in which tests look at pages, and how long they wait for one."""

import os
import shutil

# A test picture in place of a camera, and no question whether the page may see it.
ARGUMENTS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
LONG = 120_000  # milliseconds that a busy machine may take: only what is broken takes longer
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

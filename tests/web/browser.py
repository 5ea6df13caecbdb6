"""The studio in a real browser: how a test does what people do there."""

from styletransfer.server.limits import Limits
from styletransfer.server.port import address, open_port
from styletransfer.web.server import serve


class Opened:
    """A studio that can be closed, and opened again on the same port."""

    def __init__(self, service):
        self.service, self.port = service, 0
        self.open()

    def open(self) -> None:
        self.listening = open_port("127.0.0.1", self.port)
        self.port = self.listening.getsockname()[1]
        self.url = address(self.listening)
        self._close = serve(self.service, self.listening, Limits(3, 4), block=False)

    def close(self) -> None:
        self._close()
        self.listening.close()


def changes(page, what) -> None:
    """Do something, and wait until another preview is there."""
    before = page.locator("#picture").get_attribute("data-previews")
    what()
    page.locator(f"#picture:not([data-previews='{before}'])").wait_for()


def file(name: str, data: bytes) -> dict:
    return {"name": name, "mimeType": "image/png", "buffer": data}


def saved(page, what, path) -> str:
    """Do something that has the browser save a file; gives its name."""
    with page.expect_download() as found:
        what()
    found.value.save_as(path)
    return found.value.suggested_filename

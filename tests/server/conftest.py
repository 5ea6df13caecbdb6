"""A server of a tiny network, on a real port."""

import io
import signal
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from PIL import Image

from styletransfer import Stylizer
from styletransfer.server.app import StylizeServer, build_app
from styletransfer.server.limits import Limits
from styletransfer.server.listen import GracefulServer
from styletransfer.server.port import address, open_port

from ..conftest import noise


def as_file(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


PHOTO = as_file(noise(50, 37, seed=1))
STYLE = as_file(noise(48, 40, seed=10))


def opened(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


def refused(answer: httpx.Response, status: int) -> str:
    """The one line of an answer that is no picture."""
    assert answer.status_code == status, answer.text[:200]
    assert list(answer.json()) == ["error"]
    line = answer.json()["error"]
    assert line and "\n" not in line and "Traceback" not in line and "--" not in line
    return line


@contextmanager
def serving(stylizer: Stylizer, limits: Limits = Limits(), batch: int | None = None):
    """The server, its client, and the web server that carries it."""
    server = StylizeServer(stylizer, limits, batch)
    with open_port("127.0.0.1", 0) as listening:
        config = uvicorn.Config(build_app(server), log_config=None, access_log=False)
        web = GracefulServer(config, server)
        thread = threading.Thread(target=web.run, args=([listening],))
        thread.start()
        with httpx.Client(base_url=address(listening), timeout=30) as client:
            try:
                yield server, client, web
            finally:
                web.handle_exit(signal.SIGTERM, None)
                thread.join(timeout=30)
                assert not thread.is_alive()


@pytest.fixture(scope="session")
def stylizer(tiny_model):
    return Stylizer(tiny_model, device="cpu", precision="fp32")


def until(true, seconds: float = 10.0) -> None:
    """Wait for something to become so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)

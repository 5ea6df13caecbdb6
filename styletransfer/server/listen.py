"""Serve the API on a port until the process is asked to end."""

import errno
import json
import os
import socket
import time
from types import FrameType

import uvicorn

from ..errors import InputError
from ..stylize.stylizer import Stylizer
from ..system.interrupt import SAME
from .app import StylizeServer, build_app
from .limits import Limits


class GracefulServer(uvicorn.Server):
    """Uvicorn with a graceful end. After the first signal it answers what was accepted, refuses new
    requests with 503, and then stops; a second signal cancels what was accepted."""

    def __init__(self, config: uvicorn.Config, served: StylizeServer):
        super().__init__(config)
        self.served, self.signals = served, list[float]()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.signals.append(time.monotonic())

    async def on_tick(self, counter: int) -> bool:
        if self.signals:
            self.served.admission.closing = True
            self.should_exit = not self.served.admission.taken
            if self.signals[-1] - self.signals[0] > SAME:
                self.served.give_up()
        return await super().on_tick(counter)


def serve(stylizer: Stylizer, listening: socket.socket, limits: Limits, as_json: bool = False) -> None:
    """Answer requests until interrupted; says where on standard output, in JSON if that is wanted."""
    server = StylizeServer(stylizer, limits)
    config = uvicorn.Config(
        build_app(server), log_config=None, access_log=False, ws="none", server_header=False,
    )  # fmt: skip
    url = address(listening)
    print(json.dumps({"url": url}) if as_json else url, flush=True)
    GracefulServer(config, server).run([listening])


def open_port(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is any that is free. InputError if there is none to be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError, UnicodeError) as error:
        number = (error.errno or 0) if isinstance(error, OSError) else 0
        if isinstance(error, UnicodeError) or number < 0 or number == errno.EADDRNOTAVAIL:
            reason, other = "this machine has no such address", "--host"  # below 0: of getaddrinfo
        else:
            reason, other = os.strerror(number) if number else str(error), "--port"
        raise InputError(f"cannot listen on {host}:{port} ({reason}): give another {other}") from None


def address(listening: socket.socket) -> str:
    """How a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    if host in ("127.0.0.1", "0.0.0.0", "::1", "::"):
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

"""The API on a port of this machine, until it is asked to end."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from ..errors import InputError
from ..stylize.stylizer import Stylizer
from ..system.interrupt import Interrupt
from .app import StylizeServer, build_app
from .limits import Admission, Limits


class GracefulServer(uvicorn.Server):
    """Uvicorn that, at the first signal, goes on listening: it answers what was accepted, refuses what
    is new with 503, and then ends. A later signal is a KeyboardInterrupt."""

    def __init__(self, config: uvicorn.Config, admission: Admission):
        super().__init__(config)
        self.admission, self.interrupt = admission, Interrupt()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with self.interrupt:
            yield

    async def on_tick(self, counter: int) -> bool:
        if self.interrupt.wanted:
            self.admission.closing = True
            self.should_exit = self.should_exit or not self.admission.taken
        return await super().on_tick(counter)


def serve(stylizer: Stylizer, listening: socket.socket, limits: Limits) -> None:
    """Answer requests until interrupted; says where on standard output."""
    server = StylizeServer(stylizer, limits)
    config = uvicorn.Config(
        build_app(server), log_config=None, access_log=False, ws="none", server_header=False,
    )  # fmt: skip
    print(address(listening), flush=True)
    GracefulServer(config, server.admission).run([listening])


def open_port(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is any that is free. InputError if there is none to be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot listen on {host}:{port} ({reason}): give another --port") from None


def address(listening: socket.socket) -> str:
    """How a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    if host in ("127.0.0.1", "0.0.0.0", "::1", "::"):
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

"""Serve the API on a port until the process is asked to end."""

import json
import socket
import time
from types import FrameType

import uvicorn

from ..stylize.stylizer import Stylizer
from ..system.interrupt import SAME
from .app import StylizeServer, build_app
from .limits import Limits
from .port import address


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

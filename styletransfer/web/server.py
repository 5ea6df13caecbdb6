"""The studio on a port of this machine, until it is asked to end."""

import json
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import FrameType

import uvicorn

from ..server.limits import Limits
from ..server.port import address
from .service import StudioService
from .session_files import private_folder
from .studio import Studio, build_app


class StudioServer(uvicorn.Server):
    """Uvicorn that, asked to end, ends what is being painted and all pages' connections with it.

    open: called when it answers, and tidies up when it is asked to end.
    """

    def __init__(self, config: uvicorn.Config, studio: Studio, open: Callable[[], None]):
        super().__init__(config)
        self.studio, self.open = studio, open

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.open()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.should_exit = True
        # Not here: a signal may come while a lock is held that closing needs.
        threading.Thread(target=self.studio.close, daemon=True).start()


def serve(
    service: StudioService,
    listening: socket.socket,
    limits: Limits,
    *,
    hosts: frozenset[str] = frozenset(),
    block: bool = True,
    as_json: bool = False,
) -> Callable[[], None] | None:
    """Open the studio. What visitors send, and what is painted, goes when it closes.

    hosts: names by which it may be asked beside this machine's. block: stay until interrupted; else
    gives what closes it again. as_json: say where it is in JSON.
    """
    with suppress(KeyboardInterrupt), ExitStack() as opened:
        studio = Studio(service, opened.enter_context(private_folder()), limits)
        config = uvicorn.Config(
            build_app(studio, hosts), log_config=None, access_log=False, ws="none",
            server_header=False, timeout_graceful_shutdown=3,
        )  # fmt: skip
        url, answers = address(listening), threading.Event()

        def say() -> None:
            answers.set()
            if block:
                print(json.dumps({"url": url}) if as_json else url, flush=True)

        server = StudioServer(config, studio, say)
        opened.callback(studio.close)
        if block:
            if hasattr(signal, "SIGHUP"):
                signal.signal(signal.SIGHUP, server.handle_exit)
            server.run([listening])
            return None
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        answers.wait(60)
        opened.callback(thread.join)
        opened.callback(server.handle_exit, signal.SIGTERM, None)
        return opened.pop_all().close
    return None

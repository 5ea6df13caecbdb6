"""The studio as a server on this machine."""

import json
import os
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

import gradio as gr
import gradio.routes

from ..errors import InputError
from ..media.image import example_photo, example_styles
from ..options import LEAST_STROKES
from ..stylize.stylizer import Stylizer
from .events import Events, connect
from .page import lay_out
from .security import middleware
from .service import StudioService
from .session_files import private_folder
from .theme import CSS, HEAD, theme


def build(service: StudioService) -> gr.Blocks:
    """The page and what happens on it."""
    least_strokes = LEAST_STROKES if service.stylizer.net.config.drafts else 1
    page = gr.Blocks(title="Style studio", analytics_enabled=False, delete_cache=(3600, 12 * 3600))
    with page:
        connect(page, lay_out(least_strokes), Events(service))
    return page


def serve(
    stylizer: Stylizer,
    host: str,
    port: int,
    megabytes: float,
    megapixels: float,
    block: bool = True,
    as_json: bool = False,
) -> Callable[[], None] | None:
    """Open the studio. What users send, and what is painted, goes when it closes.

    block: stay until interrupted; else gives what closes it again. as_json: say where it is in JSON.
    """
    _check_free(host, port)
    with suppress(KeyboardInterrupt), ExitStack() as opened:
        folder = opened.enter_context(private_folder())
        os.environ["GRADIO_TEMP_DIR"] = str(folder)
        # Read from that when Gradio was imported.
        gradio.routes.DEFAULT_TEMP_DIR = str(folder)  # type: ignore[attr-defined]
        page = build(StudioService(stylizer, folder, megapixels))
        page.queue(max_size=32)
        opened.callback(page.close, verbose=False)
        page.launch(
            server_name=host,
            server_port=port,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
            max_file_size=int(megabytes * 1e6),
            allowed_paths=[str(folder), str(example_photo()), *map(str, example_styles())],
            footer_links=[],
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            enable_monitoring=False,
            show_error=True,
            theme=theme(),
            css=CSS,
            head=HEAD,
            app_kwargs={"middleware": [middleware()]},
        )
        name = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host
        url = f"http://{name}:{port}"
        print(json.dumps({"url": url}) if as_json else url, flush=True)
        if not block:
            return opened.pop_all().close
        threading.Event().wait()
    return None


def _check_free(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            pass
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot listen on {host}:{port} ({reason}): give another --port") from None

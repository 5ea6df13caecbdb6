"""stylize web: the studio in the browser."""

import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from ..errors import InputError
from ..styles.names import DEFAULT_MODEL
from ..system.allocator import keep_few_kernels
from . import common
from .common import Precision

app = common.app()

NEEDED = ("fastapi", "uvicorn")


@app.command()
def web(
    host: Annotated[
        str, typer.Option(help="Where to listen; 0.0.0.0 lets others of your network in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Of the page.")] = 7860,
    max_megabytes: Annotated[float, typer.Option(help="Of an uploaded file.")] = 50,
    max_megapixels: Annotated[float, typer.Option(help="Of a picture.")] = 50,
    model: common.Model = DEFAULT_MODEL,
    device: common.Device = "auto",
    precision: common.Precise = Precision.auto,
    as_json: common.Json = False,
) -> int:
    """Open the studio: try styles on a photo in the browser.

    Nothing leaves this machine, and what was sent to the studio is removed when it closes.
    """
    if not 0 < port < 65536:
        raise InputError(f"--port is {port}: 1 to 65535")
    if not (max_megabytes > 0 and max_megapixels > 0):
        raise InputError("--max-megabytes and --max-megapixels are above 0")
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise InputError(f"the studio needs {missing[0]}: pip install 'styletransfer[web]'")
    import signal

    from ..server.limits import Limits
    from ..server.port import open_port

    limits = Limits(max_megabytes, max_megapixels)
    # Asked to end, it tidies up as it does for Ctrl-C.
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    keep_few_kernels()
    with open_port(host, port) as listening:
        from ..stylize.stylizer import Stylizer
        from ..web.server import serve
        from ..web.service import StudioService

        service = StudioService(Stylizer(model, device, precision.value), device, precision.value)
        print("stylize web: Ctrl-C closes the studio", file=sys.stderr)
        serve(service, listening, limits, hosts=frozenset([host.lower()]), as_json=as_json)
    return 0

"""stylize serve: an HTTP API."""

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

NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")
EPILOG = """Examples:

\b
  stylize serve
  stylize serve --host 0.0.0.0 --port 8080 --max-megapixels 12 --queue 8
"""


@app.command(epilog=EPILOG)
def serve(
    host: Annotated[
        str, typer.Option(help="Where to listen; 0.0.0.0 lets others of your network in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Of the API; 0 is any that is free.")] = 8000,
    max_megabytes: Annotated[float, typer.Option(help="Of a request, all its files.")] = 50,
    max_megapixels: Annotated[float, typer.Option(help="Of a picture, given or painted.")] = 25,
    timeout: Annotated[float, typer.Option(help="Seconds for a request.")] = 120,
    queue: Annotated[int, typer.Option(help="Requests received, waiting or painted at once.")] = 32,
    model: common.Model = DEFAULT_MODEL,
    device: common.Device = "auto",
    precision: common.Precise = Precision.auto,
    as_json: common.Json = False,
) -> int:
    """Paint for other programs: POST photo and style to /stylize; /docs says more.

    It opens no path and no address that a client names. Asked to end, it finishes what it has accepted.
    """
    if not 0 <= port < 65536:
        raise InputError(f"--port is {port}: 0 to 65535")
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise InputError(f"the server needs {missing[0]}: pip install 'styletransfer[serve]'")
    from ..server.limits import Limits

    limits = Limits(max_megabytes, max_megapixels, timeout, queue)
    keep_few_kernels()
    from ..server.listen import serve as serve_until_interrupted
    from ..server.port import open_port
    from ..stylize.stylizer import Stylizer

    with open_port(host, port) as listening:
        stylizer = Stylizer(model, device, precision.value)
        print("stylize serve: Ctrl-C ends it", file=sys.stderr)
        serve_until_interrupted(stylizer, listening, limits, as_json)
    return 0

"""The `stylize` command: one file per verb, each imported only when it is asked for."""

import ctypes
import os
import sys
from importlib import import_module

from ..errors import InputError

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # of malloc.h
VERBS = (
    "video", "web", "grid", "morph", "sheet", "style", "train", "data", "evaluate", "export", "models",
)  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Run `stylize` and exit: 0 done, 2 bad usage or input, 130 interrupted."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run `stylize` with these arguments and return the exit code."""
    name, module = "stylize", "picture"
    if arguments and arguments[0] in VERBS:
        name, module = f"stylize {arguments[0]}", arguments[0]
        arguments = arguments[1:]
    elif not arguments:
        arguments = ["--help"]
    from typer import Abort

    _keep_memory()
    app = import_module(f".{module}", __name__).app
    try:
        # Not standalone: typer would answer bad usage with a box of several lines.
        return app(args=arguments, prog_name=name, standalone_mode=False) or 0
    except InputError as error:
        if os.environ.get("LOCAL_RANK", "0") == "0":  # torchrun starts many: one speaks for a machine
            print(f"{name}: {_one_line(error)}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, Abort):  # typer turns the one into the other
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 2
    except Exception as error:
        if not hasattr(error, "format_message"):  # typer's usage errors have it, in every version
            raise
        print(f"{name}: {_one_line(error.format_message())} ({name} --help)", file=sys.stderr)
        return 2


def _keep_memory() -> None:
    """Have freed memory kept for the next tensor, where the C library can be told (glibc).

    It would give each large block back and have the next one made of fresh pages, which takes a third
    of the time of a 2048-px picture (benchmarks/speed.md).
    """
    try:
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_MAX, 0)
        library.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
    except (OSError, TypeError, AttributeError):
        pass


def _one_line(message: object) -> str:
    return " ".join(str(message).split())

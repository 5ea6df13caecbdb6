"""The `stylize` command: one file per verb, each imported only when it is asked for."""

import os
import sys
from importlib import import_module

from ..allocator import keep_memory
from ..errors import InputError

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

    keep_memory()
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


def _one_line(message: object) -> str:
    return " ".join(str(message).split())

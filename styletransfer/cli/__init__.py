"""The `stylize` command: one file per verb, each imported only when it is asked for."""

import os
import sys
import time
from difflib import get_close_matches
from importlib import import_module

from ..errors import InputError, out_of_memory
from ..options import REFINE
from ..system.allocator import keep_memory
from .plain_arguments import plain_arguments

VERBS = (
    "batch", "video", "web", "serve", "grid", "morph", "sheet", "style", "train", "data", "evaluate",
    "export", "models", "doctor",
)  # fmt: skip
TORCH = ("torch", "torchvision")
GRACE = 3  # seconds that the one process that speaks may need longer to fail than others

USUAL = {"--refine": REFINE}
"""Options that may be given without a value, which Typer has none of, and what is meant then."""


def main(arguments: list[str] | None = None) -> None:
    """Run `stylize` and exit: 0 done, 2 bad usage or input, 130 interrupted."""
    code = run(sys.argv[1:] if arguments is None else arguments)
    if "onnxruntime" in sys.modules and "torch" not in sys.modules:
        # Nothing is left to be done, and taking all down in order would be a tenth of the whole.
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run `stylize` with these arguments and return the exit code."""
    if arguments[:1] == ["--complete"] and len(arguments) == 3:  # a shell asks
        from .complete import answer

        return answer(VERBS, *arguments[1:])
    name, module = "stylize", "picture"
    if arguments and arguments[0] in VERBS:
        name, module = f"stylize {arguments[0]}", arguments[0]
        arguments = arguments[1:]
    elif not arguments:
        arguments = ["--help"]
    if sys.stderr is None:  # closed: messages go nowhere, not to standard output
        sys.stderr = open(os.devnull, "w")
    try:
        code = _run(name, module, arguments)
        if sys.stdout:
            sys.stdout.flush()  # now, where its failure can be told
        return code
    except OSError as error:
        where = error.filename or ("standard output" if _output_fails() else "")
        if not isinstance(error, BrokenPipeError):  # else who read has heard enough
            _say(name, ": ".join(filter(None, [where, error.strerror or str(error)])))
        return 2


def _run(name: str, module: str, arguments: list[str]) -> int:
    from typer import Abort

    keep_memory()
    try:
        verb = import_module(f".{module}", __name__)
        if module == "picture":
            _check_verb(arguments[0])
            if (given := plain_arguments(verb.picture, arguments)) is not None:
                return int(verb.picture(**given))
        # Not standalone: typer would answer bad usage with a box of several lines.
        arguments = _with_values(arguments)
        help = ["-h", "--help"]
        return (
            verb.app(args=arguments, prog_name=name, standalone_mode=False, help_option_names=help) or 0
        )
    except InputError as error:
        _say(name, error)
        return 2
    except SystemExit:  # typer's, where who reads our output has gone
        return 2
    except (KeyboardInterrupt, Abort):  # typer turns the one into the other
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if out_of_memory(error):
            _say(name, "out of memory: give a smaller --size, or --tile 512")
            return 2
        if isinstance(error, ModuleNotFoundError) and error.name:  # see docs/light.txt
            package = error.name.partition(".")[0]
            both = " ".join(TORCH) if package in TORCH else package
            _say(name, f"needs {package}, which is not installed (pip install {both})")
            return 2
        if not hasattr(error, "format_message"):  # typer's usage errors have it, in every version
            raise
        _say(name, f"{error.format_message()} ({name} --help)")
        return 2


def _with_values(arguments: list[str]) -> list[str]:
    """The same with the usual number after an option that may be given without one."""
    found = []
    for word, following in zip(arguments, [*arguments[1:], ""]):
        bare = word in USUAL and not following.lstrip("-").isdigit()
        found.append(f"{word}={USUAL[word]}" if bare else word)
    return found


def _check_verb(word: str) -> None:
    """InputError for what is no photo and nearly a verb."""
    near = get_close_matches(word, VERBS, 1, 0.75)
    if near and not word.startswith("-") and not os.path.exists(word):
        raise InputError(f"{word}: no such file, and no verb: stylize {near[0]} is one")


def _say(name: str, message: object) -> None:
    if os.environ.get("LOCAL_RANK", "0") == "0":  # torchrun starts many: one speaks for a machine
        print(f"{name}: {' '.join(str(message).split())}", file=sys.stderr)
    else:  # it ends all others as soon as one has failed
        time.sleep(GRACE)


def _output_fails() -> bool:
    """Whether standard output takes no more; what is left is dropped, or Python would complain of it."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False

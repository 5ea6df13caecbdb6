"""A verb's arguments read without typer's parser, which takes a tenth of a second to be ready.

Only what needs no words: anything wrong or rare is left to typer, which says what it has to say.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from inspect import signature
from types import NoneType
from typing import Any, get_args, get_origin


def plain_arguments(function: Callable[..., int], words: Sequence[str]) -> dict[str, Any] | None:
    """What a verb's function is to be called with, or None if typer is to say.

    function: its first parameters are an argument and a list of arguments, all others options, as
    typer has them. words: of the command line.
    """
    (first, *_), (rest, *_), *parameters = (
        (p.name, *get_args(p.annotation)) for p in signature(function).parameters.values()
    )
    options = {}
    for name, kind, info in parameters:
        if info.min is not None or info.max is not None or info.callback:
            continue  # a range is typer's to check, and what is called as it is read is typer's to call
        # Of the flags that an option is given, typer takes the first for its default.
        flags = [f for f in (info.default, *info.param_decls) if isinstance(f, str) and f[:1] == "-"]
        for flag in flags or (f"--{name.replace('_', '-')}",):
            options[flag] = name, kind
    found: dict[str, Any] = {}
    positional = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word == "-" or not word.startswith("-"):
            positional.append(word)
            continue
        flag, equals, value = word.partition("=")
        if flag not in options or equals and not flag.startswith("--"):
            return None
        name, kind = options[flag]
        if kind is bool:
            if equals:
                return None
            found[name] = True
            continue
        if not equals:
            if not queue or queue[0].startswith("-") and queue[0] != "-":
                return None  # perhaps a number below zero: of no option of ours
            value = queue.pop(0)
        try:
            _add(found, name, kind, value)
        except ValueError:
            return None
    if not positional or not all(positional):
        return None
    return {first: positional[0], rest: positional[1:] or None, **found}


def _add(found: dict[str, Any], name: str, kind: Any, value: str) -> None:
    """Note an option's value; ValueError if it is none of its kind."""
    kind = next((each for each in get_args(kind) if each is not NoneType), kind)
    if get_origin(kind) is list:
        found[name] = [*found.get(name, []), value]
    elif kind in (int, float):
        if not value.replace(".", "", 1).isdecimal():
            raise ValueError(value)
        found[name] = kind(value)
    elif kind is str or issubclass(kind, Enum):
        found[name] = kind(value)
    else:
        raise ValueError(value)

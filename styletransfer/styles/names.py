"""How styles are written: files, what a model has learned, and blends of both. No torch here."""

import os
from collections.abc import Callable

from ..errors import InputError

DEFAULT_MODEL = "adain-fast"
BANK = "bank:"
"""Before the name of a style that a model has learned."""
BANK_MODEL = "bank"
"""The model that ships with such styles."""


def is_learned(style: str) -> bool:
    """Whether a style is one that a model has learned, "bank:lion", and no file that is called so."""
    return style.startswith(BANK) and not os.path.exists(style)


def made_of(text: str) -> dict[str, float]:
    """The styles that a STYLE is made of: itself, or the parts of a blend, "a.jpg:0.5,bank:lion:0.5"."""
    if os.path.exists(text) or not {",", ":"} & set(text):
        return {text: 1.0}
    return parse_blend(text)


def parse_blend(text: str, is_file: Callable[[str], bool] = os.path.exists) -> dict[str, float]:
    """ "a.jpg:0.5,b.jpg:0.5" to {"a.jpg": 0.5, "b.jpg": 0.5}; a style without a number counts 1.

    What is a file as it stands is taken as one, commas and colons and all.
    """
    weights: dict[str, float] = {}
    for part in [text] if is_file(text) else text.split(","):
        name, weight = part.strip(), 1.0
        head, colon, tail = name.rpartition(":")
        if colon and not is_file(name) and f"{head}:" != BANK:
            try:
                name, weight = head, float(tail)
            except ValueError:
                pass  # a colon of the file's own name
        if not name.removeprefix(BANK):
            raise InputError(f"{text!r}: a style's name is missing")
        if not 0 <= weight < float("inf"):
            raise InputError(f"{part.strip()}: a weight must not be negative")
        weights[name] = weights.get(name, 0) + weight
    if not sum(weights.values()) > 0:
        raise InputError(f"{text}: at least one weight must be above 0")
    return weights

"""How a style is written: a file, the name of a shipped or learned style, or a blend. No torch here."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..media.image import example_styles

DEFAULT_MODEL = "adain-fast"
BANK = "bank:"
"""Prefix of a style that a model has learned, as in "bank:lion"."""
BANK_MODEL = "bank"
"""The shipped model that has learned styles."""


def is_learned(style: str) -> bool:
    """Whether a style names a learned one ("bank:lion"), and not a file of that name."""
    return style.startswith(BANK) and not os.path.exists(style)


def style_weights(text: str) -> dict[str, float]:
    """The weights of the styles that a STYLE argument consists of: itself alone, or the parts of a blend
    ("a.jpg:0.5,bank:lion:0.5"). The name of a shipped style becomes its file."""
    if os.path.exists(text) or not {",", ":"} & set(text):
        return {style_file(text): 1.0}
    return parse_blend(text)


def shipped_styles() -> dict[str, Path]:
    """The paintings that ship with the package, by name."""
    return {path.stem: path for path in example_styles()}


def style_file(style: str) -> str:
    """The file of a shipped style such as "starry_night"; whatever else names a style is returned as is.

    Raises InputError for a plain name (no folder, no suffix) that is neither a file nor shipped.
    """
    if not style or os.path.exists(style) or set(style) & {os.sep, os.altsep, ".", ":"}:
        return style
    shipped = shipped_styles()
    if style in shipped:
        return str(shipped[style])
    near = get_close_matches(style, shipped, 3, 0.5)
    which = f"do you mean {' or '.join(near)}?" if near else "stylize style list names them"
    raise InputError(f"{style}: no such file, and no shipped style ({which})")


def parse_blend(text: str) -> dict[str, float]:
    """Parse "a.jpg:0.5,b.jpg:0.5" to {"a.jpg": 0.5, "b.jpg": 0.5}; without a number the weight is 1.

    If a file of that very name exists it is taken, commas, colons and all. Raises InputError for a
    missing name, a negative weight, or weights that are all 0.
    """
    weights: dict[str, float] = {}
    for part in [text] if os.path.exists(text) else text.split(","):
        name, weight = part.strip(), 1.0
        head, colon, tail = name.rpartition(":")
        if colon and not os.path.exists(name) and f"{head}:" != BANK:
            try:
                name, weight = head, float(tail)
            except ValueError:
                pass  # a colon of the file's own name
        if not name.removeprefix(BANK):
            raise InputError(f"{text!r}: a style's name is missing")
        if not 0 <= weight < float("inf"):
            raise InputError(f"{part.strip()}: a weight must not be negative")
        name = style_file(name)
        weights[name] = weights.get(name, 0) + weight
    if not sum(weights.values()) > 0:
        raise InputError(f"{text}: at least one weight must be above 0")
    return weights


def parts_of(source: object) -> Mapping[Any, float] | None:
    """The weights of a blend's styles, or of a folder's pictures (equal); None for a single style."""
    if isinstance(source, Mapping):
        return source
    if isinstance(source, (str, os.PathLike)):
        if (parts := style_weights(str(source))) != {str(source): 1.0}:
            return parts
        if os.path.isdir(source):
            from ..media.image import pictures_in  # and with it Pillow: only now

            return dict.fromkeys(pictures_in(Path(source)), 1.0)
    return None

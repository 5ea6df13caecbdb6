"""The fields of the form for a picture, made of `StylizeOptions`: a new option is a new field. No torch
here."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from ..errors import InputError
from ..media.image import FORMATS
from ..options import PreserveColor, Stats, StylizeOptions

PHOTO, STYLE, FORMAT = "photo", "style", "format"
TYPES = {suffix[1:]: kind for suffix, kind in FORMATS.items()}  # that a client may ask for
CHOICES: dict[str, type[Enum]] = {"preserve_color": PreserveColor, "stats": Stats}
_BINARY = {"type": "string", "format": "binary"}


@dataclass(frozen=True)
class FieldType:
    """How a field is written. schema: as OpenAPI has it. read: from its text, which may raise
    ValueError; None for what is no single text. wanted: what it is, for messages."""

    schema: Mapping[str, Any]
    read: Callable[[str], Any] | None = None
    wanted: str = ""


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def _tile(text: str) -> str | int:
    return int(text) if text.isdigit() else text


_WHOLE = FieldType({"type": "integer"}, int, "a whole number")
PICTURE = FieldType(_BINARY)
REGIONS = FieldType({"type": "array", "items": {"type": "string"}})
FIELD_TYPES: dict[Any, FieldType] = {
    float: FieldType({"type": "number"}, float, "a number"),
    int: _WHOLE,
    int | None: _WHOLE,
    str: FieldType({"type": "string"}, str),
    str | int: FieldType({"type": "string"}, _tile, "auto, off, or a number of pixels"),
    Sequence[float] | None: FieldType({"type": "string"}, _numbers, "numbers with commas between them"),
    "Map | None": PICTURE,
    "Mapping[str, Any] | None": REGIONS,
}
OPTIONS: dict[str, FieldType] = {f.name: FIELD_TYPES[f.type] for f in fields(StylizeOptions)}


def read_text(name: str, text: str) -> Any:
    """The value of an option that is a single text; InputError if it is none."""
    kind = OPTIONS[name]
    assert kind.read is not None
    try:
        return kind.read(text)
    except ValueError:
        raise InputError(f"{name} is {text[:40]!r}: {kind.wanted} is wanted") from None


def schema() -> dict[str, Any]:
    """The form as OpenAPI has it."""
    properties: dict[str, Any] = {
        PHOTO: {**_BINARY, "description": "The photo."},
        STYLE: {
            "type": "array",
            "items": {"anyOf": [_BINARY, {"type": "string"}]},
            "description": "A painting or a style code as a file; a name or an id (see /styles); or a "
            "blend of those, a:0.7,b:0.3. Repeatable.",
        },
        FORMAT: {
            "type": "string",
            "enum": list(TYPES),
            "description": "Type of the result. Default: the photo's.",
        },
    }
    for option in fields(StylizeOptions):
        properties[option.name] = {
            **OPTIONS[option.name].schema,
            "description": as_fields(option.metadata["help"]).replace(".jpg", ""),
        }
        if option.name in CHOICES:
            properties[option.name]["enum"] = [each.value for each in CHOICES[option.name]]
        if option.default is not None:
            properties[option.name]["default"] = option.default
    more = {**_BINARY, "description": "A painting or style code that `style` or `region` names."}
    return {
        "type": "object",
        "required": [PHOTO],
        "properties": properties,
        "additionalProperties": more,
    }


def as_fields(text: str) -> str:
    """A text for the command line with the names of fields in it: --style-size is style_size."""
    return re.sub(r"--([\w-]+)", lambda found: found[1].replace("-", "_"), text)

"""What the page is told at the start: models, styles, presets, limits."""

from dataclasses import fields
from functools import cache
from typing import Any

from PIL import Image, ImageOps

from ..media.image import encode_picture, example_photo, example_styles, example_titles
from ..models.shipped import header, models
from ..options import StylizeOptions
from ..preset import presets, read_preset
from ..server.limits import Limits
from ..styles.names import BANK
from .service import StudioService
from .wish import KINDS

FIRST_STYLE = "starry_night"  # the one that the page begins with
THUMBNAIL = (264, 180)  # twice what is shown, for fine screens


def about(service: StudioService, limits: Limits) -> dict[str, Any]:
    """As JSON takes it."""
    return {
        "models": [_model(service, name) for name in service.models],
        "presets": {name: read_preset(name) for name in presets()},
        "defaults": {
            option.name: option.default for option in fields(StylizeOptions)
            if isinstance(option.default, (int, float, str))
        },
        "formats": KINDS,
        "limits": {"megabytes": limits.max_megabytes, "megapixels": limits.max_megapixels},
        "photo": example_photo().name,
    }  # fmt: skip


def _model(service: StudioService, name: str) -> dict[str, Any]:
    """A model and the styles that are there for it."""
    learned = header(name).styles if name in models() else []
    if name == service.models[0]:
        learned = list(service.first.styles)
    return {"name": name, "styles": _learned(learned) or _shipped(), "own": not learned}


def _shipped() -> list[dict[str, str]]:
    titles = example_titles()
    stems = sorted((path.stem for path in example_styles()), key=lambda stem: stem != FIRST_STYLE)
    return [dict(zip(("key", "title", "artist"), (stem, *titles[stem]))) for stem in stems]


def _learned(names: list[str]) -> list[dict[str, str]]:
    return [
        {"key": BANK + name, "title": name.replace("_", " ").capitalize(), "artist": "learned"}
        for name in names
    ]


@cache
def thumbnail(stem: str) -> bytes | None:
    """A JPEG of a shipped painting; None if there is none of that name."""
    path = next((path for path in example_styles() if path.stem == stem), None)
    if path is None:
        return None
    with Image.open(path) as painting:
        return as_jpeg(painting.convert("RGB"))


def as_jpeg(image: Image.Image) -> bytes:
    """A picture as a thumbnail of a style."""
    return encode_picture(ImageOps.fit(image, THUMBNAIL), "JPEG", 80)

"""What the page asks for, read: which photo, in which styles, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from pydantic import BaseModel, Field

from ..errors import InputError
from ..media.image import FORMATS
from ..models.shipped import header, models
from ..options import StylizeOptions
from ..server.fields import OPTIONS, read_text
from ..server.limits import Limits
from ..styles.names import BANK, shipped_styles
from .sent_files import SentFile, stem_of
from .visitors import Visitor

MOST_STYLES = 4  # in a blend
KINDS = tuple(dict.fromkeys(suffix[1:] for suffix in FORMATS if suffix not in (".jpeg", ".tif")))
"""What pictures can be had as."""

Blend: TypeAlias = Mapping[str, float]
"""Files of styles, or names of learned ones ("bank:lion"), and their weights, which sum to 1."""


class AskedStyle(BaseModel):
    """id: a shipped style's name, a learned one's, or the page's own for a file. share: in percent."""

    id: str
    share: float = 100


class Asked(BaseModel):
    """As the page sends it. photos: names of files; several are a folder. options: by their names in
    `StylizeOptions`; mask and regions are names of files, region a style's id for each colour. format,
    quality: of the result."""

    model: str
    photos: list[str] = Field(default=[], max_length=500)
    styles: list[AskedStyle] = []
    options: dict[str, Any] = {}
    format: str = "png"
    quality: int = 95


@dataclass(frozen=True)
class Wish:
    """What is to be painted. names: by which the visitor knows the files of styles, mask and map, for
    whoever gives the command themselves."""

    model: str
    photos: list[SentFile]
    styles: Blend
    options: StylizeOptions
    format: str = "png"
    quality: int = 95
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def photo(self) -> SentFile:
        """The one, or the first."""
        return self.photos[0]

    @property
    def style_names(self) -> str:
        """What the styles are called in names of files: starry_night+own."""
        return "+".join(
            stem_of(self.names[source].removeprefix(BANK), "style") for source in self.styles
        )

    def file_name(self, photo: SentFile, suffix: str = "") -> str:
        """What the result is called: photo-style.jpg."""
        name = f"{photo.stem}-{self.style_names or self.model}".encode()[:200].decode(errors="ignore")
        return f"{name}.{suffix or self.format}"


def read_wish(asked: Asked, visitor: Visitor, known: list[str], limits: Limits) -> Wish:
    """InputError or Refused for what cannot be painted. known: names of models."""
    if asked.model not in known:
        raise InputError(f"There is no model {asked.model[:40]!r} here.")
    if asked.format not in KINDS:
        raise InputError(f"format is {asked.format[:40]!r}: one of {', '.join(KINDS)}")
    if not 1 <= asked.quality <= 100:
        raise InputError(f"quality is {asked.quality}: 1 to 100")
    photos = [visitor.file(name, "photo", "film") for name in asked.photos]
    finder = _Styles(visitor, asked.model)
    blend = finder.blend(asked.styles)
    options = replace(_options(asked, visitor, finder), weights=tuple(blend.values()) or None)
    for photo in photos:
        if photo.size:
            limits.check_resized("the picture", photo.size, options.size)
    return Wish(asked.model, photos, blend, options, asked.format, asked.quality, finder.names)


class _Styles:
    """Finds styles by their ids. names: of what was found."""

    def __init__(self, visitor: Visitor, model: str):
        self.visitor, self.shipped = visitor, shipped_styles()
        self.learned = header(model).styles if model in models() else []
        self.names: dict[str, str] = {}

    def blend(self, styles: list[AskedStyle]) -> Blend:
        if len(styles) > MOST_STYLES:
            raise InputError("Four styles are the most.")
        used = [style for style in styles if style.share > 0]
        if styles and not used:
            raise InputError("Give one of the styles more than 0 %.")
        total = sum(style.share / 100 for style in used)  # as the command's --weights are normalised
        return {self.source(style.id): style.share / 100 / total for style in used}

    def source(self, id: str) -> str:
        """A style's file, or what a learned one is called."""
        if id in self.shipped:
            source, name = str(self.shipped[id]), id
        elif id.startswith(BANK) and id.removeprefix(BANK) in self.learned:
            source = name = id
        else:
            file = self.visitor.file(id, "style")
            source, name = str(file.path), file.name
        self.names[source] = name
        return source


def _options(asked: Asked, visitor: Visitor, styles: _Styles) -> StylizeOptions:
    """Those that were given, checked."""
    given: dict[str, Any] = {}
    for name, value in asked.options.items():
        if name not in OPTIONS or name == "weights":
            raise InputError(f"there is no option {name[:40]!r}")
        if value is None or value == "" or value == {}:
            continue
        if name in ("mask", "regions"):
            file = visitor.file(str(value), name)
            given[name] = str(file.path)
            styles.names[str(file.path)] = f"{asked_stem(asked, visitor)}-{name.removesuffix('s')}.png"
        elif name == "region":
            if not isinstance(value, dict):
                raise InputError("region is a style for each colour")
            given[name] = {str(key): {styles.source(str(id)): 1.0} for key, id in value.items() if id}
        else:
            given[name] = read_text(name, str(value))
    return StylizeOptions(**given)


def asked_stem(asked: Asked, visitor: Visitor) -> str:
    """What the photo is called."""
    return visitor.file(asked.photos[0], "photo", "film").stem if asked.photos else "photo"

"""A form that a client sent, as what is to be painted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from starlette.datastructures import FormData, UploadFile

from ..errors import InputError
from ..media.image import Picture, with_short_side
from ..media.metadata import kept_metadata
from ..options import StylizeOptions, check_weights
from .fields import FORMAT, OPTIONS, PHOTO, PICTURE, REGIONS, STYLE, TYPES, read_text
from .limits import Limits
from .style_store import ServedStyle, StyleStore, read_style
from .uploads import SAME_TYPE, check_picture, decoded, opened_map

Blend = Mapping[ServedStyle, float]
Value = TypeVar("Value")


@dataclass
class PaintRequest:
    """What is to be painted. style: None for a network that takes none. options: its weights are in the
    style, and the styles of its regions are blends of served ones. kind: of the result, as Pillow
    calls it. metadata: for its file."""

    photo: Picture
    style: Blend | None
    options: StylizeOptions
    kind: str = "PNG"
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the result."""
        size = self.photo.rgb.size
        return with_short_side(size, self.options.size) if self.options.size else size


def read_form(form: FormData, store: StyleStore, limits: Limits) -> PaintRequest:
    """The picture that a form asks for, its files decoded; Refused or InputError says why not."""
    return _Form(form, store, limits).read()


class _Form:
    """texts, files: the fields that were filled in. used: those of them that were looked at."""

    def __init__(self, form: FormData, store: StyleStore, limits: Limits):
        self.store, self.limits = store, limits
        self.texts: dict[str, list[str]] = {}
        self.files: dict[str, list[bytes]] = {}
        self.styles: list[str | bytes] = []
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                data = value.file.read()
                if data or value.filename:  # a browser sends nothing of no name where no file was chosen
                    self.files.setdefault(name, []).append(data)
                    self.styles += [data] if name == STYLE else []
            elif value.strip():
                self.texts.setdefault(name, []).append(value.strip())
                self.styles += [value.strip()] if name == STYLE else []
        self.used = {STYLE}
        self.sent: dict[str, ServedStyle] = {}

    def read(self) -> PaintRequest:
        photo = self._file(PHOTO)
        if photo is None:
            raise InputError(f"no {PHOTO}: send it as a file of that field, photo=@photo.jpg")
        kind, size = check_picture(photo, PHOTO, self.limits)
        given = {name: value for name in OPTIONS if (value := self._option(name)) is not None}
        options = StylizeOptions(**given)
        style = self._style(options)
        kind = self._kind(SAME_TYPE.get(kind, "PNG"))
        if unknown := sorted((self.texts.keys() | self.files.keys()) - self.used):
            raise InputError(
                f"{unknown[0][:40]}: no field is called so, and no style or region names it"
            )
        self.limits.check_resized("the result", size, options.size)
        return PaintRequest(decoded(photo, PHOTO), style, options, kind, kept_metadata(photo))

    def _option(self, name: str) -> Any:
        """What is given of an option; None if nothing is."""
        kind = OPTIONS[name]
        if kind is PICTURE:
            data = self._file(name)
            return None if data is None else opened_map(data, name, self.limits)
        if kind is REGIONS:
            self.used.add(name)
            return dict(map(self._region, self.texts.get(name, []))) or None
        text = self._text(name)
        return None if text is None else read_text(name, text)

    def _style(self, options: StylizeOptions) -> Blend | None:
        """The styles that are asked for, as one blend."""
        weights = options.weights or [1.0] * len(self.styles)
        if len(weights) != len(self.styles):
            count = f"{len(weights)} numbers for {len(self.styles)} styles"
            raise InputError(f"weights has {count}: give one for each")
        blend: dict[ServedStyle, float] = {}
        for given, weight in zip(self.styles, weights):
            if isinstance(given, bytes):
                parts: Blend = {read_style(given, STYLE, self.limits): 1.0}
            else:
                parts = self._blend(given)
            total = sum(parts.values())
            for style, part in parts.items():
                blend[style] = blend.get(style, 0) + weight * part / total
        for region in (options.region or {}).values():
            self._check_sizes(cast(Blend, region), options)
        self._check_sizes(blend, options)
        return blend or None

    def _check_sizes(self, blend: Blend, options: StylizeOptions) -> None:
        """Refused if a style would be looked at in more pixels than are taken."""
        for style in blend:
            if style.size:
                name = f"{style.name} at style_size {options.style_size}"
                self.limits.check_resized(name, style.size, options.style_size)

    def _region(self, text: str) -> tuple[str, Blend]:
        """ "#ff0000=a:0.5,b:0.5" as the colour and its styles."""
        key, equals, style = text.partition("=")
        if not equals or not key.strip() or not style.strip():
            raise InputError(f"region is {text[:40]!r}: KEY=STYLE is wanted, e.g. #ff0000=great_wave")
        return key.strip(), self._blend(style)

    def _blend(self, text: str) -> Blend:
        """ "a:0.7,b:0.3" as styles with their weights; one without a number counts 1."""
        blend: dict[ServedStyle, float] = {}
        for part in text.split(","):
            name, weight = _weighted(part.strip())
            style = self._named(name)
            blend[style] = blend.get(style, 0) + weight
        check_weights(list(blend.values()))
        return blend

    def _named(self, name: str) -> ServedStyle:
        """The style of a name: a file of this form by its field, or one that is known."""
        if name not in self.files or name in (PHOTO, STYLE) or name in OPTIONS:
            return self.store.find(name)
        if name not in self.sent:
            self.sent[name] = read_style(cast(bytes, self._file(name)), name, self.limits)
        return self.sent[name]

    def _kind(self, own: str) -> str:
        wanted = self._text(FORMAT)
        if wanted is None:
            return own
        if wanted not in TYPES:
            raise InputError(f"{FORMAT} is {wanted[:40]!r}: one of {', '.join(TYPES)}")
        return TYPES[wanted]

    def _file(self, name: str) -> bytes | None:
        self.used.add(name)
        if name in self.texts:
            raise InputError(f"{name} is a text: send a file, {name}=@FILE")
        return _only(name, self.files.get(name, []))

    def _text(self, name: str) -> str | None:
        self.used.add(name)
        if name in self.files:
            raise InputError(f"{name} is a file: send a text")
        return _only(name, self.texts.get(name, []))


def _weighted(text: str) -> tuple[str, float]:
    """ "lion:0.7" or "bank:monet:0.7" as a name and a number. Not as the command line reads it, where a
    name may be a file's: nothing is looked for on disk."""
    name, colon, number = text.rpartition(":")
    try:
        return (name, float(number)) if colon else (text, 1.0)
    except ValueError:  # a colon of the name's own
        return text, 1.0


def _only(name: str, found: list[Value]) -> Value | None:
    if len(found) > 1:
        raise InputError(f"{name} is given {len(found)} times: once is enough")
    return found[0] if found else None

"""The styles that a client may name: shipped, learned, or sent before. No name is opened as a file."""

import hashlib
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import InputError
from ..media.image import Picture, example_styles
from ..styles.code import StyleCode
from ..styles.code_file import SUFFIX
from ..styles.names import BANK
from ..stylize.stylizer import Stylizer
from .limits import Limits, Refused
from .uploads import check_picture, decoded, is_safetensors

KEPT = 256  # styles that were sent
KEPT_REQUESTS = 4  # and so many times the limit of a request, in bytes


class StylePicture(Picture):
    """A picture that can be part of a blend: known by itself, not by its pixels."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


@dataclass(frozen=True)
class ServedStyle:
    """A style by its id. name: for messages. data: of a picture file, and the picture's width and
    height; or the code, if it is one."""

    id: str
    name: str = field(compare=False)
    data: bytes = field(default=b"", compare=False, repr=False)
    size: tuple[int, int] | None = field(default=None, compare=False)
    code: StyleCode | None = field(default=None, compare=False, repr=False)

    def picture(self) -> StylePicture:
        """Decoded; Refused if it is broken or there is none."""
        if self.code is not None:
            line = "preserve_color histogram, and refining a blend, need a style's picture, not its code"
            raise Refused(422, f"{self.name}: {line}")
        found = decoded(self.data, self.name)
        return StylePicture(found.rgb, found.alpha, found.jpeg)


class StyleStore:
    """All styles that may be named. Of those that clients sent, the latest are kept in memory."""

    def __init__(self, stylizer: Stylizer, limits: Limits):
        self.limits, self.lock = limits, threading.Lock()
        self.sent: OrderedDict[str, ServedStyle] = OrderedDict()
        self.shipped: dict[str, ServedStyle] = {}
        if stylizer.styles:
            for name, code in stylizer.styles.items():
                self.shipped[BANK + name] = ServedStyle(BANK + name, BANK + name, code=code)
        elif stylizer.net.bottleneck.takes_style:
            for path in example_styles():
                self.shipped[path.stem] = read_style(path.read_bytes(), path.stem, Limits())

    def keep(self, data: bytes, name: str) -> ServedStyle:
        """Keep a style that was sent; its id names it from now on. Refused if it is not a style."""
        style = read_style(data, name, self.limits)
        with self.lock:
            self.sent[style.id] = style
            self.sent.move_to_end(style.id)
            most = KEPT_REQUESTS * self.limits.bytes
            while len(self.sent) > KEPT or sum(len(each.data) for each in self.sent.values()) > most:
                self.sent.popitem(last=False)
        return style

    def find(self, name: str) -> ServedStyle:
        """The style of a name or an id; Refused if there is none."""
        if name in self.shipped:
            return self.shipped[name]
        with self.lock:
            if name in self.sent:
                self.sent.move_to_end(name)
                return self.sent[name]
        raise Refused(422, f"no style {name[:80]!r} here: GET /styles lists names, or send the file")


def read_style(data: bytes, name: str, limits: Limits) -> ServedStyle:
    """A style that was sent, a picture or a style code; Refused if it is neither."""
    if not is_safetensors(data):
        _, size = check_picture(data, name, limits)
        return ServedStyle(_digest(data), name, data, size)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder, f"code{SUFFIX}")  # the name is ours
        path.write_bytes(data)
        try:
            code = StyleCode.load(path)
        except InputError as error:
            raise Refused(422, str(error).replace(str(path), name)) from None
    return ServedStyle(_digest(data), name, code=code)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]

"""Files that a client sent, looked at before anything is decoded. No torch here."""

import io
import struct

from PIL import Image, UnidentifiedImageError

from ..errors import InputError
from ..media.image import Picture, decode
from .limits import Limits, Refused

# Of all that Pillow reads: no kind for which it starts a program, or looks for other files.
_KINDS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "AVIF", "JPEG2000")
Image.init()
KINDS = tuple(kind for kind in _KINDS if kind in Image.OPEN)
SAME_TYPE = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "WEBP": "WEBP", "TIFF": "TIFF", "BMP": "BMP"}
"""In what a result is written, by the photo's own type; PNG for all others."""


def check_picture(data: bytes, name: str, limits: Limits) -> tuple[str, tuple[int, int]]:
    """Type, width and height of a picture by its header alone; Refused if it is none, or too large."""
    if not data:
        raise Refused(422, f"{name} is empty")
    try:
        with Image.open(io.BytesIO(data), formats=KINDS) as image:
            limits.check_pixels(name, image.size)
            return str(image.format), image.size
    except Image.DecompressionBombError:
        raise Refused(413, f"{name} has far more than {limits.max_megapixels:g} megapixels") from None
    except UnidentifiedImageError:
        raise Refused(415, f"{name} is not a picture of a type that is read here") from None
    except Refused:
        raise
    except Exception:  # as Pillow's readers of headers have it
        raise Refused(422, f"{name} is broken") from None


def decoded(data: bytes, name: str) -> Picture:
    """A picture that was checked; Refused if it turns out to be broken."""
    try:
        return decode(data)
    except InputError as error:
        raise Refused(422, f"{name} {error}") from None


def opened_map(data: bytes, name: str, limits: Limits) -> Image.Image:
    """A mask or map as it is stored, whose values mean something: no colour conversion."""
    check_picture(data, name, limits)
    decoded(data, name)
    image = Image.open(io.BytesIO(data), formats=KINDS)
    image.load()
    return image


def is_safetensors(data: bytes) -> bool:
    """Whether it begins as such a file does: the length of a JSON object, and that."""
    return len(data) > 8 and data[8:9] == b"{" and struct.unpack("<Q", data[:8])[0] <= len(data) - 8

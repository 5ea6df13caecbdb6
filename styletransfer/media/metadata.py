"""The metadata of a photo that are kept in the painted file. No torch here."""

import io
import math
from typing import Any

from PIL import Image
from PIL.ExifTags import IFD, Base

_KEPT = (  # all else says how the old file's pixels lay
    Base.ImageDescription, Base.Make, Base.Model, Base.Software, Base.DateTime, Base.Artist,
    Base.HostComputer, Base.Copyright, Base.XPTitle, Base.XPComment, Base.XPAuthor, Base.XPKeywords,
    Base.XPSubject, Base.Rating, IFD.Exif, IFD.GPSInfo,
)  # fmt: skip
_SRGB = 1  # of the tag ColorSpace
_MOST = 65_000  # bytes that a JPEG takes


def kept_metadata(data: bytes) -> dict[str, Any]:
    """The metadata to copy into a new file: Pillow's `exif` and `dpi`, if there are any.

    Camera, date, place, author and copyright are kept. Orientation, colour profile and the thumbnail,
    which no longer apply, are not. Unreadable metadata are ignored.
    """
    found: dict[str, Any] = {}
    try:
        with Image.open(io.BytesIO(data)) as image:
            dpi = tuple(float(each) for each in image.info.get("dpi", ()))
            if len(dpi) == 2 and all(math.isfinite(each) and each > 0 for each in dpi):
                found["dpi"] = dpi
            exif = _described(image.getexif())
            if len(exif) and len(data := exif.tobytes()) <= _MOST:
                found["exif"] = data
    except Exception:  # what cameras and programs write there is of every kind
        pass
    return found


def _described(exif: Image.Exif) -> Image.Exif:
    """The EXIF entries that describe the photo."""
    kept = Image.Exif()
    for tag in _KEPT:
        if tag in (IFD.Exif, IFD.GPSInfo):
            if part := dict(exif.get_ifd(tag)):
                kept[tag] = part
        elif tag in exif:
            kept[tag] = exif[tag]
    if IFD.Exif in kept:
        for tag in (Base.ExifImageWidth, Base.ExifImageHeight, IFD.Interop):
            kept[IFD.Exif].pop(tag, None)
        if Base.ColorSpace in kept[IFD.Exif]:
            kept[IFD.Exif][Base.ColorSpace] = _SRGB
    return kept

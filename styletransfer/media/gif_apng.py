"""GIF and APNG written frame by frame. Pillow encodes each frame, but would keep all of them in memory.

A frame equal to the one before only prolongs it. A frame to be shown longer than the format allows is
written again.
"""

import io
import zlib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from struct import pack, unpack_from
from typing import BinaryIO, NamedTuple

from PIL import Image, ImageChops

GIF_LONGEST = 65_535  # hundredths of a second
PNG_LONGEST = 65_535  # milliseconds
Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels."""


def write_gif(file: BinaryIO, pictures: Iterable[Image.Image], times: Iterable[int]) -> None:
    """Write pictures of one size as an endless GIF. times: milliseconds for each."""
    pairs = zip(pictures, times)
    before, seen = next(pairs)
    waiting = None
    for picture, time in pairs:
        head, *frames = _gif_parts([before, picture])
        if len(frames) == 1:
            seen += time
            continue
        if waiting is None:
            file.write(head)
            waiting = frames[0]
        _write_gif_frame(file, waiting, seen)
        before, waiting, seen = picture, frames[1], time
    if waiting is None:
        head, waiting = _gif_parts([before])
        file.write(head)
    _write_gif_frame(file, waiting, seen)
    file.write(b";")


def write_apng(file: BinaryIO, pictures: Iterable[Image.Image], mode: str, times: Iterable[int]) -> None:
    """Write pictures of one size as an endless APNG. times: milliseconds for each."""
    pairs = ((p if p.mode == mode else p.convert(mode), time) for p, time in zip(pictures, times))
    before, seen = next(pairs)
    head, waiting = _png_parts(before, (0, 0, *before.size))
    file.write(head)
    control, count, numbers = file.tell(), 0, iter(range(1 << 31))
    file.write(_chunk(b"acTL", bytes(8)))
    for picture, time in pairs:
        box = _changed(before, picture)
        if box is None:
            seen += time
            continue
        count += _write_png_frame(file, waiting, seen, numbers)
        before, seen = picture, time
        _, waiting = _png_parts(picture, box)
    count += _write_png_frame(file, waiting, seen, numbers)
    file.write(_chunk(b"IEND", b""))
    file.seek(control)
    file.write(_chunk(b"acTL", pack(">II", count, 0)))


def _gif_parts(pictures: list[Image.Image]) -> list[bytes]:
    """The header of a GIF and its frames, of which there is one if the two pictures are equal."""
    buffer = io.BytesIO()
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=10, loop=0)
    data = buffer.getvalue()
    position = 13 + _palette_bytes(data[10])
    starts = [0]
    while data[position] != ord(";"):
        if data[position] == ord(","):
            position += 10 + _palette_bytes(data[position + 9]) + 1
        else:
            starts += [position] * (data[position + 1] == 0xF9)  # each frame begins with its time
            position += 2
        while data[position]:
            position += 1 + data[position]
        position += 1
    return [data[a:b] for a, b in zip(starts, [*starts[1:], position])]


def _palette_bytes(flags: int) -> int:
    """The length of the palette that follows in a GIF, or 0."""
    return 3 << (flags & 7) + 1 if flags & 128 else 0


def _write_gif_frame(file: BinaryIO, frame: bytes, milliseconds: int) -> None:
    left = milliseconds // 10
    while left > 0:
        file.write(frame[:4] + pack("<H", min(left, GIF_LONGEST)) + frame[6:])
        left -= GIF_LONGEST


def _changed(before: Image.Image, now: Image.Image) -> Box | None:
    difference = ImageChops.subtract_modulo(now.convert("RGBA"), before.convert("RGBA"))
    return difference.getbbox(alpha_only=False)


class _PngFrame(NamedTuple):
    """The part of the picture that a frame redraws, and its compressed pixels."""

    box: Box
    pixels: list[bytes]


def _png_parts(picture: Image.Image, box: Box) -> tuple[bytes, _PngFrame]:
    """The header of a PNG of this part of the picture, and its compressed pixels."""
    buffer = io.BytesIO()
    picture.crop(box).save(buffer, "PNG")
    data, position, head, pixels = buffer.getvalue(), 8, b"", []
    while position < len(data):
        length, kind = unpack_from(">I4s", data, position)
        if kind == b"IDAT":
            head = head or data[:position]
            pixels.append(data[position + 8 : position + 8 + length])
        position += 12 + length
    return head, _PngFrame(box, pixels)


def _write_png_frame(file: BinaryIO, frame: _PngFrame, milliseconds: int, numbers: Iterator[int]) -> int:
    """Write a frame, repeatedly if it is shown too long for one; returns how often."""
    times = [PNG_LONGEST] * (milliseconds // PNG_LONGEST) + [milliseconds % PNG_LONGEST]
    times = [time for time in times if time]
    for time in times:
        number, (left, top, right, bottom) = next(numbers), frame.box
        delay = Fraction(time, 1000)
        area = (right - left, bottom - top, left, top)
        shown = (delay.numerator, delay.denominator, 0, 0)
        file.write(_chunk(b"fcTL", pack(">IIIIIHHBB", number, *area, *shown)))
        for part in frame.pixels:
            if number == 0:  # so that those who know of no animations see a picture
                file.write(_chunk(b"IDAT", part))
            else:
                file.write(_chunk(b"fdAT", pack(">I", next(numbers)) + part))
    return len(times)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

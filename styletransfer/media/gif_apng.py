"""GIF and APNG frame by frame. Pillow encodes each; by itself it would keep all of them in memory.

A picture that is the same as the one before makes that one be seen longer. What is to be seen longer
than the format can say is drawn again.
"""

import io
import zlib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from struct import pack, unpack_from
from typing import BinaryIO

from PIL import Image, ImageChops

GIF_LONGEST = 65_535  # hundredths of a second
PNG_LONGEST = 65_535  # milliseconds


def write_gif(file: BinaryIO, pictures: Iterable[Image.Image], times: Iterable[int]) -> None:
    """Pictures of one size, seen for so many milliseconds each, over and over."""
    before, waiting, seen = None, None, 0
    for picture, time in zip(pictures, times):
        if before is None:
            before, seen = picture, time
            continue
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
    """Pictures of one size, seen for so many milliseconds each, over and over."""
    before, waiting, seen, count, numbers = None, None, 0, 0, iter(range(1 << 31))
    for picture, time in zip(pictures, times):
        picture = picture if picture.mode == mode else picture.convert(mode)
        box = (0, 0, *picture.size) if before is None else _changed(before, picture)
        if box is None:
            seen += time
            continue
        head, data = _png_parts(picture.crop(box))
        if before is None:
            file.write(head)
            control = file.tell()
            file.write(_chunk(b"acTL", bytes(8)))
        else:
            count += _write_png_frame(file, *waiting, seen, numbers)
        before, waiting, seen = picture, (box, data), time
    count += _write_png_frame(file, *waiting, seen, numbers)
    file.write(_chunk(b"IEND", b""))
    file.seek(control)
    file.write(_chunk(b"acTL", pack(">II", count, 0)))


def _gif_parts(pictures: list[Image.Image]) -> list[bytes]:
    """What comes before the first frame of a GIF, and its frames; one frame if the two are the same."""
    buffer = io.BytesIO()
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=10, loop=0)
    data = buffer.getvalue()
    place = 13 + (3 << (data[10] & 7) + 1 if data[10] & 128 else 0)
    starts = [0]
    while data[place] != ord(";"):
        if data[place] == ord(","):
            place += 10 + (3 << (data[place + 9] & 7) + 1 if data[place + 9] & 128 else 0) + 1
        else:
            starts += [place] * (data[place + 1] == 0xF9)  # each frame begins with its time
            place += 2
        while data[place]:
            place += 1 + data[place]
        place += 1
    return [data[a:b] for a, b in zip(starts, [*starts[1:], place])]


def _write_gif_frame(file: BinaryIO, frame: bytes, milliseconds: int) -> None:
    left = milliseconds // 10
    while left > 0:
        file.write(frame[:4] + pack("<H", min(left, GIF_LONGEST)) + frame[6:])
        left -= GIF_LONGEST


def _changed(before: Image.Image, now: Image.Image) -> tuple[int, int, int, int] | None:
    difference = ImageChops.subtract_modulo(now.convert("RGBA"), before.convert("RGBA"))
    return difference.getbbox(alpha_only=False)


def _png_parts(picture: Image.Image) -> tuple[bytes, list[bytes]]:
    """What comes before the pixels in a PNG, and these, compressed."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    data, place, head, pixels = buffer.getvalue(), 8, None, []
    while place < len(data):
        length, kind = unpack_from(">I4s", data, place)
        if kind == b"IDAT":
            head = head or data[:place]
            pixels.append(data[place + 8 : place + 8 + length])
        place += 12 + length
    return head, pixels


def _write_png_frame(
    file: BinaryIO, box, pixels: list[bytes], milliseconds: int, numbers: Iterator[int]
):
    """Gives how often it had to be drawn."""
    times = [PNG_LONGEST] * (milliseconds // PNG_LONGEST) + [milliseconds % PNG_LONGEST]
    times = [time for time in times if time]
    for time in times:
        number, (left, top, right, bottom) = next(numbers), box
        delay = Fraction(time, 1000)
        place = (right - left, bottom - top, left, top)
        shown = (delay.numerator, delay.denominator, 0, 0)
        file.write(_chunk(b"fcTL", pack(">IIIIIHHBB", number, *place, *shown)))
        for part in pixels:
            if number == 0:  # so that those who know of no animations see a picture
                file.write(_chunk(b"IDAT", part))
            else:
                file.write(_chunk(b"fdAT", pack(">I", next(numbers)) + part))
    return len(times)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

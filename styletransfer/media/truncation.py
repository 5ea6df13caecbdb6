"""Whether a film or animation was cut short, by comparing its file's length with what it declares."""

import os
from pathlib import Path
from typing import BinaryIO

BOXES = (b"ftyp", b"wide", b"free", b"skip", b"mdat", b"moov", b"moof")  # that MP4 and MOV begin with
FILLED = (b"mdat", b"moov", b"moof")  # and without which there are no pictures
EBML, SEGMENT = 0x1A45DFA3, 0x18538067  # of Matroska and WebM


def ends_early(path: Path) -> bool:
    """Whether the end of a file is missing; False for formats that cannot tell."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF":  # AVI, WebP
            return 8 + int.from_bytes(head[4:8], "little") > size
        if head[:3] == b"GIF":
            return b";" not in _tail(file, size)
        if head[:8] == b"\x89PNG\r\n\x1a\n":
            return b"IEND" not in _tail(file, size)
        if head[4:8] in BOXES:
            return _boxes_end(file, size) > size
        if int.from_bytes(head[:4]) == EBML:
            return _segment_end(file, size) > size
    return False


def _tail(file: BinaryIO, size: int) -> bytes:
    file.seek(max(0, size - 1024))  # a few bytes that mean nothing often follow
    return file.read()


def _boxes_end(file: BinaryIO, size: int) -> int:
    position = 0
    while position + 8 <= size:
        file.seek(position)
        head = file.read(16)
        length = int.from_bytes(head[:4])
        if length == 1:
            length = int.from_bytes(head[8:])
        if length < 8 or position + length > size and head[4:8] not in FILLED:  # to the end; or no box
            return size
        position += length
    return position


def _segment_end(file: BinaryIO, size: int) -> int:
    position = 0
    for kind in (EBML, SEGMENT):
        file.seek(position)
        head = file.read(12)
        if int.from_bytes(head[:4]) != kind or len(head) < 12 or not head[4]:
            return size
        width = 9 - head[4].bit_length()
        length = int.from_bytes(head[4 : 4 + width]) & (1 << 7 * width) - 1
        if length == (1 << 7 * width) - 1:  # written as it was filmed: not known
            return size
        position += 4 + width + length
    return position

"""FFmpeg's libraries through PyAV: what reading and writing films share."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError

try:
    import av
    from av.container import InputContainer, OutputContainer
    from av.error import FFmpegError
    from av.packet import Packet
    from av.stream import Disposition
    from av.video.frame import VideoFrame
    from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
except ImportError:
    raise InputError("films need PyAV: pip install 'styletransfer[video]'") from None

__all__ = [
    "BT709", "SHARP", "ColorRange", "Colorspace", "Disposition", "FFmpegError", "InputContainer",
    "OutputContainer", "Packet", "Stream", "VideoFrame", "VideoReformatter", "av", "create_film",
    "open_film", "packets_of", "reason",
]  # fmt: skip

BT709 = 1  # FFmpeg's number (libavutil/pixfmt.h), which PyAV hands through
Stream = Any  # PyAV's own types have None for what every opened stream has
SHARP = Interpolation.BICUBIC | Interpolation.ACCURATE_RND


def open_film(path: Path) -> InputContainer:
    """Open a film for reading. A name like 12:30.mp4 is not taken for a protocol; titles may be in any
    encoding."""
    return av.open(f"file:{path}", "r", metadata_errors="replace")


def create_film(path: Path, container: str, options: dict[str, str]) -> OutputContainer:
    """Open a film for writing. container: FFmpeg's name of the format."""
    return av.open(f"file:{path}", "w", format=container, options=options, metadata_errors="replace")


def packets_of(
    file: InputContainer, streams: Sequence[Stream], broken: list[object]
) -> Iterator["Packet[Any]"]:
    """Yield all readable packets, then an empty one; what goes wrong is appended to `broken`."""
    while len(broken) < 1000:
        try:
            yield from file.demux(streams)
            return
        except FFmpegError as error:  # behind the damage it may go on
            broken.append(error)


def reason(error: Exception) -> str:
    """FFmpeg's own message for an error, in one line."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0]

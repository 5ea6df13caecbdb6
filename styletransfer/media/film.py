"""Reading films with PyAV (FFmpeg's libraries)."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np

from ..errors import InputError
from .clip import Clip, Frame
from .ffmpeg import (
    SHARP,
    ColorRange,
    Colorspace,
    Disposition,
    FFmpegError,
    InputContainer,
    Stream,
    VideoFrame,
    VideoReformatter,
    av,
    open_film,
    packets_of,
    reason,
)
from .image import MAX_PIXELS
from .truncation import ends_early

# FFmpeg's numbers (libavutil/pixfmt.h), which PyAV hands through.
UNSPECIFIED, PQ, HLG = 2, 16, 18
# What FFmpeg calls a matrix in a film (pixfmt.h), and in its scaler.
_MATRICES = {
    4: Colorspace.FCC, 5: Colorspace.ITU601, 6: Colorspace.ITU601, 7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020, 10: Colorspace.BT2020,
}  # fmt: skip
LEAP = 3600  # seconds: no frame is to be seen longer


class FilmClip(Clip):
    """A film that FFmpeg can read."""

    @classmethod
    def open(cls, path: Path) -> "FilmClip":
        try:
            with open_film(path) as file:
                stream = _picture_stream(file)
                if stream is None:
                    raise InputError(f"{path}: there is no video in it")
                first = next(_decoded(file, stream, []), None)
                if first is None:
                    raise InputError(f"{path}: there are no frames in it")
                starts = [(s.start_time, s.time_base) for s in (stream, *file.streams.audio)]
                begins = [start * base for start, base in starts if start is not None]
                clip = cls(path, (first.width, first.height), stream.average_rate or Fraction(25))
                clip.begin = min([*begins, (first.pts or 0) * stream.time_base])
                clip.time_base = stream.time_base
                if stream.duration:
                    clip.length = stream.duration * stream.time_base
                elif file.duration:
                    clip.length = Fraction(file.duration, av.time_base)
                clip.count = stream.frames or round(clip.length * clip.rate)
                turned = first.rotation % 180 == 90
                if turned:
                    clip.size = clip.size[::-1]
                aspect = Fraction(stream.sample_aspect_ratio or 1)
                clip.aspect = 1 / aspect if turned else aspect
                if first.color_trc in (PQ, HLG):
                    clip.notes.append(f"{path} is HDR: its colours will look paler")
        except FFmpegError as error:
            raise InputError(f"{path}: is not a film, or broken ({reason(error)})") from None
        if clip.size[0] * clip.size[1] > MAX_PIXELS:
            raise InputError(f"{path}: is larger than {MAX_PIXELS / 1e6:.0f} million pixels: refused")
        return clip

    def frames(self, start: Fraction) -> Iterator[Frame]:
        # Seeking saves decoding all that comes before; where a file's index is wrong, it is decoded.
        for seek in (True, False) if start > self.begin else (False,):
            with open_film(self.path) as file:
                stream: Stream = _picture_stream(file)
                # Slices, not frames: threads that decode frames ahead are still busy when a film is
                # closed before its end, and once all of Python waited for one of them.
                stream.thread_type = "SLICE"
                try:
                    if seek:
                        file.seek(int(start / stream.time_base), stream=stream)
                except FFmpegError:
                    continue
                found = self._timed(file, stream, dense=not seek)
                first = next(found, None)
                if seek and (first is None or first[0] > start):
                    continue
                if first is not None:
                    wanted = (each for each in chain([first], found) if each[0] >= start)
                    converter = VideoReformatter()
                    for time, duration, frame in wanted:
                        self.damaged |= frame.is_corrupt
                        yield self._frame(time, duration, frame, converter)
                return

    def _timed(
        self, file: InputContainer, stream: Stream, dense: bool
    ) -> Iterator[tuple[Fraction, Fraction, VideoFrame]]:
        """Frames with time and duration; times grow. dense: none is left out before the first."""
        last: Fraction | None = None
        broken: list[object] = []
        usual = 1 / self.rate
        for number, frame in enumerate(_decoded(file, stream, broken)):
            if frame.pts is not None:
                time = frame.pts * stream.time_base
            elif dense:  # raw streams have no clock
                time = self.begin + number * usual
            else:
                time = last + usual if last is not None else self.begin + 2**40  # seeking does not do
            before = self.begin if last is None and dense else last
            if before is not None and time - before > LEAP or last is not None and time < last:
                broken.append(frame)  # its time is
            elif last is None or time > last:
                yield time, (frame.duration or 0) * stream.time_base or usual, frame
                last = time
            self.damaged |= bool(broken)
        # Asked last, so that a part of the film that is whole may well be painted.
        self.damaged |= bool(broken) or ends_early(self.path)

    def _frame(
        self, time: Fraction, duration: Fraction, frame: VideoFrame, converter: VideoReformatter
    ) -> Frame:
        rgb = converter.reformat(
            frame,
            format="rgb24",
            src_colorspace=_matrix(frame),
            interpolation=SHARP,
            src_color_range=_range(frame),
            dst_color_range=ColorRange.JPEG,
        )
        turns = frame.rotation // 90 % 4
        pixels = np.rot90(rgb.to_ndarray(), turns) if turns else rgb.to_ndarray()
        return Frame(np.ascontiguousarray(pixels), time, duration)


def has_sound(path: Path) -> bool:
    """Whether a film has a sound track."""
    with open_film(path) as file:
        return len(file.streams.audio) > 0


def _picture_stream(file: InputContainer) -> Stream | None:
    """The first video stream; cover pictures of songs do not count."""
    for stream in file.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def _decoded(file: InputContainer, stream: Stream, broken: list[object]) -> Iterator[VideoFrame]:
    """Yield all frames that can be decoded; what goes wrong is appended to `broken`."""
    for packet in packets_of(file, [stream], broken):
        try:
            frames = packet.decode()
        except FFmpegError as error:
            broken.append(error)
            continue
        yield from frames


def _matrix(frame: VideoFrame) -> Colorspace | None:
    """The YUV matrix of a frame; if the file does not say, by its size, as players guess."""
    if frame.format.is_rgb:
        return None
    if int(frame.colorspace) == UNSPECIFIED:
        return Colorspace.ITU709 if frame.width >= 1280 or frame.height > 576 else Colorspace.ITU601
    return _MATRICES.get(int(frame.colorspace), Colorspace.ITU709)


def _range(frame: VideoFrame) -> ColorRange:
    if int(frame.color_range):
        return ColorRange(int(frame.color_range))
    return ColorRange.JPEG if frame.format.is_rgb or "yuvj" in frame.format.name else ColorRange.MPEG

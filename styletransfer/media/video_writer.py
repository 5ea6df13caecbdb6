"""Films out, by PyAV: pictures encoded in pieces, joined with the sound, which is copied."""

import heapq
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from .ffmpeg import (
    BT709,
    SHARP,
    ColorRange,
    Colorspace,
    FFmpegError,
    InputContainer,
    OutputContainer,
    Packet,
    Stream,
    VideoFrame,
    VideoReformatter,
    av,
    create_film,
    open_film,
    packets_of,
    reason,
)
from .files import write_atomically

CODECS = {
    "h264": "libx264",
    "h265": "libx265",
    "hevc": "libx265",
    "vp9": "libvpx-vp9",
    "av1": "libsvtav1",
}
CRF = {"libx264": 20, "libx265": 20, "libvpx-vp9": 28, "libsvtav1": 26}
"""Encoders that take a constant quality, and the one we take: hardly to be told from the original."""
EVEN = ("h264", "hevc")
"""What has no odd sides where colours are at half the resolution, as all players want them."""
CONTAINERS = {
    ".mp4": "libx264", ".mov": "libx264", ".m4v": "libx264", ".mkv": "libx264",
    ".webm": "libvpx-vp9",
}  # fmt: skip


@dataclass(frozen=True)
class VideoFormat:
    """How pictures are encoded. size: of the frames. rate: frames a second, on average; times are
    multiples of time_base.
    """

    size: tuple[int, int]
    codec: str
    crf: int | None
    rate: Fraction
    time_base: Fraction
    aspect: Fraction = Fraction(1)

    @property
    def written(self) -> tuple[int, int]:
        """The size of the film: that of the frames, a last row or column repeated if need be."""
        if av.codec.Codec(self.codec, "w").canonical_name not in EVEN:
            return self.size
        width, height = self.size
        return width + width % 2, height + height % 2

    @property
    def other_size(self) -> str:
        """What to say if the film has another size than the frames; "" if it has not."""
        if self.written == self.size:
            return ""
        sizes = "{}×{}, not {}×{}".format(*self.written, *self.size)
        return f"will be {sizes}: {self.codec} has even sides only (vp9 and av1 have others)"

    def add_to(self, file: OutputContainer) -> Stream:
        """A new stream of a file that is being written."""
        stream: Stream = file.add_stream(self.codec, rate=self.rate.limit_denominator(1001))
        context = stream.codec_context
        known = [f.name for f in context.codec.video_formats or []]
        context.pix_fmt = next(
            (f for f in known if f in ("yuv420p", "yuvj420p", "yuv422p10le")), known[0]
        )
        context.width, context.height = self.written
        context.time_base, context.sample_aspect_ratio = self.time_base, self.aspect
        context.color_range = int(_written_range(context.pix_fmt))
        context.color_primaries = context.color_trc = BT709
        context.colorspace = int(_written_matrix(context.pix_fmt))
        context.flags |= int(av.codec.context.Flags.global_header)
        context.options = encoder_options(self.codec, self.crf)
        return stream


class VideoEncoder:
    """One piece of a film's pictures, to a file of packets that `join` reads."""

    def __init__(self, video_format: VideoFormat):
        self.format, self.converter = video_format, VideoReformatter()
        self.packets: list[Packet[Any]] = []
        try:
            self.file = av.open(io.BytesIO(), "w", format="null")
            self.stream = video_format.add_to(self.file)
            self.stream.codec_context.open()
        except (FFmpegError, ValueError) as error:
            raise InputError(f"codec {video_format.codec}: {reason(error)}") from None

    def write(self, rgb: np.ndarray, times: Iterable[Fraction]) -> None:
        """A frame, uint8 (H, W, 3), at each of the times; multiples of the time base."""
        right, low = (written - side for written, side in zip(self.format.written, self.format.size))
        if right or low:
            rgb = np.pad(rgb, ((0, low), (0, right), (0, 0)), mode="edge")
        pixels = self.stream.codec_context.pix_fmt
        frame = self.converter.reformat(
            VideoFrame.from_numpy_buffer(np.ascontiguousarray(rgb), format="rgb24"),
            format=pixels,
            dst_colorspace=_written_matrix(pixels),
            interpolation=SHARP,
            src_color_range=ColorRange.JPEG,
            dst_color_range=_written_range(pixels),
        )
        frame.time_base = self.format.time_base
        for time in times:
            frame.pts = round(time / self.format.time_base)
            self._encode(frame)

    def save(self, path: Path) -> None:
        """Write all packets; the encoder has ended."""
        self._encode(None)
        data = np.frombuffer(b"".join(bytes(p) for p in self.packets), np.uint8)
        numbers = np.array([[p.size, p.pts, p.is_keyframe] for p in self.packets], np.int64)
        buffer = io.BytesIO()
        np.savez(buffer, data=data, numbers=numbers)
        write_atomically(path, lambda target: target.write_bytes(buffer.getvalue()))

    def _encode(self, frame: VideoFrame | None) -> None:
        try:
            self.packets.extend(self.stream.encode(frame))
        except (FFmpegError, OSError) as error:
            raise InputError(f"{self.format.codec} cannot encode this: {reason(error)}") from None


def encoder_for(path: Path, codec: str) -> str:
    """FFmpeg's encoder for a codec's name, or for the file's suffix if that is empty; InputError."""
    suffix = path.suffix.lower()
    if suffix not in CONTAINERS:
        raise InputError(f"{path}: a film ends in {', '.join(CONTAINERS)}")
    name = CODECS.get(codec.lower(), codec) or CONTAINERS[suffix]
    try:
        if av.codec.Codec(name, "w").type != "video":
            raise ValueError
    except ValueError:
        known = ", ".join(CODECS)
        raise InputError(f"--codec is {codec!r}: give {known}, or an encoder of FFmpeg") from None
    return name


def encoder_options(codec: str, crf: int | None) -> dict[str, str]:
    """What an encoder is told; InputError if it knows no --crf."""
    if crf is not None and codec not in CRF:
        raise InputError(f"--crf: {codec} knows none ({', '.join(CRF)} do)")
    if crf is not None and not 0 <= crf <= 63:
        raise InputError(f"--crf is {crf}: it goes from 0 (no loss) to 51, 63 for vp9 and av1")
    options = {"crf": str(CRF[codec] if crf is None else crf)} if codec in CRF else {}
    quiet = {
        # A sixth larger than slower presets at the same quality: the network waits. Theirs, with x264's
        # macroblock tree, also depends on memory that was never written (at a width of 854, say).
        "libx264": {"preset": "superfast"},
        "libx265": {"x265-params": "log-level=error"},
        "libvpx-vp9": {"b": "0", "row-mt": "1", "cpu-used": "4"},
        "libsvtav1": {"preset": "8"},
    }
    return options | quiet.get(codec, {})


def join(
    target: Path,
    suffix: str,
    video_format: VideoFormat,
    pieces: Sequence[Path],
    end: Fraction,
    sound: Path | None = None,
    begin: Fraction = Fraction(0),
    length: Fraction | None = None,
) -> bool:
    """Join pieces that `VideoEncoder` wrote, and a film's sound, into one file; nothing is encoded
    again.

    end: when the last picture of the pieces is over. sound: a film, from whose time `begin` on sound
    is taken, all of it or so long. Gives whether the sound was whole: what is broken of it is left out.
    """
    broken: list[object] = []
    kind = {".mkv": "matroska", ".m4v": "mp4"}.get(suffix, suffix[1:])
    by_decoding = kind in ("mp4", "mov")
    no_fit = f"{video_format.codec} does not go into {suffix}"
    with ExitStack() as open_files:
        options = {"movflags": "+faststart"} if by_decoding else {}
        out = open_files.enter_context(create_film(target, kind, options))
        try:
            stream = video_format.add_to(out)
        except (FFmpegError, ValueError) as error:
            raise InputError(f"{no_fit} ({reason(error)})") from None
        flows = [_pieces(pieces, stream, video_format.time_base, end, by_decoding)]
        tracks: dict[int, Stream] = {}
        if sound:
            source = open_files.enter_context(open_film(sound))
            tracks = _add_tracks(out, source, suffix)
            flows.append(_sound(source, tracks, begin, length, broken))
        try:
            out.start_encoding()
        except (FFmpegError, ValueError) as error:
            if tracks:
                raise InputError(_no_sound(source.streams.audio[0], suffix, error)) from None
            raise InputError(f"{no_fit} ({reason(error)})") from None
        for _, packet in heapq.merge(*flows, key=lambda pair: pair[0]):
            try:
                out.mux(packet)
            except ValueError as error:  # FFmpeg's word for what it cannot make sense of
                if packet.stream is stream:
                    raise InputError(f"{no_fit} ({reason(error)})") from None
                broken.append(error)
    return not broken


def _add_tracks(out: OutputContainer, source: InputContainer, suffix: str) -> dict[int, Stream]:
    """A film's tracks of sound, by their numbers in it, and its title and the like, in another."""
    tracks = {}
    for track in source.streams.audio:
        try:
            tracks[track.index] = copy = out.add_stream_from_template(track)
        except (FFmpegError, ValueError) as error:
            raise InputError(_no_sound(track, suffix, error)) from None
        copy.metadata.update(track.metadata)
    kept = ("title", "artist", "comment", "date", "creation_time", "copyright")
    out.metadata.update({k: v for k, v in source.metadata.items() if k in kept})
    return tracks


def _pieces(
    pieces: Sequence[Path], stream: Stream, base: Fraction, end: Fraction, by_decoding: bool
) -> Iterator[tuple[Fraction, "Packet[Any]"]]:
    """Packets of all pieces, in decoding order, with decoding times that grow over all of them.

    Each encoder counted for itself: its first decoding times lie before its first picture, where the
    last piece's are. Taken over all: the i-th packet is decoded when the (i − d)-th picture is seen,
    d being the most that any packet comes before its turn. by_decoding: the container counts how long
    a picture is seen by decoding times, so that the last packet has to fill what is left.
    """
    times = [int(pts) for piece in pieces for pts in np.load(piece)["numbers"][:, 1]]
    order = sorted(times)
    rank = {time: number for number, time in enumerate(order)}
    delay = max(number - rank[time] for number, time in enumerate(times))
    step = order[1] - order[0] if len(order) > 1 else 1
    begin = order[0] - step * delay
    decoding = iter([*range(begin, order[0], step), *order])
    following = dict(zip(order, [*order[1:], max(round(end / base), order[-1] + 1)]))
    count = 0
    for piece in pieces:
        with np.load(piece) as stored:
            data, numbers = stored["data"].tobytes(), stored["numbers"].tolist()
        position = 0
        for size, pts, key in numbers:
            packet = av.Packet(data[position : position + size])
            position += size
            packet.pts, packet.dts, packet.duration = pts, next(decoding), following[pts] - pts
            if by_decoding and len(order) == (count := count + 1):
                packet.duration = max(1, round(end / base) - order[0] + begin - packet.dts)
            packet.time_base, packet.is_keyframe, packet.stream = base, bool(key), stream
            yield packet.dts * base, packet


def _sound(
    source: InputContainer,
    tracks: Mapping[int, Stream],
    begin: Fraction,
    length: Fraction | None,
    broken: list[object],
) -> Iterator[tuple[Fraction, "Packet[Any]"]]:
    """A film's packets of sound, to the tracks for its streams' numbers; see `join`."""
    audio: list[Stream] = list(source.streams.audio)
    starts = [t.start_time * t.time_base for t in audio if t.start_time is not None]
    whole = all(begin <= start for start in starts)  # then with what a decoder needs before it begins
    last: dict[int, int] = {}
    for packet in packets_of(source, audio, broken):
        if packet.pts is None:
            continue
        base = packet.time_base
        shift, dts = round(begin / base), packet.pts if packet.dts is None else packet.dts
        packet.pts, packet.dts = packet.pts - shift, dts - shift
        if packet.dts <= last.get(packet.stream.index, packet.dts - 1):
            broken.append(packet)
            continue
        last[packet.stream.index] = packet.dts
        packet.stream = tracks[packet.stream.index]
        if (whole or packet.pts >= 0) and (length is None or packet.pts * base < length):
            yield packet.dts * base, packet


def _written_range(pixels: str) -> ColorRange:
    return ColorRange.JPEG if "yuvj" in pixels else ColorRange.MPEG


def _written_matrix(pixels: str) -> Colorspace:
    return Colorspace.ITU601 if "yuvj" in pixels else Colorspace.ITU709  # JPEG knows no other


def _no_sound(track: Stream, suffix: str, error: Exception) -> str:
    name = track.codec_context.name
    return f"the sound ({name}) does not go into {suffix} ({reason(error)}): give .mkv, or --no-audio"

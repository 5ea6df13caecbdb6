"""Films of a second, made here, and what is in them."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from .conftest import noise

av = pytest.importorskip("av")

BARS = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (128, 128, 128), (235, 235, 20), (16, 16, 16)]


def write_film(
    path: str,
    frames: Sequence[np.ndarray],
    times: Sequence[Fraction] | None = None,
    sound: bool = False,
    rotation: int = 0,
) -> str:
    """frames: uint8 (H, W, 3), at 25 a second or at these times in milliseconds."""
    with av.open(path, "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "10"}
        stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        if sound:
            track = file.add_stream("aac", rate=8000)
            track.layout = "mono"
        for number, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            frame.pts = times[number] if times else 40 * number
            frame.time_base = Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
        if sound:
            for start in range(0, 320 * len(frames), 1024):
                wave = np.sin(np.arange(start, start + 1024) / 5)[None].astype(np.float32)
                samples = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
                samples.sample_rate, samples.pts, samples.time_base = 8000, start, Fraction(1, 8000)
                file.mux(track.encode(samples))
            file.mux(track.encode())
    return path


def panned(count: int, speed: float = 2.3, width: int = 80, height: int = 48) -> list[np.ndarray]:
    """A camera that moves along a picture."""
    wide = noise(width + int(speed * count) + 4, height, seed=3)
    boxes = [(i * speed, 0, i * speed + width, height) for i in range(count)]
    return [np.array(wide.resize((width, height), box=box)) for box in boxes]


def sound_packets(path: str) -> list[bytes]:
    with av.open(path) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


def streamable(path: str, target: str, **options) -> str:
    """The same packets with the index first, so that a part of the file is of use."""
    with av.open(path) as source, av.open(target, "w", options=options) as file:
        copies = {stream.index: file.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                file.mux(packet)
    return target


def streamable_film(path: str, frames: int = 16, **options) -> str:
    """With its index first, if that is where a kind of file can have it."""
    if not path.endswith((".mp4", ".mov")):
        return write_film(path, panned(frames), **options)
    whole = write_film(f"slow-{path}", panned(frames), **options)
    return streamable(whole, path, movflags="+faststart")


def animation(suffix: str) -> str:
    """A GIF, WebP or APNG of eight frames, in the current folder."""
    frames = [Image.fromarray(frame) for frame in panned(8)]
    frames[0].save(f"a{suffix}", save_all=True, append_images=frames[1:], duration=100, loop=0)
    return f"a{suffix}"


def bars() -> np.ndarray:
    """Six upright bars of plain colours, uint8 (64, 96, 3)."""
    return np.repeat(np.repeat(np.array([BARS], np.uint8), 16, axis=1), 64, axis=0)


def colors(rgb: np.ndarray) -> np.ndarray:
    """The colour of each bar, (6, 3)."""
    return rgb[rgb.shape[0] // 2, 8 :: rgb.shape[1] // len(BARS)].astype(int)

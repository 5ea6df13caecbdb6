"""Films of a second, made here."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from ..conftest import noise

av = pytest.importorskip("av")


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


@pytest.fixture
def film(tmp_path) -> str:
    return write_film(str(tmp_path / "film.mp4"), panned(24), sound=True)

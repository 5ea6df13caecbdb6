"""Films out: times, colours, tags, odd sides."""

from fractions import Fraction

import numpy as np
import pytest

from styletransfer.media.video_reader import open_clip
from styletransfer.media.video_writer import VideoEncoder, VideoFormat, encoder_for, join

from ..films import BARS, av, bars, colors, panned


@pytest.mark.parametrize("suffix, codec", [(".mp4", "h264"), (".webm", "vp9"), (".mkv", "h265")])
def test_colours_times_and_tags_survive(tmp_path, suffix, codec):
    path = tmp_path / f"out{suffix}"
    video_format = VideoFormat((96, 64), encoder_for(path, codec), None, Fraction(25), Fraction(1, 1000))
    pieces, times = [], [0, 40, 60, 200, 220, 400, 440, 450, 600, 640]
    for half in (times[:5], times[5:]):
        encoder = VideoEncoder(video_format)
        for time in half:
            encoder.write(bars(), [Fraction(time, 1000)])
        pieces.append(tmp_path / f"{half[0]}.npz")
        encoder.save(pieces[-1])
    join(path, suffix, video_format, pieces, Fraction(7, 10))
    clip = open_clip(path)
    frames = list(clip.frames(Fraction(0)))
    assert [round(frame.time * 1000) for frame in frames] == times
    assert clip.length == pytest.approx(0.7, abs=0.002)
    assert all(np.abs(colors(frame.rgb) - BARS).max() <= 5 for frame in frames)
    with av.open(str(path)) as file:
        context = file.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert context.color_range == 1


ODD = {
    ".mp4 h264": (202, 152), ".mov h264": (202, 152), ".mkv h265": (202, 152), ".webm vp9": (201, 151),
    ".mp4 av1": (201, 151), ".mp4 vp9": (201, 151), ".mov prores_ks": (201, 151),
}  # fmt: skip


@pytest.mark.parametrize("kind, size", ODD.items(), ids=ODD)
def test_odd_sides_are_kept_where_the_codec_has_them(tmp_path, kind, size):
    suffix, codec = kind.split()
    path = tmp_path / f"out{suffix}"
    video_format = VideoFormat((201, 151), encoder_for(path, codec), None, Fraction(25), Fraction(1, 25))
    encoder, frames = VideoEncoder(video_format), panned(3, width=201, height=151)
    for number, frame in enumerate(frames):
        encoder.write(frame, [Fraction(number, 25)])
    encoder.save(tmp_path / "piece.npz")
    join(path, suffix, video_format, [tmp_path / "piece.npz"], Fraction(3, 25))
    assert video_format.written == size == open_clip(path).size
    assert bool(video_format.other_size) == (size != (201, 151))
    found = [frame.rgb[:151, :201].astype(int) for frame in open_clip(path).frames(0)]
    assert all(np.abs(a - b).mean() < 5 for a, b in zip(found, frames, strict=True))

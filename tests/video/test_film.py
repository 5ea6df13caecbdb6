"""Films in and out: times, colours, sound; and what is no film."""

from fractions import Fraction

import numpy as np
import pytest

from styletransfer.errors import InputError
from styletransfer.media.video_reader import open_clip
from styletransfer.media.video_writer import VideoEncoder, VideoFormat, encoder_for, join
from styletransfer.video.selection import select_frames

from .conftest import av, panned, write_film

BARS = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (128, 128, 128), (235, 235, 20), (16, 16, 16)]


def bars() -> np.ndarray:
    return np.repeat(np.repeat(np.array([BARS], np.uint8), 16, axis=1), 64, axis=0)


def colors(rgb: np.ndarray) -> np.ndarray:
    return rgb[rgb.shape[0] // 2, 8 :: rgb.shape[1] // len(BARS)].astype(int)


@pytest.mark.parametrize("suffix, codec", [(".mp4", "h264"), (".webm", "vp9"), (".mkv", "h265")])
def test_colours_times_and_tags_survive(tmp_path, suffix, codec):
    path = tmp_path / f"out{suffix}"
    look = VideoFormat((96, 64), encoder_for(path, codec), None, Fraction(25), Fraction(1, 1000))
    pieces, times = [], [0, 40, 60, 200, 220, 400, 440, 450, 600, 640]
    for half in (times[:5], times[5:]):
        encoder = VideoEncoder(look)
        for time in half:
            encoder.write(bars(), [Fraction(time, 1000)])
        pieces.append(tmp_path / f"{half[0]}.npz")
        encoder.save(pieces[-1])
    join(path, suffix, look, pieces, Fraction(7, 10))
    clip = open_clip(path)
    frames = list(clip.frames(Fraction(0)))
    assert [round(frame.time * 1000) for frame in frames] == times
    assert clip.length == pytest.approx(0.7, abs=0.002)
    assert all(np.abs(colors(frame.rgb) - BARS).max() <= 5 for frame in frames)
    with av.open(str(path)) as file:
        context = file.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert context.color_range == 1


@pytest.mark.parametrize("matrix, full", [("ITU601", False), ("ITU709", True), ("ITU709", False)])
def test_matrix_and_range_are_believed(tmp_path, matrix, full):
    from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

    path = str(tmp_path / "in.mkv")
    written = ColorRange.JPEG if full else ColorRange.MPEG
    with av.open(path, "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        context = stream.codec_context
        context.colorspace, context.color_range = {"ITU601": 6, "ITU709": 1}[matrix], int(written)
        for number in range(3):
            frame = VideoReformatter().reformat(
                av.VideoFrame.from_ndarray(bars(), format="rgb24"),
                format="yuv420p",
                dst_colorspace=getattr(Colorspace, matrix),
                src_color_range=ColorRange.JPEG,
                dst_color_range=written,
            )
            frame.pts = number
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    found = next(open_clip(path).frames(Fraction(0)))
    assert np.abs(colors(found.rgb) - BARS).max() <= 5


def test_rotation_is_applied(tmp_path):
    upright = bars()
    lying = np.rot90(upright, -1)  # what a camera stores that is to be turned back, counterclockwise
    clip = open_clip(write_film(str(tmp_path / "turned.mp4"), [lying] * 3, rotation=90))
    frame = next(clip.frames(Fraction(0)))
    assert clip.size == (96, 64) and frame.rgb.shape == upright.shape
    assert np.abs(colors(frame.rgb) - BARS).max() <= 6


def test_starting_in_the_middle_gives_the_same_frames(tmp_path):
    clip = open_clip(write_film(str(tmp_path / "a.mp4"), panned(40)))
    whole = list(clip.frames(Fraction(0)))
    late = list(clip.frames(whole[23].time))
    assert [f.time for f in late] == [f.time for f in whole[23:]]
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(late, whole[23:]))


def test_frames_a_second_and_parts(tmp_path):
    times = [0, 20, 40, 140, 240, 400]
    clip = open_clip(write_film(str(tmp_path / "vfr.mkv"), panned(6), times))
    as_is = [f.shown for f in select_frames(clip, 0, None, None).frames(clip, None)]
    assert as_is == [(Fraction(t, 1000),) for t in times]
    shown = [f.shown for f in select_frames(clip, 0, None, 10).frames(clip, None)]
    assert [float(t) for each in shown for t in each] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert len(shown) == 5  # those of 20 and 40 ms: one is seen from 0.1 on, the other never
    part = select_frames(clip, 0.1, 0.2, None)
    assert [f.shown for f in part.frames(clip, None)] == [(Fraction(40, 1000),), (Fraction(140, 1000),)]


def test_what_is_cut_short_is_said(tmp_path):
    whole = write_film(str(tmp_path / "a.mkv"), panned(100))
    short = tmp_path / "short.mkv"
    with open(whole, "rb") as file:
        data = file.read()
    short.write_bytes(data[: len(data) // 2])
    clip = open_clip(short)
    assert 10 < len(list(clip.frames(Fraction(0)))) < 100
    assert clip.damaged


ODD = {
    ".mp4 h264": (202, 152), ".mov h264": (202, 152), ".mkv h265": (202, 152), ".webm vp9": (201, 151),
    ".mp4 av1": (201, 151), ".mp4 vp9": (201, 151), ".mov prores_ks": (201, 151),
}  # fmt: skip


@pytest.mark.parametrize("kind, size", ODD.items(), ids=ODD)
def test_odd_sides_are_kept_where_the_codec_has_them(tmp_path, kind, size):
    suffix, codec = kind.split()
    path = tmp_path / f"out{suffix}"
    look = VideoFormat((201, 151), encoder_for(path, codec), None, Fraction(25), Fraction(1, 25))
    encoder, frames = VideoEncoder(look), panned(3, width=201, height=151)
    for number, frame in enumerate(frames):
        encoder.write(frame, [Fraction(number, 25)])
    encoder.save(tmp_path / "piece.npz")
    join(path, suffix, look, [tmp_path / "piece.npz"], Fraction(3, 25))
    assert look.written == size == open_clip(path).size
    assert bool(look.other_size) == (size != (201, 151))
    found = [frame.rgb[:151, :201].astype(int) for frame in open_clip(path).frames(0)]
    assert all(np.abs(a - b).mean() < 5 for a, b in zip(found, frames, strict=True))


def test_names_that_look_like_addresses_and_titles_in_any_encoding(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    film = write_film("a.mp4", panned(5), sound=True)
    with av.open(film) as source, av.open("b.mp4", "w") as file:
        file.metadata["title"] = "Xtitle"
        copy = file.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                file.mux(packet)
    (tmp_path / "12:30.mp4").write_bytes(
        (tmp_path / "b.mp4").read_bytes().replace(b"Xtitle", b"\xfctitl")
    )
    assert len(list(open_clip("12:30.mp4").frames(0))) == 5


def test_what_is_no_file_is_not_waited_for(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path / "pipe.mp4", "/dev/zero"):
        with pytest.raises(InputError, match="neither a file nor a folder"):
            open_clip(path)


def test_names_that_are_no_text(tmp_path):
    import os

    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9.mp4")
    os.rename(write_film(str(tmp_path / "a.mp4"), panned(5)), name)
    assert len(list(open_clip(os.fsdecode(name)).frames(0))) == 5


def test_what_is_no_film(tmp_path):
    (tmp_path / "text.mp4").write_text("no film" * 100)
    (tmp_path / "empty.mp4").write_bytes(b"")
    with pytest.raises(InputError, match="is not a film"):
        open_clip(tmp_path / "text.mp4")
    with pytest.raises(InputError, match="empty.mp4"):
        open_clip(tmp_path / "empty.mp4")
    with pytest.raises(InputError, match="no such file"):
        open_clip(tmp_path / "nothing.mp4")

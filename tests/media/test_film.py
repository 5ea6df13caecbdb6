"""Films in: times, colours, turned ones; and what is no film."""

import os
from fractions import Fraction

import numpy as np
import pytest

from styletransfer.media.video_reader import open_clip

from ..films import BARS, av, bars, colors, panned, write_film


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


def test_names_that_are_no_text(tmp_path):
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9.mp4")
    os.rename(write_film(str(tmp_path / "a.mp4"), panned(5)), name)
    assert len(list(open_clip(os.fsdecode(name)).frames(0))) == 5

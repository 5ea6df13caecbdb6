"""Which frames are painted, and when each is shown."""

from fractions import Fraction

import pytest

from styletransfer.media.video_reader import open_clip
from styletransfer.video.selection import select_frames

from ..films import panned, write_film


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

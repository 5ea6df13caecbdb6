"""Frames through the network, and what of their statistics is kept."""

import numpy as np
import pytest
import torch

from styletransfer.device import painting_threads
from styletransfer.stylize.stylizer import Stylizer
from styletransfer.video.frame_painter import FramePainter, code_at, frame_workers

from ..conftest import noise


def test_a_single_frame_is_painted_as_a_photo(tiny_model, paintings):
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    code = stylizer.style(paintings[0], 32)
    frame = np.array(noise(50, 37, seed=1))
    painter = FramePainter(stylizer, [(0, code)], 0.8)
    out = painter.paint(frame, painter.next_statistics())
    assert np.array_equal(
        out, painter.paint(frame.astype(np.float32) / 255, painter.next_statistics(fresh=True))
    )
    assert np.abs(out * 255 - stylizer.stylize(frame, code, 0.8).astype(float)).max() <= 1


def test_statistics_follow_slowly_and_begin_anew(tiny_model, paintings):
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    code = stylizer.style(paintings[0], 32)
    dark, light = (np.full((32, 32, 3), v, np.float32) + 0.1 * np.eye(32)[..., None] for v in (0.2, 0.6))
    dark, light = dark.astype(np.float32), light.astype(np.float32)
    painter = FramePainter(stylizer, [(0, code)])
    fresh = painter.paint(light, painter.next_statistics())
    painter.paint(dark, painter.next_statistics(fresh=True))
    after = painter.paint(light, painter.next_statistics())
    assert np.abs(after - fresh).mean() > 0.05  # brighter than what was before, not as bright as itself
    last = painter.next_statistics(fresh=True)
    assert np.array_equal(painter.paint(light, last), fresh)
    other = FramePainter(stylizer, [(0, code)])
    other.restore(painter.state(last))
    assert np.array_equal(
        other.paint(dark, other.next_statistics()), painter.paint(dark, painter.next_statistics())
    )


def test_frames_painted_at_once_are_those_painted_in_turn(tiny_model, paintings):
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    styles = [(0, stylizer.style(paintings[0], 32)), (1, stylizer.style(paintings[1], 32))]
    frames = [np.array(noise(48, 40, seed=i)) for i in range(12)]
    one, many = FramePainter(stylizer, styles), FramePainter(stylizer, styles)
    with painting_threads(4) as pool:
        statistics = [many.next_statistics(fresh=i == 5) for i in range(12)]
        pairs = enumerate(zip(frames, statistics))
        found = [pool.submit(many.paint, frame, own, i / 11) for i, (frame, own) in pairs]
        together = [future.result() for future in found]
    with painting_threads(1) as pool:  # with as many cores to each: sums differ in their last bits else
        for i, frame in enumerate(frames):
            alone = pool.submit(one.paint, frame, one.next_statistics(fresh=i == 5), i / 11).result()
            assert np.array_equal(alone, together[i])
    # What goes wrong in one does not keep the next waiting for ever.
    with painting_threads(2) as pool:
        broken = pool.submit(many.paint, np.zeros((4, 4), np.uint8), many.next_statistics())
        after = pool.submit(many.paint, frames[0], many.next_statistics())
        for future in (broken, after):
            with pytest.raises(RuntimeError, match="permute"):
                future.result(timeout=10)


def test_a_core_to_each_frame_if_memory_allows(tiny_model, monkeypatch):
    from styletransfer.video import frame_painter

    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    before = torch.get_num_threads()
    monkeypatch.setattr(frame_painter, "cores", lambda: 4)
    for room, frames, threads in ((10**9, 4, 1), (48 * 40 * 5, 2, 2), (1, 1, 4)):
        monkeypatch.setattr(frame_painter, "affordable", lambda net, room=room: room)
        with frame_workers(stylizer, (48, 40)) as (pool, count):
            assert (count, pool.submit(torch.get_num_threads).result()) == (frames, threads)
    assert torch.get_num_threads() == before


def test_styles_change_over_time(tiny_model, paintings):
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    a, b = (stylizer.style(p, 32) for p in paintings)
    styles = [(1.0, a), (3.0, b)]
    assert code_at(styles, 0) is a and code_at(styles, 1) is a and code_at(styles, 9) is b
    middle = code_at(styles, 2.0).statistics["relu4_1"].mean
    expected = (a.statistics["relu4_1"].mean + b.statistics["relu4_1"].mean) / 2
    assert torch.allclose(middle, expected)
    assert code_at([(0.0, a)], 5) is a

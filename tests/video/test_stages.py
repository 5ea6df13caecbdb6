"""What is done with each frame."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("cv2")

from styletransfer.media.clip import Frame
from styletransfer.video import stabilize
from styletransfer.video.frame_painter import FramePainter
from styletransfer.video.stages import FrameTask, Stages, SteadyStages

from ..films import panned

SIZE = dict(width=64, height=48)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def tasks(count, last=()):
    found = []
    for number, rgb in enumerate(panned(count, **SIZE)):
        time = Fraction(number, 25)
        found.append(FrameTask(Frame(rgb, time, Fraction(1, 25), None, (time,)), last=number in last))
    return found


def gone_through(stages, tasks):
    return [stages.finish(task) for task in [stages.prepare(task) for task in tasks]]


def test_each_for_itself_is_a_photo(stylizer, codes, pool):
    painter = FramePainter(stylizer, [(0, codes[0])], 0.8, steady=False)
    for frame, task in zip(panned(3, **SIZE), gone_through(Stages(painter, pool, {}), tasks(3))):
        assert task.frame.rgb.dtype == np.uint8 and task.state == {}
        photo = stylizer.stylize(frame, codes[0], 0.8)
        assert np.abs(task.frame.rgb.astype(int) - photo).max() <= 1


def test_a_piece_goes_on_from_the_state_of_the_last(stylizer, codes, pool):
    def stages(state):
        return SteadyStages(FramePainter(stylizer, [(0, codes[0])]), pool, state)

    whole = gone_through(stages({}), tasks(8, last=(3, 7)))
    assert [bool(task.state) for task in whole] == [n in (3, 7) for n in range(8)]
    state = whole[3].state
    named = {key.partition("/")[0] for key in state}
    assert named == {"canvas", "stages", "painter", "blend"}, "as files have it"
    later = gone_through(stages(state), tasks(8)[4:])
    assert all(np.array_equal(a.frame.rgb, b.frame.rgb) for a, b in zip(whole[4:], later))
    fresh = gone_through(stages({}), tasks(8)[4:])
    assert not np.array_equal(fresh[0].frame.rgb, whole[4].frame.rgb)


def test_one_frame_in_so_many_is_painted_and_the_rest_carried_along(stylizer, codes, pool, monkeypatch):
    monkeypatch.setattr(stabilize, "KNOWN", 0.3)  # a pan over noise agrees with itself by little more

    def stages(state, every):
        return SteadyStages(FramePainter(stylizer, [(0, codes[0])]), pool, state, every)

    whole = gone_through(stages({}, 3), tasks(8, last=(3, 7)))
    assert [task.painting is not None for task in whole] == [n % 3 == 0 for n in range(8)]
    everything = gone_through(stages({}, 1), tasks(8))
    assert np.array_equal(whole[0].frame.rgb, everything[0].frame.rgb)
    assert all(
        np.abs(a.frame.rgb.astype(int) - b.frame.rgb).mean() < 8 for a, b in zip(whole, everything)
    )
    later = gone_through(stages(whole[3].state, 3), tasks(8)[4:])
    assert [task.painting is not None for task in later] == [False, False, True, False]
    assert all(np.array_equal(a.frame.rgb, b.frame.rgb) for a, b in zip(whole[4:], later))


def test_after_a_cut_nothing_is_carried_along(stylizer, codes, pool):
    stages = SteadyStages(FramePainter(stylizer, [(0, codes[0])]), pool, {}, 100)
    film = tasks(4)
    for task in film[2:]:
        task.frame.rgb = 255 - task.frame.rgb[:, ::-1]
    assert [bool(task.painting) for task in gone_through(stages, film)] == [True, False, True, False]


def test_what_went_wrong_in_painting_comes_out_in_the_end(stylizer, codes, pool, monkeypatch):
    painter = FramePainter(stylizer, [(0, codes[0])], steady=False)
    stages = Stages(painter, pool, {})

    def fails(*given):
        raise MemoryError("no room")

    monkeypatch.setattr(painter, "paint", fails)
    task = stages.prepare(tasks(1)[0])
    with pytest.raises(MemoryError, match="no room"):
        stages.finish(task)

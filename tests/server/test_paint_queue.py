import threading
from concurrent.futures import CancelledError

import numpy as np
import pytest

from styletransfer.errors import InputError
from styletransfer.media.image import Picture
from styletransfer.options import StylizeOptions
from styletransfer.server import paint_queue
from styletransfer.server.form import PaintRequest
from styletransfer.server.limits import Limits
from styletransfer.server.paint_queue import PaintJob, PaintQueue
from styletransfer.server.style_store import read_style

from ..conftest import noise
from .conftest import as_file, until


@pytest.fixture
def counts():
    return []


@pytest.fixture
def queue(stylizer, counts):
    queue = PaintQueue(stylizer, lambda pictures, seconds: counts.append(pictures), batch=4)
    yield queue
    queue.close()


@pytest.fixture
def held(queue, monkeypatch):
    """The thread takes up nothing until this is set."""
    hold, following = threading.Event(), queue._next
    monkeypatch.setattr(queue, "_next", lambda patience: hold.wait(20) and following(patience))
    first = job()
    queue.submit(first)  # for which the thread is waiting already
    first.result.result(10)
    yield hold
    hold.set()


def job(width=40, height=32, photo=1, style=2, **options) -> PaintJob:
    given = read_style(as_file(noise(40, 40, seed=style)), "style", Limits())
    picture = Picture(noise(width, height, seed=photo))
    return PaintJob(PaintRequest(picture, {given: 1.0}, StylizeOptions(**options)))


def submitted(queue, jobs) -> list[np.ndarray]:
    for each in jobs:
        queue.submit(each)
    return jobs


def arrays(jobs) -> list[np.ndarray]:
    return [np.array(each.result.result(10)).astype(int) for each in jobs]


def test_what_is_alike_is_painted_at_once_and_comes_out_as_alone(queue, held, counts, stylizer):
    kinds = [{}, {"photo": 5}, {"style": 6}, {"photo": 7, "style": 8}, {"photo": 9}]
    jobs = submitted(queue, [job(**each) for each in kinds])
    other = submitted(
        queue, [job(alpha=0.5), job(width=48), job(width=80, height=64, size=32), job(tile="off")]
    )
    counts.clear()
    held.set()
    together = arrays(jobs)
    arrays(other)
    until(lambda: sum(counts) == 9)
    assert counts == [4, 2, 1, 1, 1], "four of five, the fifth with what is resized to the same size"
    for each, picture in zip(jobs, together):
        photo, style = each.request.photo, next(iter(each.request.style)).picture()
        painted = np.array(stylizer.stylize(photo.rgb, style)).astype(int)
        assert np.abs(painted - picture).max() <= 1


def test_one_that_fails_does_not_spoil_the_others(queue, held, counts, monkeypatch):
    jobs = [job(), job(photo=3), job(photo=4)]
    code = queue._one_code

    def fail(style, size, crop):
        if style is bad:
            raise InputError("no")
        return code(style, size, crop)

    bad = next(iter(jobs[1].request.style))
    monkeypatch.setattr(queue, "_one_code", fail)
    submitted(queue, jobs)
    counts.clear()
    held.set()
    arrays([jobs[0], jobs[2]])
    with pytest.raises(InputError, match="no"):
        jobs[1].result.result(10)
    until(lambda: counts == [1, 1])


def test_who_waits_no_longer_is_passed_over(queue, held, counts):
    jobs = submitted(queue, [job(), job(photo=3)])
    counts.clear()
    assert jobs[0].result.cancel()
    held.set()
    arrays(jobs[1:])
    with pytest.raises(CancelledError):
        jobs[0].result.result(0)
    until(lambda: counts == [1])


def test_what_nobody_waits_for_ends_in_the_middle(queue, held, counts, stylizer):
    jobs = submitted(queue, [job(), job(tile="off")])
    jobs[0].dropped.set()
    counts.clear()
    held.set()
    arrays(jobs[1:])
    until(lambda: counts == [1])
    assert not jobs[0].result.done()
    assert not any(
        module._forward_hooks for module in stylizer.net.modules() if hasattr(module, "kernel_size")
    )


def test_codes_are_remembered_but_not_for_ever(queue, monkeypatch):
    monkeypatch.setattr(paint_queue, "CODES", 2)
    for style in (1, 2, 1, 3):
        arrays(submitted(queue, [job(style=style)]))
    assert len(queue.codes) == 2
    ids = [next(iter(job(style=style).request.style)).id for style in (1, 3)]
    assert [key[0] for key in queue.codes] == ids


def test_memory_is_given_back_when_there_is_nothing_to_do(queue, monkeypatch):
    given = threading.Event()
    monkeypatch.setattr(paint_queue, "IDLE", 0.01)
    monkeypatch.setattr(paint_queue, "give_memory_back", given.set)
    arrays(submitted(queue, [job()]))
    assert given.wait(10)


def test_at_the_end_what_is_waiting_is_painted(stylizer):
    queue = PaintQueue(stylizer, lambda pictures, seconds: None)
    assert queue.batch == 1, "on a CPU"
    jobs = submitted(queue, [job(), job(photo=3), job(photo=4)])
    queue.close()
    assert all(each.result.done() for each in jobs) and not queue.thread.is_alive()

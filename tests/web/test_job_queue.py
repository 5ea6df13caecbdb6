"""One job after the other, with places, stops and words for what goes wrong."""

import threading

import pytest

from styletransfer.errors import InputError
from styletransfer.server.limits import Refused
from styletransfer.web.job_queue import LOST, MOST_WAITING, JobQueue, JobStopped, StudioJob, said_of


@pytest.fixture
def queue():
    queue = JobQueue()
    yield queue
    queue.close()


class Held:
    """A job that waits until it is let go on."""

    def __init__(self, queue):
        self.begun, self.go_on, self.said = threading.Event(), threading.Event(), []
        self.job = StudioJob("held", self.work, self.said.append)
        queue.submit(self.job)

    def work(self, job):
        self.begun.set()
        assert self.go_on.wait(20)
        job.step(0.5)
        return {"done": True}


def test_jobs_have_places_and_move_up(queue):
    first = Held(queue)
    assert first.begun.wait(10)
    told = [[], []]
    jobs = [StudioJob("next", lambda job: {"n": 1}, said.append) for said in told]
    for job in jobs:
        queue.submit(job)
    assert [said[0]["place"] for said in told] == [1, 2]
    first.go_on.set()
    assert jobs[1].result.result(10) == {"n": 1}
    assert [each["place"] for each in told[1]][:2] == [2, 1]
    states = [each["state"] for each in told[1]]
    assert states[0] == "waiting" and states[-2:] == ["working", "done"]
    assert first.job.said()["result"] == {"done": True} and told[1][-1]["share"] == 1


def test_a_job_is_stopped_where_it_is(queue):
    first = Held(queue)
    assert first.begun.wait(10)
    waiting = StudioJob("next", lambda job: pytest.fail("it was stopped"))
    last = StudioJob("last", lambda job: {})
    queue.submit(waiting), queue.submit(last)
    queue.stop(waiting)
    assert waiting.state == "stopped" and last.place == 1
    queue.stop(first.job)
    first.go_on.set()
    assert last.result.result(10) == {} and first.job.state == "stopped"
    with pytest.raises(JobStopped):
        first.job.result.result()


def test_a_job_that_fails_is_said_in_one_line_and_the_next_one_is_done(queue, capsys):
    def wrong(job):
        raise InputError("two\nlines")

    def broken(job):
        raise KeyError("inside")

    jobs = [StudioJob("a", work) for work in (wrong, broken, lambda job: {})]
    for job in jobs:
        queue.submit(job)
    assert jobs[2].result.result(10) == {}
    assert [job.error for job in jobs] == ["two lines", LOST, ""]
    assert jobs[1].said()["state"] == "failed" and "KeyError" in capsys.readouterr().err
    assert "memory" in said_of(MemoryError()) and said_of(Refused(413, "Too large.")) == "Too large."


def test_there_is_an_end_to_waiting(queue):
    first = Held(queue)
    assert first.begun.wait(10)
    for _ in range(MOST_WAITING):
        queue.submit(StudioJob("more", lambda job: {}))
    with pytest.raises(Refused, match="Too many"):
        queue.submit(StudioJob("more", lambda job: {}))
    first.go_on.set()


def test_closing_ends_what_is_done_and_what_waits():
    queue = JobQueue()
    first, waiting = Held(queue), StudioJob("next", lambda job: {})
    assert first.begun.wait(10)
    queue.submit(waiting)
    closing = threading.Thread(target=queue.close)
    closing.start()
    first.go_on.set()
    closing.join(10)
    assert first.job.state == waiting.state == "stopped"
    with pytest.raises(Refused, match="closing"):
        queue.submit(StudioJob("late", lambda job: {}))
    queue.close()

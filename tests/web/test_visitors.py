"""Visitors: what is theirs is theirs alone, and goes when they do."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from styletransfer.server.limits import Limits, Refused
from styletransfer.web import visitors as module
from styletransfer.web.job_queue import StudioJob
from styletransfer.web.sent_files import SentFile
from styletransfer.web.visitors import Visitors

MINE, YOURS = "a" * 32, "b" * 32


@pytest.fixture
def left():
    return []


@pytest.fixture
def visitors(tmp_path, left) -> Visitors:
    return Visitors(tmp_path, Limits(1, 1), left.append)


def test_each_has_a_folder_that_goes_with_them(visitors, tmp_path, left):
    mine, yours = visitors.visitor(MINE), visitors.visitor(YOURS)
    assert visitors.visitor(MINE) is mine and mine.folder != yours.folder
    path = mine.new_path("a.png")
    path.write_bytes(b"painted")
    assert path.parent.parent == mine.folder
    visitors.forget(MINE)
    assert not path.exists() and yours.folder.exists() and left == [mine]
    visitors.forget(MINE)
    for token in ("", "short", "A" * 32, "../" * 10 + "aa"):
        with pytest.raises(Refused, match="nothing here"):
            visitors.visitor(token)


def test_files_are_found_by_their_own_visitor_alone(visitors, tmp_path):
    mine, yours = visitors.visitor(MINE), visitors.visitor(YOURS)
    path = mine.new_path("sent")
    path.write_bytes(b"")
    mine.keep(SentFile("one", "photo", "a.png", path))
    assert mine.file("one", "photo").path == path
    for visitor, role in ((yours, "photo"), (mine, "style")):
        with pytest.raises(Refused) as error:
            visitor.file("one", role)
        assert error.value.status == 410
    again = mine.new_path("sent")
    mine.keep(SentFile("one", "photo", "b.png", again))
    assert not path.exists() and mine.file("one", "photo").name == "b.png"


def test_only_the_latest_results_are_kept_and_there_is_room_for_so_much(visitors, monkeypatch):
    monkeypatch.setattr(module, "MOST_RESULTS", 2)
    mine = visitors.visitor(MINE)
    paths = [mine.new_path(f"{number}.png") for number in range(3)]
    for path in paths:
        path.write_bytes(bytes(10))
        mine.add_result(path)
    assert [path.exists() for path in paths] == [False, True, True] and len(mine.results) == 2
    mine.room = 15
    with pytest.raises(Refused, match="too many large files"):
        mine.new_path("more.png")


def test_who_is_silent_for_long_is_forgotten_unless_the_page_is_open(visitors, monkeypatch):
    mine, yours = visitors.visitor(MINE), visitors.visitor(YOURS)
    yours.listeners.add(print)
    visitors.sweep()
    assert len(visitors.here) == 2
    monkeypatch.setattr(module, "AGE", -1)
    visitors.sweep()
    assert list(visitors.here) == [YOURS] and not mine.folder.exists()
    monkeypatch.setattr(module, "MOST_VISITORS", 1)
    with pytest.raises(Refused, match="Too many pages"):
        visitors.visitor(MINE)


def test_a_page_hears_how_its_jobs_stand_and_of_the_end(visitors):
    mine = visitors.visitor(MINE)
    first = StudioJob("preview", lambda job: {}, mine.tell)
    mine.add_job(first)

    async def listen() -> list:
        with mine.heard_by() as told:
            first.show(shown="a")
            visitors.close()
            return [await asyncio.wait_for(told.get(), 5) for _ in range(3)]

    with ThreadPoolExecutor(1) as thread:  # in this one the loop of a browser may run
        before, news, end = thread.submit(lambda: asyncio.run(listen())).result()
    assert before["id"] == first.id and before["seen"] == {} and news["seen"] == {"shown": "a"}
    assert end is None and not mine.listeners


def test_jobs_that_are_over_are_forgotten_after_a_while(visitors):
    mine = visitors.visitor(MINE)
    for number in range(40):
        job = StudioJob("preview", lambda job: {})
        job.state = "waiting" if number == 0 else "stopped"
        mine.add_job(job)
    assert len(mine.jobs) <= 17 and next(iter(mine.jobs.values())).state == "waiting"

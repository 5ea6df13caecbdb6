"""Stages that work at the same time."""

import threading
import time

import pytest

from styletransfer.video.pipeline import overlapped


def test_stages_overlap_in_order_and_pass_on_errors():
    names = set()

    def stage(x):
        names.add(threading.current_thread().name)
        time.sleep(0.01)
        return x + 1

    assert list(overlapped(range(20), stage, stage)) == list(range(2, 22))
    assert len(names) == 2

    def broken(x):
        if x == 3:
            raise ValueError("three")
        return x

    before = threading.active_count()
    with pytest.raises(ValueError, match="three"):
        list(overlapped(range(100), stage, broken))
    some = overlapped(iter(int, 1), stage)
    next(some)
    some.close()
    assert threading.active_count() == before

import os

from benchmarks.serve import memory, within


def test_shares_are_counted_over_all_answers():
    counts = {"100": 90, "2000": 9, "30000": 1}
    assert [within(share, counts) for share in (0.5, 0.95, 1)] == ["0.1", "2", "30"]


def test_memory_is_that_of_the_process():
    now, most = memory(os.getpid())
    assert 10 < now <= most

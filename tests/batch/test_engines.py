"""What paints the tasks of a run."""

import subprocess
import sys

import pytest

from styletransfer.batch import engines, local, ray_cluster, worker
from styletransfer.batch.settings import BatchSettings
from styletransfer.system.host import cores


def test_this_machine_paints_as_many_at_once_as_it_is_told(monkeypatch):
    given = []

    def paint_all(tasks, painter, workers, wanted):
        given.append((tasks, painter, workers, wanted))
        yield "task", "outcome"

    monkeypatch.setattr(local, "paint_all", paint_all)
    monkeypatch.setattr(worker, "BatchPainter", lambda *about: about)
    settings, wanted = BatchSettings("dst"), object()
    for workers, expected in ((3, 3), (None, cores())):
        paint = engines.local_engine(settings, ["style"], workers)
        assert list(paint(["one"], wanted)) == [("task", "outcome")]
        assert given.pop() == (["one"], (settings, ["style"]), expected, wanted)


@pytest.mark.parametrize("address", ["", "auto"])
def test_a_cluster_is_told_where_it_is_and_how_many_are_to_paint(address, monkeypatch):
    given = []
    monkeypatch.setattr(ray_cluster, "paint_all", lambda *about: given.append(about) or iter("x"))
    settings, wanted = BatchSettings("dst"), object()
    paint = engines.ray_engine(settings, ["style"], 3, address)
    assert list(paint(["one"], wanted)) == ["x"]
    assert given == [(["one"], settings, ["style"], address, 3, wanted)]


def test_torch_waits_until_something_is_painted():
    code = """
import sys
from styletransfer.batch.engines import local_engine, ray_engine
from styletransfer.batch.settings import BatchSettings
local_engine(BatchSettings("dst"), []), ray_engine(BatchSettings("dst"), [])
sys.exit("torch" in sys.modules or "ray" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

"""The same through Ray."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from styletransfer.batch import ray_cluster
from styletransfer.batch.ledger import Stop
from styletransfer.batch.ray_cluster import _outcomes

from .conftest import broken, good, lines, results

pytest.importorskip("ray", reason="Ray is not installed: pip install 'styletransfer[cluster]'")


def test_no_cluster_is_one_line(here, batch, capsys):
    good(here / "src", 1)
    assert batch("src", "dst", "--engine", "ray", "--address", "127.0.0.1:1") == 2
    assert "no Ray cluster" in capsys.readouterr().err


def test_nobody_waits_for_the_next_row():
    endless = threading.Event()

    def rows():
        yield {"outcome": pickle.dumps(("task", 1))}
        endless.wait()
        yield {"outcome": pickle.dumps(("task", 2))}

    found = []
    for outcome in _outcomes(rows, lambda: bool(found)):
        found.append(outcome)
    assert found == [("task", 1)]
    endless.set()


def test_what_is_done_is_taken_before_a_full_disk_is_told_of():
    def rows():
        for outcome in ("the disk is full", 1, 2):
            yield {"outcome": pickle.dumps(("task", outcome))}

    found = []
    with pytest.raises(Stop, match="the disk is full"):
        for outcome in _outcomes(rows, lambda: time.sleep(0.05)):
            found.append(outcome)
    assert found == [("task", 1), ("task", 2)]


def test_what_goes_wrong_in_the_pipeline_comes_out():
    def rows():
        raise OSError(28, "No space left on device")
        yield

    with pytest.raises(OSError, match="No space left"):
        list(_outcomes(rows, lambda: False))


WRITE = """
import pathlib

def write_bytes(path, data, real=pathlib.Path.write_bytes):
    for folder in path.parents:
        if (folder / "before-writing.py").exists():
            exec((folder / "before-writing.py").read_text())
    return real(path, data)

pathlib.Path.write_bytes = write_bytes
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """In which all of Ray's processes run `before-writing.py` before a result is written, if there is
    such a file in the folder of a run."""
    site = tmp_path_factory.mktemp("site")
    (site / "sitecustomize.py").write_text(WRITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(site), *filter(None, sys.path)]))
        patch.setenv("RAY_raylet_start_wait_time_s", "60")
        patch.setenv("RAY_worker_niceness", "0")  # or else they wait for all other tests
        yield


@pytest.mark.slow
def test_ctrl_c_in_the_middle_of_a_row_ends_a_run_and_its_cluster(
    here, tiny_model, paintings, environment
):
    """As a terminal sends it: to all of the processes."""
    good(here / "src", 5)
    patch = f"open({str(here / 'writing')!r}, 'w'); import time; time.sleep(3600)"
    (here / "before-writing.py").write_text(patch)
    common = ["--style", paintings[0], "--model", tiny_model, "--style-size", "32", "--device", "cpu"]
    command = [sys.executable, "-m", "styletransfer", "batch", "src", "dst", *common]
    process = subprocess.Popen(
        [*command, "--engine", "ray", "--workers", "1"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (here / "writing").exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "give the same command again" in err and "Traceback" not in err
    assert not results(here / "dst")


@pytest.fixture(scope="module")
def cluster(environment):
    """One for the runs below, which join it."""
    ray = ray_cluster._ray()
    ray_cluster._start(ray, "")
    yield
    ray.shutdown()


@pytest.mark.slow
def test_ray_gives_the_same_files_though_a_painter_is_killed(here, batch, cluster):
    good(here / "src", 120)
    wrong = broken(here / "src")
    assert batch("src", "local") == 1
    killed, over = [], threading.Event()

    def kill():
        manifest = here / "dst/manifest.jsonl"
        while not over.wait(0.02):
            if not manifest.exists() or manifest.read_bytes().count(b"\n") < 5:
                continue
            for process in psutil.Process().children(recursive=True):
                if "_Paint" in " ".join(process.cmdline() or [process.name()]):
                    process.kill()
                    killed.append(len(lines(manifest)))
                    return

    thread = threading.Thread(target=kill)
    thread.start()
    code = batch("src", "dst", "--engine", "ray", "--workers", "2")
    over.set()
    thread.join()
    assert code == 1 and killed and killed[0] < 120, "no painter was killed in the run"
    assert results(here / "dst") == results(here / "local")
    outputs = [line["output"] for line in lines(here / "dst/manifest.jsonl")]
    assert len(outputs) == len(set(outputs)) == 120
    assert sorted(f["input"] for f in lines(here / "dst/failures.jsonl")) == sorted(wrong)


@pytest.mark.slow
def test_a_full_disk_ends_a_run_through_ray_in_one_line(here, batch, cluster, capfd):
    good(here / "src", 40)
    (here / "before-writing.py").write_text("raise OSError(28, 'No space left on device')")
    assert batch("src", "dst", "--engine", "ray", "--workers", "1") == 2
    err = capfd.readouterr().err
    assert "the disk is full; make room" in err.splitlines()[-1] and "Traceback" not in err
    assert not results(here / "dst")


@pytest.mark.slow
def test_ray_is_ended_in_the_middle_of_a_row(here, batch, cluster, capfd):
    good(here / "src", 5)
    writing = here / "writing"
    wait = f"while os.path.exists({str(writing)!r}): time.sleep(0.1)"
    patch = f"import os, time; open({str(writing)!r}, 'a')\n{wait}"
    (here / "before-writing.py").write_text(patch)

    def end():
        while not writing.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end, daemon=True).start()
    assert batch("src", "dst", "--engine", "ray", "--workers", "1") == 130
    (here / "before-writing.py").unlink()
    writing.unlink()  # whoever waits there goes on, and ends before the cluster does
    for thread in threading.enumerate():
        if thread.name.startswith("StreamingExecutor"):
            thread.join(60)
    err = capfd.readouterr().err
    assert "give the same command again" in err and "Traceback" not in err
    assert not results(here / "dst")

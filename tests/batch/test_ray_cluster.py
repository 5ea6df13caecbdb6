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

from styletransfer.batch.ledger import Stop
from styletransfer.batch.ray_cluster import _outcomes

from .conftest import broken, good, lines, results

pytest.importorskip("ray", reason="Ray is not installed: pip install 'styletransfer[cluster]'")


def test_ray_gives_the_same_files_though_a_painter_is_killed(here, batch, monkeypatch):
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "60")
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


def started(here, tiny_model, paintings, patch):
    """The command through Ray, in all of whose processes writing a result is something else."""
    (here / "site").mkdir()
    (here / "site/sitecustomize.py").write_text(
        f"""
import pathlib, time
def write_bytes(path, data, real=pathlib.Path.write_bytes):
    if ".stylize" in path.parts:
        {patch}
    return real(path, data)
pathlib.Path.write_bytes = write_bytes
"""
    )
    path = os.pathsep.join([str(here / "site"), *filter(None, sys.path)])
    common = ["--style", paintings[0], "--model", tiny_model, "--style-size", "32", "--device", "cpu"]
    command = [sys.executable, "-m", "styletransfer", "batch", "src", "dst", *common]
    return subprocess.Popen(
        [*command, "--engine", "ray", "--workers", "1"],
        env={**os.environ, "PYTHONPATH": path, "RAY_raylet_start_wait_time_s": "60"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize(
    "end",
    [lambda process: os.killpg(process.pid, signal.SIGINT), lambda process: process.terminate()],
    ids=["Ctrl-C", "SIGTERM"],
)
def test_ray_is_interrupted_in_the_middle_of_a_row(here, tiny_model, paintings, end):
    good(here / "src", 5)
    patch = "open('writing', 'w'); time.sleep(3600)".replace("writing", str(here / "writing"))
    process = started(here, tiny_model, paintings, patch)
    while not (here / "writing").exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    end(process)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "give the same command again" in err and "Traceback" not in err
    assert not results(here / "dst")


def test_a_full_disk_ends_a_run_through_ray_in_one_line(here, tiny_model, paintings):
    good(here / "src", 40)
    patch = "raise OSError(28, 'No space left on device')"
    process = started(here, tiny_model, paintings, patch)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "the disk is full; make room" in err.splitlines()[-1] and "Traceback" not in err
    assert not results(here / "dst")

"""The same through Ray."""

import threading
import time

import psutil
import pytest

from .conftest import broken, good, lines, results

pytest.importorskip("ray", reason="Ray is not installed: pip install 'styletransfer[cluster]'")


def test_ray_gives_the_same_files_though_a_painter_is_killed(here, batch, monkeypatch):
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "60")
    good(here / "src", 120)
    wrong = broken(here / "src")
    assert batch("src", "local") == 1
    killed = []

    def kill():
        end = time.monotonic() + 60
        manifest = here / "dst/manifest.jsonl"
        while not killed and time.monotonic() < end:
            time.sleep(0.02)
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

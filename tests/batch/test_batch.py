"""stylize batch, from end to end on one machine."""

import os
import signal
import subprocess
import time

import numpy as np
from PIL import Image

from styletransfer.cli import run
from tests.conftest import noise
from tests.processes import Process

from .conftest import broken, good, lines, odd, results


def test_all_sorts_of_pictures(here, batch, capsys):
    names = good(here / "src", 40) + odd(here / "src")
    wrong = broken(here / "src")
    assert batch("src", "dst") == 1
    assert capsys.readouterr().out == "dst\n"
    failures = lines(here / "dst/failures.jsonl")
    assert sorted(f["input"] for f in failures) == sorted(wrong)
    assert all(f["error"] and "\n" not in f["error"] for f in failures)
    done = lines(here / "dst/manifest.jsonl")
    assert sorted(d["input"] for d in done) == sorted(names)
    for each in done:
        source, result = (
            Image.open(here / "src" / each["input"]),
            Image.open(here / "dst" / each["output"]),
        )
        size = source.size[::-1] if each["input"] == "rotated.jpg" else source.size
        assert result.size == size
        assert os.path.dirname(each["input"]) == os.path.dirname(each["output"])
    assert len(results(here / "dst")) == len(names) and not (here / "dst/.stylize").exists()


def test_a_result_is_what_the_single_command_paints(here, batch, paintings, tiny_model):
    (here / "src").mkdir()
    noise(50, 37, seed=1).save(here / "src/a.png")
    options = ["--alpha", "0.7", "--preserve-color", "luminance", "--size", "32"]
    assert batch("src", "dst", *options) == 0
    single = ["src/a.png", paintings[0], "-o", "a.png", "--style-size", "32", "--model", tiny_model]
    assert run([*single, "--device", "cpu", *options]) == 0
    assert np.array_equal(np.array(Image.open("dst/a.png")), np.array(Image.open("a.png")))


def command(tiny_model, paintings):
    common = ["--style", paintings[0], "--model", tiny_model, "--style-size", "32", "--device", "cpu"]
    return ["batch", "src", "dst", *common]


def begun(path, count):
    """Wait for so many lines."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.005)
    raise AssertionError(f"{path} never came to {count} lines")


def test_sigkill_at_any_moment_loses_nothing_and_nothing_is_done_twice(
    here, batch, tiny_model, paintings
):
    good(here / "src", 240)
    assert batch("src", "whole") == 0
    rng = np.random.default_rng()
    for _ in range(3):
        there = len(lines(here / "dst/manifest.jsonl")) if (here / "dst").exists() else 0
        process = Process(*command(tiny_model, paintings), stderr=subprocess.PIPE)
        begun(here / "dst/manifest.jsonl", there + rng.integers(1, 40))
        time.sleep(rng.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for name, data in results(here / "dst").items():
            assert name.startswith(".stylize") or data == (here / "whole" / name).read_bytes()
    assert len(lines(here / "dst/manifest.jsonl")) < 240, "the kills came too late to prove anything"
    assert batch("src", "dst") == 0
    assert results(here / "dst") == results(here / "whole")
    outputs = [line["output"] for line in lines(here / "dst/manifest.jsonl")]
    assert len(outputs) == len(set(outputs)) == 240


def test_ctrl_c_finishes_the_picture_and_says_how_to_go_on(here, tiny_model, paintings):
    good(here / "src", 240)
    process = Process(*command(tiny_model, paintings), stderr=subprocess.PIPE, text=True)
    begun(here / "dst/manifest.jsonl", 3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "give the same command again" in err and "Traceback" not in err
    assert len(results(here / "dst")) == len(lines(here / "dst/manifest.jsonl")) < 240

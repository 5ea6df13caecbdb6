"""A process that was forked behaves as one that was started."""

import signal
import subprocess
import sys
from subprocess import PIPE

import pytest

from .processes import Process

CODE = """
import os, sys
print(sys.argv[1:], os.path.basename(os.getcwd()), os.environ.get("MARK"), sys.stdin.read())
print("said", file=sys.stderr)
sys.exit(3)
"""


def test_it_does_what_python_does(in_empty_folder, monkeypatch):
    monkeypatch.setenv("MARK", "here")
    started = subprocess.Popen(
        [sys.executable, "-c", CODE, "a", "-b"], stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    forked = Process("a", "-b", code=CODE, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    said = []
    for process in (started, forked):
        process.stdin.write(b"heard")
        process.stdin.close()
        process.stdin = None
        said.append((*process.communicate(), process.returncode))
    assert said[0] == said[1] == (b"['a', '-b'] here here heard\n", b"said\n", 3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_ends_as_python_does(number):
    code = "import time; print(flush=True); time.sleep(60)"
    process = Process(code=code, stdout=PIPE, stderr=PIPE, text=True)
    assert process.stdout.readline() == "\n" and process.poll() is None
    process.send_signal(number)
    _, err = process.communicate()
    assert process.returncode == -number and ("KeyboardInterrupt" in err) == (number == signal.SIGINT)


def test_who_waits_too_long_is_told_and_it_is_ended():
    process = Process(code="import time; time.sleep(60)")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.1)
    assert process.wait() == -signal.SIGKILL


def test_whose_end_nobody_waits_for_disturbs_no_other():
    for _ in range(3):
        Process(code="pass")
    assert Process(code="import sys; sys.exit(4)").wait() == 4
    assert Process(code="import sys; sys.exit(5)").wait() == 5

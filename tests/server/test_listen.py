import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from PIL import Image

from styletransfer.server import listen

from .conftest import PHOTO, opened, refused, serving, until

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "serve.md").read_text()


@pytest.fixture(scope="module")
def command(tiny_model, tmp_path_factory):
    """`stylize serve` as one starts it: the process and where it says it is."""
    words = ["serve", "--port", "0", "--device", "cpu", "--precision", "fp32", "--model", tiny_model]
    process = subprocess.Popen(
        [sys.executable, "-m", "styletransfer", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=tmp_path_factory.mktemp("server"),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("photo", "starry", "sky"):
        Image.open(ROOT / "examples/content/bridge.jpg").resize((48, 32)).save(f"{name}.jpg")
    Image.new("L", (48, 32), 255).save("mask.png")
    Image.new("RGB", (48, 32), "#ff0000").save("map.png")
    return tmp_path


CURL = re.findall(r"^(?:ID=\$\()?curl .*(?:\n  .*)*", PAGE, re.MULTILINE)


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="needs curl")
def test_the_page_s_lines_of_curl(command, here):
    assert len(CURL) >= 5
    script = "set -e\n" + "\n".join(CURL).replace("http://localhost:8000", command[1])
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in re.findall(r"-o (\w\.\w+)", script):
        assert Image.open(name).size == (48, 32), Path(name).read_bytes()[:200]


def test_the_page_s_python(command, here):
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    exec(code.replace("http://localhost:8000", command[1]), {})
    assert Image.open("painted.jpg").size == (48, 32)


def test_asked_to_end_it_answers_what_was_accepted_and_refuses_what_is_new(stylizer, monkeypatch):
    with serving(stylizer) as (server, client, web):
        hold, paint, answers = threading.Event(), server.queue._alone, []
        monkeypatch.setattr(server.queue, "_alone", lambda job: hold.wait(20) and paint(job))

        def ask():
            answers.append(client.post("/stylize", files={"photo": PHOTO}, data={"style": "lion"}))

        thread = threading.Thread(target=ask)
        thread.start()
        until(lambda: server.queue.painting)
        web.handle_exit(signal.SIGTERM, None)
        until(lambda: server.admission.closing)
        again = httpx.post(f"{client.base_url}/stylize", files={"photo": PHOTO}, data={"style": "lion"})
        assert "closing" in refused(again, 503) and again.headers["retry-after"]
        assert "closing" in refused(httpx.get(f"{client.base_url}/health"), 503)
        hold.set()
        thread.join()
        assert opened(answers[0]).size == (50, 37)
    assert not server.queue.thread.is_alive()


def test_asked_again_it_gives_up_what_was_accepted(stylizer, monkeypatch):
    monkeypatch.setattr(listen, "SAME", 0.05)
    with serving(stylizer) as (server, client, web):
        paint, answers = server.queue._alone, []
        monkeypatch.setattr(server.queue, "_alone", lambda job: until(job.dropped.is_set) or paint(job))

        def ask():
            answers.append(client.post("/stylize", files={"photo": PHOTO}, data={"style": "lion"}))

        thread = threading.Thread(target=ask)
        thread.start()
        until(lambda: server.queue.painting)
        web.handle_exit(signal.SIGINT, None)
        web.handle_exit(signal.SIGINT, None)  # at the same moment: one wish
        until(lambda: server.admission.closing)
        assert thread.is_alive()
        time.sleep(0.06)
        web.handle_exit(signal.SIGINT, None)
        thread.join()
        assert "stopped before this was done" in refused(answers[0], 503)


def test_the_command_ends_when_asked_to_and_says_nothing_more(command):
    process, url = command
    assert httpx.get(f"{url}/health").json()["accepted"] == 0
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "") and err == "stylize serve: Ctrl-C ends it\n"

"""What cannot be done is a line for who asked, and none in the terminal."""

import gc
import io
import json
import os
import urllib.error
import urllib.request
import weakref

import gradio
import numpy as np
import pytest

from styletransfer.errors import InputError
from styletransfer.web.replies import done_or_said, judge
from styletransfer.web.service import JobStopped, StudioService

from ..conftest import noise


@pytest.fixture
def ask(studio):
    """What the server says when it is sent values for what a part of the page starts, some changed."""
    config = json.loads(urllib.request.urlopen(f"{studio}/config").read())
    parts = {part["id"]: part["props"] for part in config["components"]}

    def call(path: str, body: dict | bytes, kind: str = "application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return urllib.request.urlopen(
            urllib.request.Request(f"{studio}/gradio_api/{path}", data, {"content-type": kind})
        )

    def send(name: str, data: bytes) -> dict:
        """A file, as it is spoken of once it is uploaded."""
        head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        body = head.encode() + data + b"\r\n--x--\r\n"
        (path,) = json.loads(call("upload", body, "multipart/form-data; boundary=x").read())
        return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    def ask(part: str, event: str, changes: dict) -> str:
        job = next(
            each
            for each in config["dependencies"]
            if (part, event) in [(parts.get(n, {}).get("elem_id"), e) for n, e in each["targets"]]
            and each["backend_fn"]
        )
        props = [parts[number] for number in job["inputs"]]
        data = [changes.get(each.get("elem_id"), each.get("value")) for each in props]
        session = os.urandom(8).hex()
        body = {"data": data, "fn_index": job["id"], "session_hash": session}
        call("queue/join", body).read()
        url = f"{studio}/gradio_api/queue/data?session_hash={session}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            text = ""
            while "process_completed" not in text:
                text = answer.readline().decode()
        return text

    ask.send = send
    return ask


def test_values_that_no_page_sends_are_a_line_for_who_sent_them(ask, capfd):
    """Out of range, missing or no number: an answer, and nothing in the terminal."""
    for name, value, says in (
        ("strength", 7, "Strength: Value 7 is greater than maximum value 2"),
        ("strength", "much", "Strength: "),
        ("strength", None, "Strength: A value is missing."),
        ("colors", "mauve", "Whose colours: "),
    ):
        assert says in ask("strength", "input", {name: value})
    assert "Traceback" not in capfd.readouterr().err


def test_files_that_no_page_sends_are_a_line_for_who_sent_them(ask, capfd):
    code, text = ask.send("a.style.safetensors", bytes(20)), ask.send("layer.png", b"no picture")
    cut = ask.send("cut.png", noise_bytes()[:-300])
    says = ask("own-style", "upload", {"own-style": [code]})
    assert "Paintings of your own: Invalid file type" in says and "safetensors" not in says
    for layer in (text, cut):
        drawn = {"background": None, "layers": [layer], "composite": None}
        says = ask("strength", "input", {"brush": drawn})
        assert "Brush over what to paint: " in says and layer["path"] not in says
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("end", [JobStopped, InputError])
def test_nothing_of_a_job_that_came_to_nothing_stays_in_memory(ask, monkeypatch, end):
    """Half a network's features of a large photo, until Python happens to look for what nobody needs."""
    check, kept = StudioService.check, []

    def remembered(self, path):
        photo = check(self, path)
        kept.append(weakref.ref(photo.rgb))
        return photo

    def paint(*given):
        features = np.zeros(9)
        kept.append(weakref.ref(features))
        raise end("It is too much.")

    monkeypatch.setattr(StudioService, "check", remembered)
    monkeypatch.setattr(StudioService, "paint", paint)
    gc.disable()
    try:
        says = ask("paint", "click", {})
        assert ("Stopped." if end is JobStopped else "It is too much.") in says
        assert "JobStopped" not in says
        assert len(kept) == 2 and [each() for each in kept] == [None, None]
    finally:
        gc.enable()


def noise_bytes() -> bytes:
    buffer = io.BytesIO()
    noise(40, 30).save(buffer, "png")
    return buffer.getvalue()


def test_what_was_done_is_given_and_what_was_not_is_said():
    assert done_or_said(lambda: 5) == 5

    def fails(error):
        def work():
            raise error

        return work

    with pytest.raises(gradio.Error, match="It is too much") as caught:
        done_or_said(fails(InputError("It is too much.")))
    assert caught.value.__context__ is None and not caught.value.print_exception
    with pytest.raises(gradio.Error, match="Stopped"):
        done_or_said(fails(JobStopped()))
    with pytest.raises(ZeroDivisionError):
        done_or_said(lambda: 1 / 0)


def test_a_part_answers_by_its_name():
    slider = gradio.Slider(0, 2, 1, label="Strength")
    judge(slider)
    assert slider.preprocess(1.5) == 1.5
    for value in (None, 7, "much"):
        with pytest.raises(gradio.Error, match="^.?Strength: "):
            slider.preprocess(value)
    judge(free := gradio.Textbox(label="Name"), needed=False)
    assert free.preprocess(None) is None

    def fails(payload):
        raise OSError("/home/someone/a.png")

    free.preprocess = fails
    judge(free)
    with pytest.raises(gradio.Error, match="Name: It is no picture") as caught:
        free.preprocess("x")
    assert "someone" not in str(caught.value)

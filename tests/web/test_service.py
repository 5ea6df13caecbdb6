"""The studio without a browser: limits, stopping, files, and what is served."""

import gc
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
import weakref

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run
from styletransfer.errors import InputError
from styletransfer.media.image import read_picture
from styletransfer.options import StylizeOptions
from styletransfer.web import session_files
from styletransfer.web.service import JobStopped, StudioService, thumbnail

from ..conftest import noise


def asked(step=lambda share: None, **changes) -> dict:
    return dict(options=StylizeOptions(**dict(alpha=0.8, style_size=32) | changes), step=step)


@pytest.fixture
def service(stylizer, tmp_path) -> StudioService:
    return StudioService(stylizer, tmp_path, megapixels=0.1)


def test_it_paints_what_the_engine_paints(service, stylizer, photo, paintings):
    styles = [(paintings[0], 0.5), (paintings[1], 1.0)]
    for color in ("none", "luminance", "histogram"):
        picture = service.paint(read_picture(photo), styles, **asked(preserve_color=color))
        expected = stylizer.stylize(
            photo, paintings, 0.8, weights=[0.5, 1.0], preserve_color=color, style_size=32
        )
        assert np.array_equal(np.array(picture), np.array(expected))
    assert service.code(styles, 32).styles == pytest.approx({"a picture": 1.0})


def test_a_small_drawing_masks_a_large_photo(service, photo, paintings):
    drawn = np.zeros((19, 25), np.uint8)
    drawn[:, :12] = 255
    whole = np.array(service.paint(read_picture(photo), [(paintings[0], 1)], **asked()))
    part = np.array(service.paint(read_picture(photo), [(paintings[0], 1)], **asked(mask=drawn)))
    none = asked(mask=np.zeros_like(drawn))
    assert np.array_equal(
        whole, np.array(service.paint(read_picture(photo), [(paintings[0], 1)], **none))
    )
    assert not np.array_equal(whole[:, 40:], part[:, 40:])


def test_progress_and_stop(service, photo, paintings):
    heard = []
    service.paint(read_picture(photo), [(paintings[0], 1)], **asked(step=heard.append))
    assert heard == sorted(heard) and len(heard) > 5
    assert heard[-1] == 1.0 and max(heard[:-1]) < 1

    def stop(done):
        raise JobStopped

    with pytest.raises(JobStopped):
        service.paint(read_picture(photo), [(paintings[0], 1)], **asked(step=stop))
    heard.clear()
    service.stylizer.stylize(photo, paintings[0], style_size=32)
    assert heard == []  # nobody listens any more


@pytest.mark.parametrize("color", ["none", "histogram"])
@pytest.mark.parametrize("tiles", [False, True])
def test_progress_reaches_the_end_at_the_end(color, tiles, stylizer, tmp_path, monkeypatch):
    """Several styles and tiles: it never falls, and is not there before it is."""
    service = StudioService(stylizer, tmp_path, megapixels=1)
    for name in "abc":
        noise(48, 40, seed=ord(name)).save(tmp_path / f"{name}.png")
    noise(600, 500).save(tmp_path / "photo.png")
    if tiles:
        monkeypatch.setattr("styletransfer.stylize.paint.affordable", lambda *_: 256 * 256)
    heard = []
    styles = [(str(tmp_path / f"{name}.png"), 1.0) for name in "abc"]
    photo = read_picture(tmp_path / "photo.png")
    service.paint(photo, styles, **asked(preserve_color=color, step=heard.append))
    assert heard == sorted(heard) and heard[-1] == 1.0 and heard.count(1.0) == 1
    assert 0.1 < heard[len(heard) // 2] < 0.8
    assert heard[-2] > 0.9


def test_a_stop_reaches_no_other_job(stylizer, tmp_path, photo, paintings):
    """One user's style is encoded when it is its turn, and no other's job hears of it."""
    service = StudioService(stylizer, tmp_path, megapixels=0.1)
    inside, go_on, done = threading.Event(), threading.Event(), []

    def step(share):
        if threading.current_thread() is not mine:
            done.append("heard of another's")
        inside.set()
        go_on.wait(10)

    options = asked(step=step)
    arguments = read_picture(photo), [(paintings[0], 1)]
    mine = threading.Thread(target=lambda: service.paint(*arguments, **options))
    other = threading.Thread(target=lambda: done.append(service.code([(paintings[1], 1)], 32)))
    mine.start()
    assert inside.wait(10)
    other.start()
    other.join(0.3)
    assert done == []  # it waits
    go_on.set()
    mine.join(20), other.join(20)
    assert len(done) == 1 and done[0].styles == {"a picture": 1.0}


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


def test_uploads_are_judged(service, tmp_path):
    (tmp_path / "secret-name.png").write_text("no picture")
    with pytest.raises(InputError, match="^secret-name.png: is not a picture"):
        service.check(tmp_path / "secret-name.png")
    noise(40, 30).save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:-300])
    with pytest.raises(InputError, match="^cut.png: is broken"):
        service.check(tmp_path / "cut.png")
    with pytest.raises(InputError, match="^gone.png is no longer here"):
        service.check(tmp_path / "gone.png")
    noise(400, 300).save(tmp_path / "large.png")
    with pytest.raises(InputError, match="megapixels"):
        service.check(tmp_path / "large.png")
    with pytest.raises(InputError, match="photo"):
        service.check(None)
    with pytest.raises(InputError, match="weight"):
        service.paint(read_picture(noise_file(tmp_path)), [("x.jpg", 0.0)], **asked())


def noise_file(folder) -> str:
    noise(40, 30).save(folder / "a.png")
    return str(folder / "a.png")


def test_every_file_has_a_folder_of_its_own_until_its_user_leaves(service):
    a, b = service.shown("me", noise(20, 20)), service.shown("you", noise(20, 20))
    assert a != b and Image.open(a).size == (20, 20)
    assert thumbnail(read_picture(a)).shape == (20, 20, 3)
    service.forget("me")
    assert not os.path.exists(a) and os.path.exists(b)


def test_who_leaves_takes_what_was_kept_in_memory_along(service):
    circle = [np.zeros(9)]
    kept = weakref.ref(circle[0])
    circle.append(circle)
    del circle
    assert kept() is not None
    service.forget("me")
    assert kept() is None


def test_the_page_asks_nobody_else(studio):
    with urllib.request.urlopen(studio) as answer:
        policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "http" not in policy
    with urllib.request.urlopen(f"{studio}/config") as answer:
        text = answer.read().decode()
    assert "googleapis" not in text and '"analytics_enabled":false' in text.replace(" ", "")


def test_no_files_of_the_server(studio):
    for path in ("/etc/passwd", "pyproject.toml"):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(f"{studio}/gradio_api/file={path}")
        assert error.value.code in (403, 404)


def test_nothing_is_left_behind(stylizer, monkeypatch, tmp_path):
    from styletransfer.web.server import serve

    monkeypatch.setenv("GRADIO_TEMP_DIR", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    close = serve(stylizer, "127.0.0.1", port, 1, 1, block=False)
    folder = list(tmp_path.glob("style-studio-*"))
    assert len(folder) == 1 and any(folder[0].rglob("*.jpg"))
    close()
    assert not folder[0].exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("sign", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_a_studio_that_is_ended_leaves_nothing(tiny_model, tmp_path, sign, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "styletransfer", "web", "--port", str(port), "--model", tiny_model]
    as_json = ["--json"] * (sign == "SIGINT")
    studio = subprocess.Popen(
        command + as_json,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    url = f"http://localhost:{port}"
    said = studio.stdout.readline().decode().rstrip()
    assert (json.loads(said)["url"] if as_json else said) == url
    assert len(list(tmp_path.glob("style-studio-*"))) == 1
    studio.send_signal(getattr(signal, sign))
    out, err = studio.communicate(timeout=20)
    if sign != "SIGKILL":
        assert studio.returncode == 0 and out == b"" and err.count(b"\n") == 1, err
        assert list(tmp_path.iterdir()) == []
        return
    (left,) = tmp_path.glob("style-studio-*")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(session_files, "YOUNG", -1)
    with session_files.private_folder() as one, session_files.private_folder() as two:
        assert not left.exists() and one.exists() and two.exists()
    assert list(tmp_path.iterdir()) == []


def test_bad_options_are_one_line(studio, tiny_model, capsys):
    port = studio.rpartition(":")[2]
    for options in (["--port", "0"], ["--max-megapixels", "0"], ["--port", port], ["--share"]):
        assert run(["web", "--model", tiny_model, *options]) == 2
        err = capsys.readouterr().err.splitlines()
        assert err[-1].startswith("stylize web: ") and len(err) <= 2

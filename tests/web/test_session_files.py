"""The studio's folder goes when it closes."""

import json
import os
import signal
import socket
import sys
import tempfile
from subprocess import PIPE

import pytest

from styletransfer.web import session_files

from ..processes import Process


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("sign", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_a_studio_that_is_ended_leaves_nothing(tiny_model, tmp_path, sign, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    as_json = ["--json"] * (sign == "SIGINT")
    studio = Process(
        "web", "--port", str(port), "--model", tiny_model, *as_json,
        stdout=PIPE, stderr=PIPE, env=os.environ | {"TMPDIR": str(tmp_path)},
        imported=["styletransfer.web.server"],
    )  # fmt: skip
    url, said = f"http://localhost:{port}", studio.stdout.readline().decode().rstrip()
    assert (json.loads(said)["url"] if as_json else said) == url
    assert len(list(tmp_path.glob("style-studio-*"))) == 1
    studio.send_signal(getattr(signal, sign))
    out, err = studio.communicate(timeout=60)
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


def test_a_folder_is_its_user_s_alone_and_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with session_files.private_folder() as folder:
        assert folder.parent == tmp_path and folder.name.startswith(session_files.PREFIX)
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "a.png").write_text("painted")
    assert list(tmp_path.iterdir()) == []


def test_what_is_young_or_somebody_s_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f"{session_files.PREFIX}abc"
    left.mkdir()
    (tmp_path / "other").mkdir()
    with session_files.private_folder():
        assert left.exists(), "it may just be opening"
    os.utime(left, (0, 0))
    with session_files.private_folder() as one:
        assert not left.exists()
        os.utime(one, (0, 0))
        with session_files.private_folder():
            assert one.exists(), "somebody has it"
    assert [path.name for path in tmp_path.iterdir()] == ["other"]

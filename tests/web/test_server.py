"""The studio as a server."""

import socket
import tempfile
import urllib.error
import urllib.request

import pytest

from styletransfer import InputError
from styletransfer.web import server


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


def test_a_port_that_is_taken_is_said_before_anything_is_built(stylizer, monkeypatch):
    monkeypatch.setattr(server, "build", None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"cannot listen on 127.0.0.1:{port} .*give another --port"):
            server.serve(stylizer, "127.0.0.1", port, 1, 1, block=False)
    with pytest.raises(InputError, match="cannot listen on 127.0.0.1:70000"):
        server.serve(stylizer, "127.0.0.1", 70_000, 1, 1, block=False)

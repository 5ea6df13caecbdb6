"""stylize web: what it listens to, and what it hands on."""

import signal
import socket

import pytest

from styletransfer.cli import run

pytest.importorskip("gradio", reason="the studio needs gradio: pip install 'styletransfer[web]'")


def test_bad_options_are_one_line(tiny_model, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for options in (
            ["--port", "0"],
            ["--max-megapixels", "0"],
            ["--max-megabytes", "-1"],
            ["--port", port],
            ["--share"],
        ):
            assert run(["web", "--model", tiny_model, *options]) == 2
            err = capsys.readouterr().err.splitlines()
            assert err[-1].startswith("stylize web: ") and len(err) <= 2


def test_the_studio_is_served_as_it_was_asked_for(tiny_model, capsys, monkeypatch):
    served = []
    monkeypatch.setattr(
        "styletransfer.web.server.serve", lambda *given, as_json: served.append((*given, as_json))
    )
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGHUP)}
    options = ["--host", "0.0.0.0", "--port", "7000", "--max-megabytes", "3", "--max-megapixels", "4"]
    try:
        assert run(["web", "--model", tiny_model, "--device", "cpu", *options]) == 0
        assert all(signal.getsignal(name) is signal.default_int_handler for name in before)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    ((stylizer, *rest),) = served
    assert rest == ["0.0.0.0", 7000, 3, 4, False] and stylizer.device.type == "cpu"
    assert "Ctrl-C closes the studio" in capsys.readouterr().err

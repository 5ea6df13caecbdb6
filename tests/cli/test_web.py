"""stylize web: what it listens to, and what it hands on."""

import signal
import socket

import pytest

from styletransfer.cli import run, web

pytest.importorskip("fastapi", reason="the studio needs fastapi: pip install 'styletransfer[web]'")


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
        "styletransfer.web.server.serve", lambda *given, **more: served.append((given, more))
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGHUP)}
    options = ["--host", "0.0.0.0", "--port", port, "--max-megabytes", "3", "--max-megapixels", "4"]
    try:
        assert run(["web", "--model", tiny_model, "--device", "cpu", *options]) == 0
        assert all(signal.getsignal(name) is signal.default_int_handler for name in before)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    (((service, listening, limits), more),) = served
    assert service.first.device.type == "cpu" and (service.device, service.precision) == ("cpu", "auto")
    assert (limits.max_megabytes, limits.max_megapixels) == (3, 4) and listening.fileno() == -1
    assert more == {"hosts": frozenset({"0.0.0.0"}), "as_json": False}
    assert "Ctrl-C closes the studio" in capsys.readouterr().err


def test_what_is_not_installed_is_named(monkeypatch, capsys):
    monkeypatch.setattr(web, "find_spec", lambda name: None if name == "uvicorn" else name)
    assert run(["web"]) == 2
    assert "the studio needs uvicorn: pip install 'styletransfer[web]'" in capsys.readouterr().err

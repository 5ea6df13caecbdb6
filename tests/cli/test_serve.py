import socket

import pytest

from styletransfer.cli import run, serve


@pytest.mark.parametrize(
    "arguments,line",
    [
        (["--port", "65536"], "--port is 65536: 0 to 65535"),
        (["--max-megapixels", "0"], "--max-megapixels is 0: it must be above 0"),
        (["--timeout", "-1"], "--timeout is -1: it must be above 0"),
        (["--queue", "0"], "--queue is 0"),
        (["--host", "300.300.300.300"], "cannot listen on 300.300.300.300:8000"),
    ],
)
def test_what_cannot_be_served_is_one_line(arguments, line, capsys):
    assert run(["serve", *arguments]) == 2
    err = capsys.readouterr().err
    assert err.startswith("stylize serve: ") and line in err and err.count("\n") == 1


def test_a_port_in_use_is_one_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(["serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "give another --port" in capsys.readouterr().err


def test_what_is_not_installed_is_named(monkeypatch, capsys):
    monkeypatch.setattr(serve, "find_spec", lambda name: None if name == "prometheus_client" else name)
    assert run(["serve"]) == 2
    assert "prometheus_client: pip install 'styletransfer[serve]'" in capsys.readouterr().err

"""The Dockerfile: what it copies is there and let through, what it starts is a command of ours."""

import json
import re
from importlib import import_module
from pathlib import Path

import typer

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def test_what_is_copied_is_there_and_nothing_else_is_sent_to_the_builder():
    copied = [
        word for line in re.findall(r"^COPY (?!--)(.*)", DOCKERFILE, re.M) for word in line.split()[:-1]
    ]
    assert {"styletransfer", "weights", "pyproject.toml"} <= set(copied)
    assert all((ROOT / name).exists() for name in copied)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored and sorted(line[1:] for line in ignored if line[0] == "!") == sorted(copied)


def test_it_serves_as_nobody_in_particular_where_it_says():
    lines = dict(re.findall(r"^(USER|EXPOSE|ENTRYPOINT|CMD) (.*)", DOCKERFILE, re.M))
    program, (verb, *arguments) = json.loads(lines["ENTRYPOINT"]), json.loads(lines["CMD"])
    assert program == ["stylize"] and lines["USER"] == "1000"
    command = typer.main.get_command(import_module(f"styletransfer.cli.{verb}").app)
    given = command.make_context("stylize", arguments).params
    assert given["host"] == "0.0.0.0" and given["port"] == int(lines["EXPOSE"])
    (url,) = re.findall(r"http://127.0.0.1:(\d+)/health", DOCKERFILE)
    assert url == lines["EXPOSE"]

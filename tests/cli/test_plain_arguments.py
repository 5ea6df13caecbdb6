"""Arguments are read as typer reads them, or left to it."""

import pytest
import typer

from styletransfer.cli import picture
from styletransfer.cli.plain_arguments import plain_arguments

PLAIN = [
    "a.jpg b.jpg",
    "a.jpg b.jpg c.jpg --weights 0.7,0.3 --alpha 0.8 -o out.png",
    "- b.jpg -o -",
    "--alpha=0.5 a.jpg --size 300 b.jpg --json --force",
    "a.jpg --regions m.png --region #ff0000=a.jpg --region=3=b.jpg",
    "a.jpg b.jpg --preserve-color luminance --engine onnx --precision fp32 --refine 3",
    "a.jpg b.jpg --alpha 1 --alpha 2 -o x -o y",
    "a.jpg b.jpg --output out.png",
]
LEFT = [
    "", "--help", "a.jpg --nothing 3", "a.jpg b.jpg --alpha", "a.jpg b.jpg --alpha strong",
    "a.jpg b.jpg --alpha -1", "a.jpg b.jpg -oout.png", "a.jpg --size 3.5", "a.jpg --strokes 2",
    "a.jpg -- -b.jpg", "a.jpg --engine caffe", "a.jpg --json=1", "a.jpg -o=x", "a.jpg --alpha 1e3",
    "a.jpg b.jpg --preset poster", "a.jpg --version", "a.jpg --completion bash", "a.jpg --as-json",
]  # fmt: skip


@pytest.mark.parametrize("line", PLAIN)
def test_what_is_read_is_what_typer_reads(line):
    words = line.split()
    command = typer.main.get_command(picture.app)
    context = command.make_context("stylize", list(words))
    found = plain_arguments(picture.picture, words)
    assert found is not None
    defaults = {parameter.name: parameter.default for parameter in command.params}
    for name, value in context.params.items():
        if name in found:
            assert (found[name] or None) == (getattr(value, "value", value) or None), name
        else:
            assert (value or None) == (defaults[name] or None), name


@pytest.mark.parametrize("line", LEFT)
def test_what_is_wrong_or_rare_is_left_to_typer(line):
    assert plain_arguments(picture.picture, line.split()) is None


def test_an_empty_name_is_left_to_typer():
    assert plain_arguments(picture.picture, ["", "b.jpg"]) is None

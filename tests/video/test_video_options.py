"""What of a film is painted and how it is written."""

import subprocess
import sys
from dataclasses import fields

import pytest
import typer

from styletransfer.cli.video import app
from styletransfer.errors import InputError
from styletransfer.video.video_options import VideoOptions


def test_the_command_s_defaults_are_these():
    given = {p.name: p.default for p in typer.main.get_command(app).params}
    for option in fields(VideoOptions):
        if option.name in given:
            assert (given[option.name] or None) == (option.default or None), option.name
    assert {"fps", "start", "duration", "codec", "crf", "paint_every"} <= given.keys()


def test_what_cannot_be_is_an_error():
    for wrong in (dict(paint_every=0), dict(paint_every=2, steady=False)):
        with pytest.raises(InputError, match="paint_every"):
            VideoOptions(**wrong)


def test_they_are_given_without_torch():
    code = "import sys, styletransfer.video.video_options; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

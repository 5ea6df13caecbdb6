"""What the tests of verbs share: a folder of their own, and what is said of bad input."""

import os

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run

SMALL = ["--style-size", "32"]


def pixels(path: str) -> np.ndarray:
    return np.array(Image.open(path))


@pytest.fixture(autouse=True)
def here(in_empty_folder):
    """The current folder."""
    return in_empty_folder


@pytest.fixture
def refused(photo, paintings, tmp_path, capsys):
    """Run a command that fails with 2 and writes nothing; gives the line it says. PHOTO, STYLE and TEXT
    in its words stand for files."""
    (tmp_path / "text.png").write_text("I am no picture")
    names = {"PHOTO": photo, "STYLE": paintings[0], "TEXT": str(tmp_path / "text.png")}

    def refuse(*arguments: str) -> str:
        words = list(arguments)
        for name, path in names.items():
            words = [word.replace(name, path) for word in words]
        assert run(words) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("stylize") and err.count("\n") == 1, err
        assert os.listdir() == []
        return err

    return refuse

"""How styles are written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletransfer import InputError, Stylizer
from styletransfer.cli import run
from styletransfer.styles.names import is_learned, parse_blend, shipped_styles, style_file, style_weights

STARRY = str(shipped_styles()["starry_night"])


def test_a_shipped_style_is_known_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert style_file("starry_night") == STARRY and Path(STARRY).is_file()
    assert style_weights("starry_night:0.7,b.jpg:0.3") == {STARRY: 0.7, "b.jpg": 0.3}
    for name in ("starry_night.jpg", "./starry_night", "bank:lion", "sub/lion", ""):
        assert style_file(name) == name
    Path("lion").mkdir()
    assert style_weights("lion") == {"lion": 1.0}, "a folder of that name is the folder"


def test_an_unknown_name_says_which_are_near(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"starry: no such file.*do you mean starry_night\?"):
        style_weights("starry")
    with pytest.raises(InputError, match="zzz: no such file.*stylize style list"):
        style_weights("zzz:0.5,lion:0.5")


def test_python_and_every_verb_take_such_names(tiny_model, photo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    named, given = stylizer.style("starry_night", size=32), stylizer.style(STARRY, size=32)
    for tap in given.statistics:
        assert all(map(np.array_equal, named.statistics[tap], given.statistics[tap]))
    options = ["--model", tiny_model, "--style-size", "32"]
    for words in (
        [photo, "starry_night"],
        [photo, "starry_night:0.5,lion:0.5", "-o", "blend.png"],
        ["grid", photo, "starry_night", "--alphas", "1", "--size", "32"],
        ["morph", photo, "starry_night", "lion", "--seconds", "0.2", "-o", "m.gif"],
        ["batch", photo, "out", "--style", "lion"],
    ):
        assert run([*words, *options]) == 0, capsys.readouterr().err
    assert Path("photo-starry_night.png").exists() and Path("out/photo.png").exists()
    assert run([photo, "lio", *options]) == 2 and "do you mean lion?" in capsys.readouterr().err


def test_the_list_of_shipped_styles(capsys):
    assert run(["style", "list"]) == 0
    lines = dict(line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert lines == {name: str(path) for name, path in shipped_styles().items()}


def test_a_file_of_that_name_is_the_file(tiny_model, paintings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.open(paintings[0]).save("bank:lion", format="PNG")
    code = Stylizer(tiny_model).style("bank:lion", size=32)
    assert list(code.styles) == ["bank:lion"]
    assert style_weights("bank:lion") == {"bank:lion": 1.0}


def test_how_styles_are_written():
    assert parse_blend("bank:a:0.5,bank:b:1.5") == {"bank:a": 0.5, "bank:b": 1.5}
    assert parse_blend("bank:7") == {"bank:7": 1.0} and parse_blend("bank:7:2") == {"bank:7": 2.0}
    assert parse_blend("bank:a,bank:a:2") == {"bank:a": 3.0}
    assert style_weights("plain.jpg") == {"plain.jpg": 1.0}
    with pytest.raises(InputError):
        parse_blend("bank:")


def test_a_file_of_the_name_of_a_blend_is_the_file(in_empty_folder):
    assert style_weights("a.jpg:0.5,b:c.jpg") == {"a.jpg": 0.5, "b:c.jpg": 1.0}
    for name in ("a,b.jpg", "c:0.5"):
        (in_empty_folder / name).write_text("")
        assert style_weights(name) == parse_blend(name) == {name: 1.0}
    assert is_learned("bank:lion") and not is_learned("lion")
    (in_empty_folder / "bank:lion").write_text("")
    assert not is_learned("bank:lion")


@pytest.mark.parametrize("text", ["a:0", "a:-1", "a:inf", ":0.5", "a,,b", "bank:"])
def test_what_is_no_style(text, in_empty_folder):
    with pytest.raises(InputError) as caught:
        parse_blend(text)
    assert "\n" not in str(caught.value)

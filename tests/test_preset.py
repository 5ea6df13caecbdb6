import subprocess
import sys

import pytest

from styletransfer import InputError, StylizeOptions
from styletransfer.cli import run
from styletransfer.preset import presets, read_preset, shipped_presets, user_presets


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(
        "styletransfer.preset.user_config_path", lambda *_, **__: tmp_path / "config" / "styletransfer"
    )
    user_presets().mkdir(parents=True)
    monkeypatch.chdir(tmp_path)


def test_shipped_presets_are_options_that_every_verb_has():
    assert {"poster", "soft", "fine"} <= set(shipped_presets()) == set(presets())
    for name in shipped_presets():
        options = StylizeOptions(**read_preset(name))
        assert set(options.changed()) <= {"alpha", "strokes", "style_size", "preserve_color"}


def test_a_preset_is_found_by_name_and_by_path(tmp_path):
    (user_presets() / "mine.toml").write_text("alpha = 0.5\nstrokes = 2\n")
    (user_presets() / "soft.toml").write_text("alpha = 0.1")
    (tmp_path / "here.toml").write_text('preserve_color = "luminance"\ntile = 256')
    assert read_preset("mine") == {"alpha": 0.5, "strokes": 2} and "mine" in presets()
    assert read_preset("soft") == {"alpha": 0.1}, "one's own comes first"
    assert read_preset("here.toml") == {"preserve_color": "luminance", "tile": 256}


@pytest.mark.parametrize(
    "text,message",
    [
        ("alfa = 1", "alfa: a preset knows alpha, size"),
        ("mask = 'm.png'", "mask: a preset knows"),
        ("alpha = 3.0", "alpha is 3"),
        ("alpha = 'strong'", "alpha is 'strong': a number is wanted"),
        ("size = 1.5", "size is 1.5: a whole number is wanted"),
        ("feather = true", "feather is True: a whole number"),
        ("preserve_color = 'some'", "preserve_color is 'some'"),
        ("alpha =", "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_preset_is_one_line(text, message, tmp_path):
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_preset("bad.toml")
    assert "bad.toml" in str(caught.value) and "\n" not in str(caught.value)


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(InputError, match="no preset 'loud': give one of fine, poster, soft"):
        read_preset("loud")


def test_what_is_given_beside_a_preset_counts(photo, paintings, tiny_model, monkeypatch, capsys):
    given = []

    def stylize(self, content, style, *, options, progress, watch):
        given.append(options)
        raise InputError("enough")

    monkeypatch.setattr("styletransfer.stylize.stylizer.Stylizer.stylize", stylize)
    with open("p.toml", "w") as file:
        file.write('alpha = 0.5\nstrokes = 2\npreserve_color = "luminance"\ntile = 256')
    command = [photo, paintings[0], "--model", tiny_model]
    for more in ([], ["--alpha", "1.0"], ["--strokes", "3"]):
        assert run([*command, "--preset", "p.toml", *more]) == 2
    shown = [(each.alpha, each.strokes, each.preserve_color, each.tile) for each in given]
    assert shown == [
        (0.5, 2.0, "luminance", 256), (1.0, 2.0, "luminance", 256), (0.5, 3.0, "luminance", 256)
    ]  # fmt: skip


def test_every_verb_with_a_preset_says_what_it_does_not_know(photo, paintings, capsys):
    with open("p.toml", "w") as file:
        file.write("feather = 3")
    assert run(["video", "clip.mp4", paintings[0], "--preset", "p.toml"]) == 2
    assert "preset p.toml: stylize video has no feather" in capsys.readouterr().err
    assert run(["batch", "no-such", "out", "--style", paintings[0], "--preset", "p.toml"]) == 2
    assert "preset" not in capsys.readouterr().err
    assert run([photo, paintings[0], "--preset", "loud"]) == 2
    assert "no preset 'loud'" in capsys.readouterr().err


def test_presets_are_read_without_torch():
    code = "import sys; from styletransfer.preset import read_preset as r; r('soft'); "
    done = subprocess.run([sys.executable, "-c", code + "sys.exit('torch' in sys.modules)"])
    assert done.returncode == 0

"""stylize export, and what it says before it begins."""

import pytest

from styletransfer.cli import run


def test_what_is_there_is_not_overwritten(tiny_model, tmp_path, capsys):
    (tmp_path / "m.style.onnx").write_text("mine")
    assert run(["export", tiny_model, "-o", str(tmp_path / "m.onnx")]) == 2
    assert "already there" in capsys.readouterr().err
    assert (tmp_path / "m.style.onnx").read_text() == "mine"
    assert run(["export", tiny_model, "-o", str(tmp_path / "m.pt")]) == 2
    assert run(["export", "no-such-model", "-o", str(tmp_path / "n.onnx")]) == 2


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "which MODEL"),
        (["adain-fast", "--model", "adain-vgg", "--web", "new"], "one model"),
        (["--web", "new", "-o", "a.onnx"], "--web or --output"),
        (["adain-fast", "--runtime", "here"], "goes with --web"),
        (["--web", "new", "--runtime", "nowhere"], "no such folder"),
        (["--web", "new", "--runtime", "full"], "not the npm package"),
        (["--web", "full"], "not empty"),
        (["--web", "full/file"], "not a folder"),
        (["--web", "new", "--model", "no-such-model"], "no-such-model"),
    ],
)
def test_bad_arguments_are_said_in_one_line(arguments, message, in_empty_folder, capsys):
    (in_empty_folder / "full").mkdir()
    (in_empty_folder / "full" / "file").write_text("mine")
    assert run(["export", *arguments]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1
    assert (in_empty_folder / "full" / "file").read_text() == "mine"
    assert not (in_empty_folder / "new").exists()

"""stylize export."""

from styletransfer.cli import run


def test_what_is_there_is_not_overwritten(tiny_model, tmp_path, capsys):
    (tmp_path / "m.style.onnx").write_text("mine")
    assert run(["export", tiny_model, "-o", str(tmp_path / "m.onnx")]) == 2
    assert "already there" in capsys.readouterr().err
    assert (tmp_path / "m.style.onnx").read_text() == "mine"
    assert run(["export", tiny_model, "-o", str(tmp_path / "m.pt")]) == 2
    assert run(["export", "no-such-model", "-o", str(tmp_path / "n.onnx")]) == 2

"""What the command tells of refining."""

import json

from PIL import Image

from styletransfer.cli import run


def test_the_command_has_a_usual_number_and_tells_what_it_did(
    tiny_model, paintings, tmp_path, capsys, monkeypatch
):
    photo, out = tmp_path / "photo.png", tmp_path / "out.png"
    Image.new("RGB", (48, 40), "green").save(photo)
    command = ["--model", str(tiny_model), "-o", str(out), "--style-size", "32", "--force"]
    command = [str(photo), str(paintings[0]), *command]
    assert run([*command, "--json", "--refine"]) == 0
    told = json.loads(capsys.readouterr().out)["refine"]
    assert told["steps"] == 25 and told["finished"] and told["size"] == [48, 40] and told["seconds"] > 0
    assert told["style_loss"][1] < told["style_loss"][0] and len(told["content_loss"]) == 2
    assert run(["--refine", "2", *command]) == 0
    assert "refined at 48×40" in capsys.readouterr().err

    def interrupted(self, *_):
        self.since = 0.0

    monkeypatch.setattr(
        "styletransfer.system.interrupt.Interrupt.__enter__", lambda self: (interrupted(self), self)[1]
    )
    assert run([*command, "--refine"]) == 0
    assert "stopped at 4%" in capsys.readouterr().err and Image.open(out).size == (48, 40)

"""stylize data."""

import json

import pytest

from styletransfer.cli import run

from ..conftest import noise

BAD = {
    "data": ["data", "shard", "no", "r"],
    "size": ["data", "shard", "no", "r", "--size", "0"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_line(arguments, refused):
    refused(*arguments)


def test_the_command_names_what_it_left_out(here, capsys):
    folder, out = here / "in", here / "new" / "out"
    folder.mkdir()
    for number in range(7):
        noise(90, 40 + number, seed=number).save(folder / f"{number}.png")
    (folder / "broken.jpg").write_text("no")
    assert run(["data", "shard", str(folder), str(out), "--size", "24"]) == 1
    said = capsys.readouterr()
    assert said.out == f"{out}\n" and "1 of 8 pictures" in said.err
    assert (out / "skipped.tsv").read_text().startswith(f"picture\t{folder / 'broken.jpg'}\t")
    assert len(json.loads((out / "shards.json").read_text())["shards"]) == 1
    (folder / "broken.jpg").unlink()
    assert run(["data", "shard", str(folder), str(out)]) == 2
    assert "another folder" in capsys.readouterr().err

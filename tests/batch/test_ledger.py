"""What is done stays written down, and what the user has beside it stays too."""

import json
import os
import random
import threading

import pytest

from styletransfer.batch.ledger import Ledger
from styletransfer.errors import InputError

from .conftest import contents, good, lines, photos, results


def test_a_job_that_a_kill_left_unable_to_place_goes_on(here, batch, monkeypatch):
    photos(here / "src", "a.jpg", "b.jpg")
    real = Ledger._place

    class Killed(BaseException):
        """What nobody catches."""

    def killed(*arguments, **named):
        raise Killed  # after the line, before the file is in its place

    monkeypatch.setattr(Ledger, "_place", killed)
    monkeypatch.setattr(Ledger, "_recover", lambda ledger: None)
    with pytest.raises(Killed):
        batch("src", "dst", "--format", "png", "--workers", "1")
    monkeypatch.undo()
    assert Ledger._place is real
    os.chdir(here)
    output = lines(here / "dst/manifest.jsonl")[0]["output"]
    (here / "dst" / output).mkdir()
    assert batch("src", "dst", "--format", "png") == 1
    assert [f["output"] for f in lines(here / "dst/failures.jsonl")] == [output]
    assert len(results(here / "dst")) == 1


def test_a_file_that_comes_into_the_way_meanwhile_stays(here, batch, monkeypatch):
    photos(here / "src", "a.jpg", "b.jpg")
    real = Ledger._place

    def place(ledger, done, *arguments):
        if done.output == "a.jpg":
            (here / "dst/a.jpg").write_text("precious")
        return real(ledger, done, *arguments)

    monkeypatch.setattr(Ledger, "_place", place)
    assert batch("src", "dst") == 1
    assert (here / "dst/a.jpg").read_text() == "precious"
    assert "not ours" in lines(here / "dst/failures.jsonl")[0]["error"]
    assert [line["output"] for line in lines(here / "dst/manifest.jsonl")] == ["b.jpg"]


def test_files_of_the_same_names_as_ours_stay(here, batch, capsys):
    photos(here / "src", "a.jpg")
    (here / "dst/.stylize").mkdir(parents=True)
    (here / "dst/.stylize/notes").write_text("precious")
    (here / "dst/.stylize/sub").mkdir()
    for name in ("manifest.jsonl", "failures.jsonl"):
        (here / "dst" / name).write_text('{"audio": "a.wav"}\n{"torn')
        before = contents(here)
        assert batch("src", "dst") == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1 and name in err and "not of our making" in err
        assert contents(here) == before
        (here / "dst" / name).unlink()
    assert batch("src", "dst") == 0
    assert (here / "dst/.stylize/notes").read_text() == "precious" and (here / "dst/a.jpg").exists()
    assert batch("src", "dst") == 0


def test_broken_manifests_lose_nothing(here, batch, capsys):
    good(here / "src", 6)
    assert batch("src", "dst") == 0
    capsys.readouterr()
    whole, before = (here / "dst/manifest.jsonl").read_bytes(), results(here / "dst")
    rng = random.Random(0)
    for turn in range(60):
        data = bytearray(whole)
        if turn % 3:
            for _ in range(rng.choice((1, 1, 5, 200))):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        else:
            del data[rng.randrange(len(data)) :]
        (here / "dst/manifest.jsonl").write_bytes(data)
        assert batch("src", "dst", "--json") in (0, 2)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        if out.strip():
            record = json.loads(out)
            assert (record["there"], record["painted"], record["failed"]) == (6, 0, 0)
        assert results(here / "dst") == before
    assert set(contents(here)) >= {here / "dst" / name for name in before}


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000, b"[]", b'"text"', b"7", b'{"output": ["a"]}', b'{"output": "a\\u0000.jpg"}',
        b'{"output": "\\ud880.jpg"}', b'{"output": "../../a.jpg"}', b'{"output": "/a.jpg"}', b"\xff\x00",
    ],
)  # fmt: skip
def test_a_manifest_line_may_say_anything(here, batch, capsys, line):
    photos(here / "src", "a.jpg")
    assert batch("src", "dst") == 0
    (own,) = lines(here / "dst/manifest.jsonl")
    own.pop("check", None)
    if line.startswith(b'{"output'):
        line = json.dumps(own | json.loads(line)).encode()
    with open(here / "dst/manifest.jsonl", "ab") as file:
        file.write(line + b"\n")
    capsys.readouterr()
    assert batch("src", "dst", "--json") == 0
    assert json.loads(capsys.readouterr().out)["there"] == 1


def test_two_runs_that_begin_and_end_at_once_never_fail_otherwise(tmp_path):
    """Each in turn has the folder to itself; who comes too early is told so."""
    wrong, had = [], []

    def enter():
        for _ in range(300):
            try:
                with Ledger(tmp_path / "dst"):
                    had.append(1)
            except InputError as error:
                if "another stylize batch" not in str(error):
                    wrong.append(error)
            except OSError as error:
                wrong.append(error)

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and had


def test_a_folder_that_cannot_be_written_is_one_line(here, batch, capsys):
    photos(here / "src", "a.jpg")
    (here / "dst").mkdir()
    (here / "dst/.stylize").write_text("precious")
    assert batch("src", "dst") == 2
    assert capsys.readouterr().err.count("\n") == 1
    (here / "dst/.stylize").unlink()
    (here / "dst/.stylize").mkdir()
    (here / "dst/.stylize/lock").symlink_to(here / "no/where")
    os.makedirs(here / "folder/manifest.jsonl")
    os.makedirs(here / "pipe")
    os.mkfifo(here / "pipe/manifest.jsonl")
    for out in ("dst", "/proc/nowhere", "", "folder", "pipe"):
        assert batch("src", out) == 2, out
        err = capsys.readouterr().err
        assert err.count("\n") == 1 and "another" not in err.replace("another folder", ""), out
    assert not list(here.glob("*.jpg.*")) and not (here / "a.jpg").exists()


def test_two_runs_do_not_write_to_one_folder(here, batch, capsys):
    from styletransfer.batch.ledger import Ledger

    good(here / "src", 3)
    with Ledger(here / "dst"):
        assert batch("src", "dst") == 2
    assert "another stylize batch" in capsys.readouterr().err

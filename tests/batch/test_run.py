"""What is there already, what is to be done, and what may be replaced."""

import json
import os
import pty

import pytest
from PIL import Image

from tests.conftest import noise

from .conftest import contents, good, lines, photos, results


def test_a_result_that_somebody_worked_on_stays(here, batch, capsys):
    photos(here / "src", "a.png", "b.png", "c.png", "d.bmp")
    assert batch("src", "dst") == 0
    Image.open(here / "dst/a.png").rotate(90, expand=True).save(here / "dst/a.png")
    Image.open(here / "dst/d.bmp").transpose(Image.Transpose.ROTATE_180).save(here / "dst/d.bmp")
    retouched = {name: results(here / "dst")[name] for name in ("a.png", "d.bmp")}
    whole = (here / "dst/b.png").read_bytes()
    (here / "dst/b.png").write_bytes(whole[:50])  # half of it, after a crash
    photos(here / "src", "d.bmp")  # d.bmp is another picture now
    capsys.readouterr()
    assert batch("src", "dst") == 0
    assert "2 names taken by files that are not ours" in capsys.readouterr().err
    after = results(here / "dst")
    assert {name: after[name] for name in retouched} == retouched and after["b.png"] == whole


def test_what_failed_stays_written_down_when_nothing_is_done(here, batch):
    photos(here / "src", "a.jpg")
    (here / "src/b.jpg").write_text("no picture")
    assert batch("src", "dst") == 1
    before = contents(here / "dst")
    assert batch("src", "dst", "--alpha", "0.5") == 2
    assert batch("src", "dst", "--alpha", "0.5", "--no-skip-existing") == 2
    assert contents(here / "dst") == before


def test_repainting_is_asked_for(here, batch, capsys):
    good(here / "src", 5)
    assert batch("src", "dst", "--no-skip-existing") == 0, "nothing is in the way"
    before = results(here / "dst")
    capsys.readouterr()
    assert batch("src", "dst", "--no-skip-existing", "--alpha", "0.5") == 2
    err = capsys.readouterr().err
    assert "5 results" in err and "--force" in err and err.count("\n") == 1
    assert results(here / "dst") == before
    assert batch("src", "dst", "--no-skip-existing", "--alpha", "0.5", "--force") == 0
    assert results(here / "dst") != before


@pytest.mark.parametrize("answer,code", [("n", 2), ("y", 0)])
def test_somebody_at_a_terminal_is_asked(here, batch, capsys, monkeypatch, answer, code):
    photos(here / "src", "a.jpg", "b.jpg")
    assert batch("src", "dst") == 0
    before = results(here / "dst")
    master, slave = pty.openpty()
    os.write(master, f"{answer}\n".encode())
    with os.fdopen(slave) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        assert batch("src", "dst", "--no-skip-existing", "--alpha", "0.5") == code
    os.close(master)
    assert "2 results are there" in capsys.readouterr().err
    assert (results(here / "dst") == before) == (code == 2)


def test_manifests_of_earlier_versions_go_on(here, batch, capsys):
    """They told a folder's styles apart by their sizes, and their lines have no checksum."""
    from hashlib import sha256

    photos(here / "src", "a.jpg")
    (here / "styles").mkdir()
    noise(40, 40, seed=5).save(here / "styles/one.bmp")
    size = (here / "styles/one.bmp").stat().st_size
    former = {
        "random": f"{size} bytes",
        "all": sha256(f"one {size} bytes".encode()).hexdigest()[:16],
    }
    for pick, identity in former.items():
        options = ["src", f"dst-{pick}", "--style", "styles", "--pick", pick, "--json"]
        assert batch(*options, style=False) == 0
        (line,) = lines(here / f"dst-{pick}/manifest.jsonl")
        line.pop("check", None)
        (here / f"dst-{pick}/manifest.jsonl").write_text(
            json.dumps(line | {"style_id": identity}) + "\n"
        )
        capsys.readouterr()
        assert batch(*options, style=False) == 0
        assert json.loads(capsys.readouterr().out)["there"] == 1


def test_results_of_other_pictures_of_the_same_names_stay(here, batch, capsys):
    """Of another folder's: but a picture that is another one now is painted again, as ever."""
    photos(here, "one/a.jpg", "two/a.jpg")
    assert batch("one", "dst") == 0
    before = results(here / "dst")
    capsys.readouterr()
    assert batch("two", "dst") == 2
    err = capsys.readouterr().err
    assert "of other pictures" in err and err.count("\n") == 1 and results(here / "dst") == before
    os.rename(here / "one", here / "moved")
    assert batch("moved", "dst") == 0 and results(here / "dst") == before
    noise(24, 20, seed=9).save(here / "moved/a.jpg")
    assert batch("moved", "dst") == 0 and results(here / "dst") != before


@pytest.mark.parametrize("theirs", [b"text", b"", bytes(40)])
def test_what_is_no_picture_in_the_place_of_a_result(here, batch, theirs):
    photos(here / "src", "a.png")
    assert batch("src", "dst") == 0
    (here / "dst/a.png").write_bytes(theirs)
    assert batch("src", "dst") == 0
    torn = not theirs.strip(b"\0")  # as a crash leaves it
    assert ((here / "dst/a.png").read_bytes() != theirs) == torn


def test_what_is_done_is_not_done_again(here, batch, capsys):
    good(here / "src", 6)
    assert batch("src", "dst") == 0
    before = results(here / "dst")
    (here / "src/a/photo000.png").unlink()
    noise(20, 24, seed=99).save(here / "src/b/photo001.jpg")  # another picture now
    noise(20, 24, seed=98).save(here / "src/c/new.png")
    (here / "dst/c/photo002.png").unlink()
    os.utime(here / "src/a/photo003.jpg")  # the same, written again
    capsys.readouterr()
    assert batch("src", "dst", "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["painted"], record["there"], record["failed"]) == (3, 3, 0)
    after = results(here / "dst")
    changed = {name for name in after if after[name] != before.get(name)}
    assert (
        changed == {"b/photo001.jpg", "c/new.png"}
        and after["c/photo002.png"] == before["c/photo002.png"]
    )
    assert batch("src", "dst", "--alpha", "0.5") == 2
    assert "--no-skip-existing" in capsys.readouterr().err
    assert batch("src", "dst", "--alpha", "0.5", "--no-skip-existing", "--force") == 0
    assert results(here / "dst")["c/new.png"] != after["c/new.png"]


def test_files_that_are_not_ours_stay(here, batch, capsys):
    good(here / "src", 3)
    (here / "dst/a").mkdir(parents=True)
    (here / "dst/a/photo000.png").write_text("precious")
    assert batch("src", "dst") == 0
    assert (here / "dst/a/photo000.png").read_text() == "precious"
    assert "not ours" in capsys.readouterr().err

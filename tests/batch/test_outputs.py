"""What results are called."""

import os

from tests.conftest import noise

from .conftest import photos, results


def test_strange_names_come_through(here, batch, capsysbinary):
    names = [
        "new\nline.jpg", os.fsdecode(b"\xff\xfe.jpg"), "x" * 251 + ".jpg", "\u0130.jpg",
        "[/b]/[red].jpg", "-rf.jpg", " .jpg", "con.jpg", "a'b\"c.jpg", "~.jpg", "\u202egpj.jpg",
    ]  # fmt: skip
    photos(here / "src", *names)
    for folder in ("dst", os.fsdecode(b"d\xffst"), "[/b]"):
        assert batch("src", folder, "--format", "png", "--suffix", "-painted") == 0, folder
        assert len(results(here / folder)) == len(names)
        assert batch("src/[[]/b]", f"{folder}-2") == 0
    out, err = capsysbinary.readouterr()
    assert b"d\xffst\n" in out and b"Traceback" not in err


def test_names_never_collide(here, batch, paintings):
    for name in ("a.jpg", "a.png", "A.png", "sub/a.png", "a.bmp", "b.gif"):
        (here / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        noise(16, 16).save(here / "src" / name)
    both = [part for path in paintings for part in ("--style", path)]
    assert batch("src", "dst", *both, "--format", "png", "--suffix", "_x", style=False) == 0
    names = list(results(here / "dst"))
    assert len({name.casefold() for name in names}) == 12
    assert "sub/a_x-painting0.png" in names and "b_x-painting1.png" in names

"""Nothing that the user has is lost: pictures, files in the way, results, and the job itself."""

import json
import os
import pty
import random
import shutil
import subprocess
import tarfile
import threading

import pytest
from PIL import Image

from styletransfer.batch.ledger import Ledger
from styletransfer.batch.sources import find_items
from styletransfer.errors import InputError
from tests.conftest import noise

from .conftest import good, lines, results


def photos(folder, *names):
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        noise(24, 20, seed=number).save(folder / name)


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def linked(here):
    (here / "link").symlink_to("p")
    return ["link/*.jpg", "p"]


def listed(here):
    (here / "list.txt").write_text("p/a.jpg\np/b.jpg\n")
    return ["list.txt", "."]


def hard(here):
    (here / "q").mkdir()
    os.link(here / "p/a.jpg", here / "q/a.jpg")
    return ["p/*.jpg", "q"]


def soft(here):
    (here / "q").mkdir()
    (here / "q/a.jpg").symlink_to(here / "p/a.jpg")
    return ["p/*.jpg", "q"]


def of_links(here):
    (here / "q").mkdir()
    (here / "q/a.jpg").symlink_to(here / "p/a.jpg")
    return ["q/*.jpg", "p"]


def packed(here):
    with tarfile.open(here / "p/x.tar", "w") as tar:
        tar.add(here / "p/a.jpg", "a.jpg")
    return ["p/*.tar", "p"]


def repacked(here):
    with tarfile.open(here / "p/shard-000000.tar", "w") as tar:
        tar.add(here / "p/a.jpg", "a.jpg")
    return ["p/*.tar", "p", "--pack", "1"]


def inside(here):
    os.chdir(here / "p")
    return ["*.jpg", "."]


@pytest.mark.parametrize(
    "spelling",
    [
        lambda here: ["p/*.jpg", "p"],
        lambda here: ["p/*.jpg", "q/../p"],
        lambda here: ["p/{a,b}.jpg", "p"],
        lambda here: [f"{here}/p/*.jpg", "p"],
        lambda here: ["{p,q}/*.jpg", "."],
        lambda here: ["p/*.jpg", "p", "--pick", "cycle", "--per-image", "1"],
        lambda here: ["p/a.jpg", "p"],
        linked, listed, hard, soft, of_links, packed, repacked, inside,
    ],
)  # fmt: skip
@pytest.mark.parametrize("more", [[], ["--no-skip-existing", "--force"], ["--dry-run"]])
def test_no_result_replaces_a_picture(here, batch, capsys, spelling, more):
    photos(here / "p", "a.jpg", "b.jpg")
    (here / "q").mkdir()
    os.rmdir(here / "q") if spelling in (hard, soft, of_links) else None
    arguments, before = spelling(here), contents(here)
    assert batch(*arguments, *more) == 2
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and "give another folder" in err
    assert contents(here) == before


def test_no_result_replaces_a_style_or_a_mask(here, batch, capsys, paintings):
    photos(here / "p", "x/style.png", "mask.png")
    before = contents(here)
    arguments = ["p", "q", "--no-skip-existing", "--force", "--format", "png"]
    (here / "q").mkdir()
    shutil.copytree(here / "p/x", here / "q/x")
    assert batch(*arguments, "--style", "q/x/style.png", style=False) == 2
    assert "style.png, which is read" in capsys.readouterr().err
    shutil.copy(here / "p/mask.png", here / "q/mask.png")
    assert batch(*arguments, "--mask", "q/mask.png") == 2
    assert "mask.png, which is read" in capsys.readouterr().err
    assert {path: data for path, data in contents(here).items() if path in before} == before


def test_results_beside_their_pictures_do_not_become_pictures(here, batch, capsys):
    photos(here / "p", "a.jpg", "b.jpg")
    for painted in (2, 0):
        assert batch("p/*.jpg", "p", "--suffix", "-painted", "--json") == 0
        assert json.loads(capsys.readouterr().out)["painted"] == painted
    assert sorted(path.name for path in (here / "p").glob("*.jpg")) == [
        "a-painted.jpg", "a.jpg", "b-painted.jpg", "b.jpg",
    ]  # fmt: skip
    assert batch("p/*-painted.jpg", "p", "--suffix", "-twice", "--alpha", "0.5") == 0
    assert (here / "p/a-painted-twice.jpg").exists(), "but they are what somebody asks for alone"


def test_braces_of_whole_paths_stay_inside(here, batch):
    photos(here, "d/a/x.jpg", "d/b/x.jpg", "d/b/y.jpg")
    assert batch(f"{{{here}/d/a,{here}/d/b}}/*.jpg", "deep/er/dst") == 0
    assert sorted(results(here / "deep/er/dst")) == ["a/x.jpg", "b/x.jpg", "b/y.jpg"]
    assert len(list(here.rglob("*.jpg"))) == 3 + 3 + 2, "and the two paintings"
    os.makedirs(here / "cwd")
    os.chdir(here / "cwd")
    assert batch("{../d/a,../d/b}/*.jpg", "dst") == 0
    assert sorted(results(here / "cwd/dst")) == ["a/x.jpg", "b/x.jpg", "b/y.jpg"]


@pytest.mark.parametrize("name", ["../x.png", "a/../../../x.png", "/x.png", "//deep/x.png"])
@pytest.mark.parametrize("pack", ["auto", "files"])
def test_tar_members_stay_inside(here, batch, name, pack):
    photos(here, "x.jpg")
    member = tarfile.TarInfo(name)
    data = (here / "x.jpg").read_bytes()
    member.size = len(data)
    with tarfile.open(here / "s.tar", "w") as tar, open(here / "x.jpg", "rb") as file:
        tar.addfile(member, file)
    before = set(contents(here))
    assert batch("s.tar", "a/b/dst", "--pack", pack) == (1 if ".." in name else 0)
    assert all(str(path).startswith(str(here / "a/b/dst")) for path in set(contents(here)) - before)
    if ".." in name:
        assert "leads out" in lines(here / "a/b/dst/failures.jsonl")[0]["error"]


def test_lists_and_links_stay_inside(here, batch):
    photos(here, "p/a.jpg", "p/in/b.jpg", "c.jpg")
    os.makedirs(here / "p/lists")
    (here / "p/lists/list.txt").write_text("../a.jpg\n../../c.jpg\n./../in/../in/b.jpg\n")
    assert batch("p/lists/list.txt", "dst") == 0
    assert sorted(results(here / "dst")) == ["c.jpg", "p/a.jpg", "p/in/b.jpg"]
    (here / "other").mkdir()
    (here / "out").mkdir()
    (here / "out/in").symlink_to(here / "other")
    assert batch("p", "out") == 1
    assert lines(here / "out/failures.jsonl")[0]["input"] == "in/b.jpg"
    assert not os.listdir(here / "other") and (here / "out/a.jpg").exists()


def test_a_file_that_cannot_be_placed_is_a_failure_and_the_job_goes_on(here, batch, capsys):
    photos(here / "src", "a.jpg", "a.png/x.jpg", "b.jpg", "c.jpg")
    (here / "dst/b.png").mkdir(parents=True)
    for painted in (2, 0, 0):
        assert batch("src", "dst", "--format", "png", "--json") == 1
        assert json.loads(capsys.readouterr().out)["painted"] == painted
        failures = lines(here / "dst/failures.jsonl")
        assert [(f["input"], f["output"]) for f in failures] == [("a.jpg", "a.png"), ("b.jpg", "b.png")]
        assert not (here / "dst/.stylize").exists()
    assert sorted(results(here / "dst")) == ["a.png/x.png", "c.png"]
    assert len(lines(here / "dst/manifest.jsonl")) == 2
    os.rmdir(here / "dst/b.png")
    assert batch("src", "dst", "--format", "png") == 1
    assert (here / "dst/b.png").is_file()


def test_a_file_where_a_folder_is_wanted(here, batch):
    photos(here / "src", "a/x.jpg", "b.jpg")
    (here / "dst").mkdir()
    (here / "dst/a").write_text("precious")
    assert batch("src", "dst") == 1 and batch("src", "dst") == 1
    assert (here / "dst/a").read_text() == "precious" and (here / "dst/b.jpg").exists()


class Killed(BaseException):
    pass


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


def test_a_folder_in_the_place_of_a_tar_file(here, batch):
    photos(here, "x.jpg")
    for name in ("one.tar", "two.tar"):
        with tarfile.open(here / name, "w") as tar:
            tar.add(here / "x.jpg", "x.jpg")
    (here / "dst/one.tar").mkdir(parents=True)
    assert batch("{one,two}.tar", "dst") == 1
    assert lines(here / "dst/failures.jsonl")[0]["input"] == "one.tar/x.jpg"
    assert (here / "dst/two.tar").is_file() and not os.listdir(here / "dst/one.tar")


def test_a_source_that_goes_away_is_one_failure(here, batch, monkeypatch):
    from styletransfer.batch import local

    photos(here / "src", "a.jpg", "b.jpg", "c.jpg")
    real = local.load

    def load(task, *arguments):
        if task.item.name == "b.jpg":
            (here / "src/b.jpg").unlink()
        return real(task, *arguments)

    monkeypatch.setattr(local, "load", load)
    assert batch("src", "dst") == 1
    assert [f["input"] for f in lines(here / "dst/failures.jsonl")] == ["b.jpg"]
    assert sorted(results(here / "dst")) == ["a.jpg", "c.jpg"]


def test_a_tar_file_that_goes_away_is_a_failure_and_its_results_wait(here, batch, monkeypatch):
    from styletransfer.batch.tar_files import Tars

    photos(here, "x.jpg")
    for name in ("one.tar", "two.tar"):
        with tarfile.open(here / name, "w") as tar:
            tar.add(here / "x.jpg", "x.jpg")
    whole = (here / "one.tar").read_bytes()
    real = Tars._fill

    def fill(tars, file, tar, done):
        if tar == "one.tar":
            (here / tar).unlink(missing_ok=True)
        return real(tars, file, tar, done)

    monkeypatch.setattr(Tars, "_fill", fill)
    assert batch("{one,two}.tar", "dst") == 1
    assert [f["input"] for f in lines(here / "dst/failures.jsonl")] == ["one.tar"]
    assert (here / "dst/two.tar").is_file()
    monkeypatch.undo()
    os.chdir(here)
    (here / "one.tar").write_bytes(whole)
    assert batch("{one,two}.tar", "dst") == 0
    assert len(lines(here / "dst/manifest.jsonl")) == 2, "nothing was painted again"
    assert (here / "dst/one.tar").is_file()


def test_a_pipe_is_not_waited_for(here, batch):
    photos(here / "src", "a.jpg")
    os.mkfifo(here / "src/pipe.jpg")
    assert batch("src", "dst") == 1
    assert "not a plain file" in lines(here / "dst/failures.jsonl")[0]["error"]


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


def test_an_edit_of_the_same_size_of_a_style_is_noticed(here, batch, capsys):
    photos(here / "src", "a.jpg")
    for pick in ("all", "random"):
        (here / "styles").mkdir(exist_ok=True)
        noise(40, 40, seed=5).save(here / "styles/one.bmp")
        options = ["src", f"dst-{pick}", "--style", "styles", "--pick", pick]
        assert batch(*options, style=False) == 0
        noise(40, 40, seed=6).save(here / "styles/one.bmp")
        capsys.readouterr()
        assert batch(*options, style=False) == 2
        assert "made with other styles" in capsys.readouterr().err


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


def test_what_is_in_hand_elsewhere_is_no_picture(here, batch):
    photos(here / "src", "a.jpg", ".stylize/tmp-0.jpg")
    assert [item.name for item in find_items(str(here / "src")).items] == ["a.jpg"]


def test_what_came_to_lie_in_a_tar_file_of_ours_stays(here, batch):
    photos(here, "x.jpg", "y.jpg")
    with tarfile.open(here / "s.tar", "w") as tar:
        tar.add(here / "x.jpg", "x.jpg")
    assert batch("s.tar", "dst") == 0
    with tarfile.open(here / "dst/s.tar", "a") as tar:
        tar.add(here / "y.jpg", "precious.txt")
    with tarfile.open(here / "s.tar", "a") as tar:
        tar.add(here / "y.jpg", "y.jpg")
    assert batch("s.tar", "dst") == 0
    with tarfile.open(here / "dst/s.tar") as tar:
        assert sorted(tar.getnames()) == ["precious.txt", "x.jpg", "y.jpg"]


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


def test_folders_may_be_deep_and_come_again(here, batch):
    photos(here / "src", "a.jpg")
    os.chdir(here / "src")
    for _ in range(1200):
        os.mkdir("d")
        os.chdir("d")
    shutil.copy(here / "src/a.jpg", "a.jpg")
    os.chdir(here)
    found = find_items("src").items
    subprocess.run(["rm", "-r", "src/d"], check=True)  # pytest cannot
    assert len(found) == 2 and found[1].name.count("/") == 1200

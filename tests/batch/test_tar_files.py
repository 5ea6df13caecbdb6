"""Results in tar files."""

import os
import tarfile

from .conftest import good, lines, photos, results


def test_a_folder_in_the_place_of_a_tar_file(here, batch):
    photos(here, "x.jpg")
    for name in ("one.tar", "two.tar"):
        with tarfile.open(here / name, "w") as tar:
            tar.add(here / "x.jpg", "x.jpg")
    (here / "dst/one.tar").mkdir(parents=True)
    assert batch("{one,two}.tar", "dst") == 1
    assert lines(here / "dst/failures.jsonl")[0]["input"] == "one.tar/x.jpg"
    assert (here / "dst/two.tar").is_file() and not os.listdir(here / "dst/one.tar")


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


def test_tar_files_in_and_out(here, batch):
    good(here / "src", 8)
    files = sorted(path for path in (here / "src").rglob("*") if path.is_file())
    with tarfile.open(here / "shard-0.tar", "w") as tar:
        for path in files:
            tar.add(path, path.name)
            label = here / f"{path.stem}.cls"
            label.write_text("7")
            tar.add(label, label.name)
    assert batch("shard-{0..0}.tar", "dst") == 0
    assert batch("src", "plain") == 0
    plain = {os.path.basename(name): data for name, data in results(here / "plain").items()}
    with tarfile.open(here / "dst/shard-0.tar") as tar:
        assert tar.getnames()[::2] == [path.name for path in files]
        packed = {name: tar.extractfile(name).read() for name in tar.getnames()}
    assert {name: data for name, data in packed.items() if not name.endswith(".cls")} == plain
    assert packed["photo000.cls"] == b"7"
    before = (here / "dst/shard-0.tar").stat().st_mtime_ns
    assert batch("shard-{0..0}.tar", "dst") == 0
    assert (here / "dst/shard-0.tar").stat().st_mtime_ns == before
    assert batch("src", "packed", "--pack", "3") == 0
    assert sorted(os.listdir(here / "packed")) == [
        "manifest.jsonl", "shard-000000.tar", "shard-000001.tar", "shard-000002.tar",
    ]  # fmt: skip

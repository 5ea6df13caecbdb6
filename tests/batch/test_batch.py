"""stylize batch, from end to end on one machine."""

import itertools
import json
import os
import signal
import subprocess
import sys
import tarfile
import time

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run
from tests.conftest import noise

from .conftest import broken, good, lines, odd, results


def test_all_sorts_of_pictures(here, batch, capsys):
    names = good(here / "src", 40) + odd(here / "src")
    wrong = broken(here / "src")
    assert batch("src", "dst") == 1
    assert capsys.readouterr().out == "dst\n"
    failures = lines(here / "dst/failures.jsonl")
    assert sorted(f["input"] for f in failures) == sorted(wrong)
    assert all(f["error"] and "\n" not in f["error"] for f in failures)
    done = lines(here / "dst/manifest.jsonl")
    assert sorted(d["input"] for d in done) == sorted(names)
    for each in done:
        source, result = (
            Image.open(here / "src" / each["input"]),
            Image.open(here / "dst" / each["output"]),
        )
        size = source.size[::-1] if each["input"] == "rotated.jpg" else source.size
        assert result.size == size
        assert os.path.dirname(each["input"]) == os.path.dirname(each["output"])
    assert len(results(here / "dst")) == len(names) and not (here / "dst/.stylize").exists()


def test_a_result_is_what_the_single_command_paints(here, batch, paintings, tiny_model):
    (here / "src").mkdir()
    noise(50, 37, seed=1).save(here / "src/a.png")
    look = ["--alpha", "0.7", "--preserve-color", "luminance", "--size", "32"]
    assert batch("src", "dst", *look) == 0
    single = ["src/a.png", paintings[0], "-o", "a.png", "--style-size", "32", "--model", tiny_model]
    assert run([*single, "--device", "cpu", *look]) == 0
    assert np.array_equal(np.array(Image.open("dst/a.png")), np.array(Image.open("a.png")))


def test_names_never_collide(here, batch, paintings):
    for name in ("a.jpg", "a.png", "A.png", "sub/a.png", "a.bmp", "b.gif"):
        (here / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        noise(16, 16).save(here / "src" / name)
    both = [part for path in paintings for part in ("--style", path)]
    assert batch("src", "dst", *both, "--format", "png", "--suffix", "_x", style=False) == 0
    names = list(results(here / "dst"))
    assert len({name.casefold() for name in names}) == 12
    assert "sub/a_x-painting0.png" in names and "b_x-painting1.png" in names


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


def test_lists_and_patterns(here, batch, capsys):
    names = good(here / "src", 6)
    (here / "list.txt").write_text("\n".join(f"src/{name}" for name in names[:2]))
    assert batch("list.txt", "dst") == 0
    assert sorted(results(here / "dst")) == sorted(f"src/{name}" for name in names[:2])
    assert batch("src/**/*.jpg", "jpgs") == 0
    assert sorted(results(here / "jpgs")) == sorted(name for name in names if name.endswith("jpg"))


def test_a_dry_run_says_what_would_be_done(here, batch, capsys):
    names = good(here / "src", 3)
    assert batch("src", "dst", "--dry-run") == 0
    plan = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(p["input"], p["output"], p["style"]) for p in plan] == [
        (name, name, "painting0") for name in sorted(names)
    ]
    assert not (here / "dst").exists()


def command(tiny_model, paintings):
    common = ["--style", paintings[0], "--model", tiny_model, "--style-size", "32", "--device", "cpu"]
    return [sys.executable, "-m", "styletransfer", "batch", "src", "dst", *common]


def begun(path, count):
    """Wait for so many lines."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.005)
    raise AssertionError(f"{path} never came to {count} lines")


def test_sigkill_at_any_moment_loses_nothing_and_nothing_is_done_twice(
    here, batch, tiny_model, paintings
):
    good(here / "src", 240)
    assert batch("src", "whole") == 0
    rng = np.random.default_rng()
    for _ in range(3):
        there = len(lines(here / "dst/manifest.jsonl")) if (here / "dst").exists() else 0
        process = subprocess.Popen(command(tiny_model, paintings), stderr=subprocess.DEVNULL)
        begun(here / "dst/manifest.jsonl", there + rng.integers(1, 40))
        time.sleep(rng.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for name, data in results(here / "dst").items():
            assert name.startswith(".stylize") or data == (here / "whole" / name).read_bytes()
    assert len(lines(here / "dst/manifest.jsonl")) < 240, "the kills came too late to prove anything"
    assert batch("src", "dst") == 0
    assert results(here / "dst") == results(here / "whole")
    outputs = [line["output"] for line in lines(here / "dst/manifest.jsonl")]
    assert len(outputs) == len(set(outputs)) == 240


def test_ctrl_c_finishes_the_picture_and_says_how_to_go_on(here, tiny_model, paintings):
    good(here / "src", 240)
    process = subprocess.Popen(command(tiny_model, paintings), stderr=subprocess.PIPE, text=True)
    begun(here / "dst/manifest.jsonl", 3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "give the same command again" in err and "Traceback" not in err
    assert len(results(here / "dst")) == len(lines(here / "dst/manifest.jsonl")) < 240


def test_a_full_disk_stops_the_run_cleanly(here, batch, capsys, monkeypatch):
    from pathlib import Path

    good(here / "src", 20)
    real, written = Path.write_bytes, itertools.count(1)  # which threads may share

    def full(path, data):
        if next(written) > 5:
            real(path, data[:10])
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert batch("src", "dst") == 2
    err = capsys.readouterr().err
    assert "the disk is full" in err and "make room" in err
    monkeypatch.undo()
    monkeypatch.chdir(here)
    assert len(results(here / "dst")) == len(lines(here / "dst/manifest.jsonl")) == 5
    assert batch("src", "dst") == 0
    assert len(results(here / "dst")) == 20


def test_what_is_nearly_saved_when_another_meets_the_full_disk_is_kept(here, batch, monkeypatch):
    from pathlib import Path
    from threading import Barrier

    good(here / "src", 2)
    real, written, both = Path.write_bytes, itertools.count(), Barrier(2, timeout=60)

    def full(path, data):
        both.wait()
        if next(written) == 0:
            raise OSError(28, "No space left on device")
        time.sleep(0.3)
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert batch("src", "dst", "--workers", "2") == 2
    assert len(results(here / "dst")) == len(lines(here / "dst/manifest.jsonl")) == 1


def test_out_of_memory_is_met_with_tiles(here, batch, monkeypatch):
    import torch

    from styletransfer.models.network import StylizerNet

    (here / "src").mkdir()
    noise(600, 300).save(here / "src/a.png")
    assert batch("src", "whole", "--precision", "fp32") == 0
    real = StylizerNet.forward

    def small(self, content, *arguments, **named):
        if content.shape[-1] > 400:
            raise torch.OutOfMemoryError("out of memory")
        return real(self, content, *arguments, **named)

    monkeypatch.setattr(StylizerNet, "forward", small)
    assert batch("src", "dst", "--precision", "fp32") == 0
    found, whole = (np.array(Image.open(here / f / "a.png")).astype(int) for f in ("dst", "whole"))
    assert abs(found - whole).max() <= 1


def test_two_runs_do_not_write_to_one_folder(here, batch, capsys):
    from styletransfer.batch.ledger import Ledger

    good(here / "src", 3)
    with Ledger(here / "dst"):
        assert batch("src", "dst") == 2
    assert "another stylize batch" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["nowhere", "dst"], "no such file"),
        (["src", "src"], "another for the results"),
        (["src", "dst", "--per-image", "0"], "--per-image"),
        (["src", "dst", "--pick", "random", "--per-image", "2"], "1 styles to choose from"),
        (["src", "dst", "--format", "docx"], "--format"),
        (["src", "dst", "--crop"], "--crop needs --size"),
        (["src", "dst", "--quality", "0"], "--quality"),
        (["src", "dst", "--pack", "0"], "--pack"),
        (["src", "dst", "--alpha", "3"], "alpha is 3"),
        (["src", "dst", "--suffix", "a/b"], "--suffix"),
        (["src", "dst", "--address", "auto"], "--engine ray"),
        (["src", "dst", "--weights", "1", "--pick", "cycle"], "--weights"),
        (["src", "dst", "--style", "nowhere.jpg"], "nowhere.jpg"),
        (["src", "dst", "--style", "broken.jpg"], "broken.jpg"),
        (["empty", "dst"], "no pictures"),
        (["src", "dst", "--color-strength", "2"], "--color-strength is 2: it goes from 0 to 1"),
        (["src", "dst", "--style-crop", "0"], "--style-crop is 0: above 0, at most 1"),
        (["src", "dst", "--tile", "small"], "--tile is small"),
    ],
)
def test_bad_usage_is_one_line(here, batch, capsys, arguments, message):
    good(here / "src", 2)
    (here / "empty").mkdir()
    (here / "broken.jpg").write_text("not a picture")
    assert batch(*arguments) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1
    assert not (here / "dst").exists()

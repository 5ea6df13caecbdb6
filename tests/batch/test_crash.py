"""A run that ends between any two things that it does to the disk."""

import json
import os
import shutil
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from .conftest import photos, results

STEPS = {
    os: ["open", "write", "replace", "ftruncate", "rename"],
    Path: ["write_bytes", "unlink", "mkdir", "rmdir"],
}


class Ended(BaseException):
    """The process has ended: nothing that comes later happens."""


def ends_at(monkeypatch, step: int, after: bool) -> list[int]:
    """From before, or after, the so manieth step on nothing is done to the disk any more. Gives the
    locks that are open, which an end would close."""
    left, locks = [step], []

    def ending(name, real):
        def call(*arguments, **named):
            left[0] -= 1
            if left[0] < 0 or left[0] == 0 and not after:
                raise Ended
            found = real(*arguments, **named)
            if name == "open" and str(arguments[0]).endswith("lock"):
                locks.append(found)
            if left[0] == 0:
                raise Ended
            return found

        return call

    for place, names in STEPS.items():
        for name in names:
            monkeypatch.setattr(place, name, ending(name, getattr(place, name)))
    return locks


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", ["files", "tar", "again"])
def test_a_crash_at_any_step_loses_nothing(here, batch, capsys, kind, after):
    photos(here / "src", "a.png", "b/c.jpg")
    (here / "src/bad.png").write_text("no picture")
    with tarfile.open(here / "s.tar", "w") as tar:
        tar.add(here / "src", "")
    source = "s.tar" if kind == "tar" else "src"
    assert batch(source, "whole") == 1
    whole = results(here / "whole")
    step, ended = 0, True
    while ended:
        step += 1
        shutil.rmtree(here / "dst", ignore_errors=True)
        if kind == "again":
            shutil.copytree(here / "whole", here / "dst")
            os.truncate(here / "dst/a.png", 40)
        with pytest.MonkeyPatch.context() as patch:
            locks = ends_at(patch, step, after)
            with suppress(Ended):
                ended = batch(source, "dst", "--workers", "1") != 1
        for lock in locks:
            with suppress(OSError):
                os.close(lock)
        manifest = here / "dst/manifest.jsonl"
        written = manifest.read_bytes().count(b"\n") if manifest.exists() else 0
        for name, data in results(here / "dst").items():
            assert name.startswith(".stylize") or data == whole[name] or kind == "again", (step, name)
        capsys.readouterr()
        assert batch(source, "dst", "--json", "--workers", "1") == 1, step
        record = json.loads(capsys.readouterr().out)
        assert record["failed"] == 1 and record["left"] == 0, step
        if kind != "again":
            assert record["painted"] == 2 - min(2, written), (step, "painted twice, or lost")
        assert results(here / "dst") == whole, step
        assert not (here / "dst/.stylize").exists(), step
    assert step > 10

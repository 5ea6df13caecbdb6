"""What one picture cannot help, and what no picture can."""

import errno
import itertools
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer.batch import worker
from styletransfer.errors import InputError
from styletransfer.media import image as pictures
from styletransfer.models.network import StylizerNet
from styletransfer.stylize import large_image
from styletransfer.stylize.stylizer import Stylizer
from tests.conftest import noise

from .conftest import good, lines, results


def large_photos(folder, count):
    """Larger than what the tests below take for large, as the paintings are not."""
    folder.mkdir()
    for number in range(count):
        noise(60, 50, seed=number).save(folder / f"{number}.png")


def raising(real, when, error):
    """The function, but for the calls that are meant."""

    def call(*arguments, **named):
        if when(*arguments):
            raise error
        return real(*arguments, **named)

    return call


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("a shape that no network takes"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: out of memory"),
        OSError(errno.EIO, "Input/output error"),
        MemoryError(),
        TypeError("unexpected"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("step", ["load", "paint", "encode"])
def test_one_pictures_fault_is_named_and_the_rest_goes_on(here, batch, monkeypatch, capsys, error, step):
    names = good(here / "src", 6)
    Image.new("RGB", (31, 33)).save(here / "src/odd.png")

    def is_odd(*arguments):
        return any(getattr(getattr(a, "rgb", a), "size", None) == (31, 33) for a in arguments)

    if step == "load":
        real = raising(worker._fitted, is_odd, error)
        monkeypatch.setattr(worker, "_fitted", real)
    elif step == "paint":
        monkeypatch.setattr(Stylizer, "stylize", raising(Stylizer.stylize, is_odd, error))
    else:
        monkeypatch.setattr(worker, "encode_picture", raising(worker.encode_picture, is_odd, error))
    assert batch("src", "dst") == 1
    assert "Traceback" not in capsys.readouterr().err
    (failure,) = lines(here / "dst/failures.jsonl")
    assert failure["input"] == "odd.png" and failure["error"]
    assert sorted(results(here / "dst")) == sorted(names)
    monkeypatch.undo()
    os.chdir(here)
    assert batch("src", "dst", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["painted"] == 1


@pytest.mark.parametrize(
    "error", [RuntimeError("no"), OSError(errno.EIO, "no"), ValueError("no")], ids=repr
)
def test_a_large_pictures_fault_is_its_own(here, batch, monkeypatch, error):
    large_photos(here / "src", 2)
    monkeypatch.setattr(pictures, "MAX_PIXELS", 2000)
    monkeypatch.setattr(large_image, "stylize_file", raising(None, lambda *_: True, error))
    assert batch("src", "dst") == 1
    assert [f["error"] for f in lines(here / "dst/failures.jsonl")] == [str(error).strip()] * 2


@pytest.mark.parametrize(
    "number,why",
    [
        (errno.ENOSPC, "the disk is full; make room"),
        (errno.EDQUOT, "the quota is used up; make room"),
        (errno.EROFS, "cannot be written any more; mend that"),
    ],
)
def test_a_disk_that_takes_no_more_stops_the_job_at_once(here, batch, monkeypatch, capsys, number, why):
    good(here / "src", 40)
    assert batch("src", "whole") == 0
    real, count, painted = Path.write_bytes, itertools.count(), itertools.count()

    def write(path, data):
        if next(count) >= 5:
            raise OSError(number, os.strerror(number))
        return real(path, data)

    stylize = Stylizer.stylize
    monkeypatch.setattr(Stylizer, "stylize", lambda *a, **n: (next(painted), stylize(*a, **n))[1])
    monkeypatch.setattr(Path, "write_bytes", write)
    capsys.readouterr()
    assert batch("src", "dst", "--workers", "1") == 2
    err = capsys.readouterr().err
    assert why in err and "goes on from here" in err and err.count("\n") == 1
    assert next(painted) < 20
    assert len(results(here / "dst")) == len(lines(here / "dst/manifest.jsonl")) == 5
    monkeypatch.undo()
    os.chdir(here)
    assert batch("src", "dst", "--json") == 0
    assert json.loads(capsys.readouterr().out)["painted"] == 35
    assert results(here / "dst") == results(here / "whole")


def test_a_disk_that_fills_up_under_a_large_picture_stops_the_job(here, batch, monkeypatch, capsys):
    pytest.importorskip("pyvips")
    large_photos(here / "src", 4)
    monkeypatch.setattr(pictures, "MAX_PIXELS", 2000)
    full = InputError("cannot write it: No space left on device")
    full.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    calls = itertools.count()
    later = raising(large_image.stylize_file, lambda *_: next(calls) >= 2, full)
    monkeypatch.setattr(large_image, "stylize_file", later)
    assert batch("src", "dst") == 2
    err = capsys.readouterr().err
    assert "the disk is full; make room" in err and err.count("\n") == 1
    assert next(calls) == 3 and len(results(here / "dst")) == 2


def test_a_lost_gpu_stops_the_job_at_once(here, batch, monkeypatch, capsys):
    good(here / "src", 40)
    real, calls = Stylizer.stylize, itertools.count()

    def stylize(*arguments, **named):
        if next(calls) >= 5:
            raise RuntimeError(
                "CUDA error: an illegal memory access was encountered\nCUDA kernel errors"
            )
        return real(*arguments, **named)

    monkeypatch.setattr(Stylizer, "stylize", stylize)
    assert batch("src", "dst", "--workers", "1") == 2
    err = capsys.readouterr().err
    assert "GPU does not answer" in err and "same command again" in err and err.count("\n") == 1
    assert next(calls) < 20
    assert len(results(here / "dst")) == len(lines(here / "dst/manifest.jsonl")) == 5
    monkeypatch.undo()
    os.chdir(here)
    assert batch("src", "dst", "--json") == 0
    assert json.loads(capsys.readouterr().out)["painted"] == 35


def test_a_full_disk_stops_the_run_cleanly(here, batch, capsys, monkeypatch):
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


def test_out_of_memory_is_met_with_tiles(here, batch, monkeypatch):
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

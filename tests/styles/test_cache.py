"""The cache saves work and never tells lies."""

import sys

import numpy as np
import pytest
import torch

from styletransfer.styles import cache
from styletransfer.stylize.stylizer import Stylizer


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "codes"))
    return tmp_path / "codes"


@pytest.fixture
def stylizer(tiny_model):
    return Stylizer(tiny_model, "cpu", "fp32")


def array(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (40, 40, 3), dtype=np.uint8)


def same(a, b):
    return all(torch.equal(x, y) for t in a.statistics for x, y in zip(a.statistics[t], b.statistics[t]))


def test_a_style_is_encoded_once(folder, stylizer, monkeypatch):
    first = stylizer.style(array(), size=32)
    monkeypatch.setattr(stylizer.net, "code", None)
    assert same(first, stylizer.style(array(), size=32))
    with pytest.raises(TypeError):
        stylizer.style(array(1), size=32)
    with pytest.raises(TypeError):
        stylizer.style(array(), size=33)


def test_another_model_has_codes_of_its_own(folder, stylizer):
    first = stylizer.style(array(), size=32)
    stylizer.style_encoder.digest = "another"
    assert stylizer.style(array(), size=32).digest == "another" != first.digest


def test_a_broken_file_is_made_again(folder, stylizer):
    first = stylizer.style(array(), size=32)
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-7])
    assert same(first, stylizer.style(array(), size=32))
    assert same(first, type(first).load(path))


def test_nothing_is_written_where_nothing_is_to_be(tmp_path, stylizer, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, "")
    assert cache.cache_folder() is None
    stylizer.style(array(), size=32)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file"))
    stylizer.style(array(), size=32)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other places")
def test_its_place_is_the_system_s_unless_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(cache.VARIABLE)
    for xdg, home in (("", ".cache"), (str(tmp_path / "xdg"), "xdg")):
        monkeypatch.setenv("XDG_CACHE_HOME", xdg)
        assert cache.cache_folder() == tmp_path / home / "styletransfer"
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "own"))
    assert cache.cache_folder() == tmp_path / "own"


def test_the_longest_unused_go_first(folder, stylizer, monkeypatch):
    monkeypatch.setattr(cache, "LIMIT", 10)
    for seed in range(11):
        stylizer.style(array(seed), size=16)
    assert len(list(folder.iterdir())) == 9

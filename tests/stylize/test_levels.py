"""The sizes at which a picture is painted: windows of them are windows of the whole."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from styletransfer.models.config import Config
from styletransfer.models.draft import enlarged, halved
from styletransfer.models.network import StylizerNet
from styletransfer.models.padding import pad_to_multiple
from styletransfer.stylize import levels
from styletransfer.stylize.buffer import ImageBuffer
from styletransfer.stylize.levels import enlarged_window, extended_window, factors, smaller
from styletransfer.stylize.stylizer import Stylizer

DRAFTED = Config(encoder="slim", taps=("pixels", "relu3_1"), channels=(4, 6), drafts=1)


def reader(x):
    return lambda rows, columns: x[:, :, rows, columns]


def test_drafts_are_halved_until_the_picture_s_own_size():
    drafted, plain = StylizerNet(DRAFTED), StylizerNet(replace(DRAFTED, drafts=0))
    assert factors(drafted) == [2] and factors(plain) == []
    assert factors(drafted, 4) == [8, 4, 2] and factors(plain, 4) == [4, 2]
    assert factors(drafted, 0.5) == [] and factors(drafted, 0.75) == [1.5]
    assert factors(drafted, 1.5) == [3, 1.5] and factors(drafted, 1.05) == [2.1]


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (37, 16), (16, 33)])
def test_an_extended_window_is_one_of_the_extended_whole(size):
    x = torch.rand(2, 3, *size)
    whole = pad_to_multiple(x)
    height, width = whole.shape[2:]
    for rows in (slice(0, height), slice(height // 2, height), slice(0, 7)):
        for columns in (slice(0, width), slice(width - 3, width)):
            found = extended_window(reader(x), size, rows, columns)
            assert torch.equal(found, whole[:, :, rows, columns])


@pytest.mark.parametrize("size", [(7, 9), (40, 33)])
def test_an_enlarged_window_is_one_of_the_enlarged_whole(size):
    x = torch.rand(1, 3, *size)
    whole = enlarged(x)
    for rows in (slice(0, 14), slice(5, 11), slice(2 * size[0] - 3, 2 * size[0])):
        found = enlarged_window(reader(x), size, rows, slice(3, 17), 2.0)
        torch.testing.assert_close(found, whole[:, :, rows, 3:17], atol=1e-6, rtol=0)
    whole = enlarged_window(reader(x), size, slice(0, 10), slice(0, 12), 1.5)
    part = enlarged_window(reader(x), size, slice(4, 10), slice(5, 12), 1.5)
    torch.testing.assert_close(part, whole[:, :, 4:, 5:], atol=1e-6, rtol=0)


@pytest.mark.parametrize("size", [(48, 64), (301, 333)])
def test_a_copy_of_half_the_size_is_the_network_s(size):
    x = torch.rand(1, 3, *size)
    torch.testing.assert_close(smaller(ImageBuffer(x), 2).pixels, halved(pad_to_multiple(x)))


@pytest.mark.parametrize("factor", [1.5, 2.6, 3.0, 4.0])
def test_a_smaller_copy_has_the_means_of_what_it_covers(monkeypatch, factor):
    monkeypatch.setattr(levels, "STEP", 16)
    x = torch.rand(1, 3, 96, 128)
    small = smaller(ImageBuffer(x), factor).pixels
    assert small.shape[2:] == (-(-96 // factor), -(-128 // factor))
    flat = torch.full_like(x, 0.3)
    torch.testing.assert_close(smaller(ImageBuffer(flat), factor).pixels, torch.full_like(small, 0.3))
    fine = x.repeat_interleave(10, 2).repeat_interleave(10, 3)  # ten to a pixel: no parts of one left
    expected = F.avg_pool2d(fine, int(10 * factor))
    height, width = expected.shape[2:]
    torch.testing.assert_close(small[:, :, :height, :width], expected, atol=5e-5, rtol=0)


def test_strokes_is_an_option_of_stylize(tmp_path):
    from styletransfer.models.weights import save_model

    torch.manual_seed(0)
    save_model(tmp_path / "m.safetensors", StylizerNet(DRAFTED))
    stylizer = Stylizer(str(tmp_path / "m.safetensors"), "cpu", "fp32")
    x, style = torch.rand(1, 3, 150, 170), torch.rand(1, 3, 64, 64)
    found = [stylizer.stylize(x, style, strokes=s) for s in (0.5, 1.0, 2.0)]
    assert all(out.shape == x.shape for out in found)
    assert not torch.equal(found[0], found[1]) and not torch.equal(found[1], found[2])
    assert torch.equal(found[1], stylizer.stylize(x, style))

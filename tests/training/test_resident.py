"""Training pictures kept decoded on the device."""

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer import InputError
from styletransfer.training.data import Augmentation, Crops, Sampler
from styletransfer.training.entries import find_pictures
from styletransfer.training.resident import Resident

from ..conftest import noise


def test_crops_on_the_device_are_those_from_files(tmp_path):
    for i in range(6):
        pixels = np.random.default_rng(i).integers(0, 256, (5, 6, 3), dtype=np.uint8)
        smooth = Image.fromarray(pixels).resize((60, 50), Image.Resampling.BICUBIC)
        smooth.save(tmp_path / f"{i}.png")  # a JPEG would be decoded at half its size at times
    entries = find_pictures([tmp_path])
    wide = Augmentation(16, (1.0, 4.0))  # larger than the pictures: both keep their size
    crops, resident = Crops(entries, wide, 5), Resident(entries, wide, 5, torch.device("cpu"), 0)
    for n in range(12):
        difference = (crops[n][0].float() - resident.take(12)[n].float()).abs()
        assert difference.mean() < 2, n
    sampler = Sampler(4, first=1, last=3, rank=1, world=2)
    batches = [batch for batch, _ in resident.batches(sampler, torch.device("cpu"), 0)]
    assert torch.equal(torch.cat(batches), resident.take(12)[[6, 7, 10, 11]])


def test_pictures_are_kept_no_larger_than_a_crop_can_need(tmp_path):
    noise(200, 100).save(tmp_path / "large.png")
    noise(30, 20).save(tmp_path / "small.png")
    (tmp_path / "text.png").write_text("no")
    entries = find_pictures([tmp_path])
    resident = Resident(entries, Augmentation(16, (1.0, 2.0)), 0, torch.device("cpu"), workers=0)
    assert [tuple(picture.shape) for picture in resident.pictures] == [(3, 32, 64), (3, 20, 30)]
    assert list(resident.skipped) == [str(tmp_path / "text.png")]
    batches = list(resident.batches(Sampler(2, 0, 2), torch.device("cpu"), 0))
    assert [skipped for _, skipped in batches] == [resident.skipped, {}], "told of once"
    assert torch.equal(torch.cat([batch for batch, _ in batches]), resident.take(4))


def test_no_picture_at_all_is_one_line(tmp_path):
    (tmp_path / "text.png").write_text("no")
    with pytest.raises(InputError, match="^not one of the pictures can be read$"):
        Resident(find_pictures([tmp_path]), Augmentation(16, (1.0, 2.0)), 0, torch.device("cpu"), 0)

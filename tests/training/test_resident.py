"""Training pictures kept decoded on the device."""

import numpy as np
import torch
from PIL import Image

from styletransfer.training.data import Augmentation, Crops, Sampler
from styletransfer.training.entries import find_pictures
from styletransfer.training.resident import Resident


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

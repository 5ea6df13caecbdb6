"""What is made up for training is what it says, and the same each time."""

import torch

from styletransfer.training.synthetic import random_region_maps, uneven_light


def test_random_maps_are_cut_in_two_or_whole():
    maps = random_region_maps(4, 32, (0, 1), torch.device("cpu"))
    assert maps.shape == (4, 2, 32, 32) and (maps.sum(dim=1) == 1).all()
    assert (maps[1::2, 0] == 1).all() and (maps[::2, 0].mean(dim=(1, 2)) < 0.9).all()
    assert torch.equal(maps, random_region_maps(4, 32, (0, 1), torch.device("cpu")))
    assert not torch.equal(maps, random_region_maps(4, 32, (0, 2), torch.device("cpu")))


def test_light_falls_unevenly_on_every_other_photo():
    photos = torch.rand(4, 3, 32, 48) * 0.8 + 0.1
    lit = uneven_light(photos, (0, 1))
    assert torch.equal(lit[1], photos[1]) and torch.equal(lit[3], photos[3])
    for n in (0, 2):
        changed = (lit[n] - photos[n]).abs().mean(dim=0)
        assert changed.min() < 1e-3 and changed.max() > 0.1
    assert lit.min() >= 0 and lit.max() <= 1
    assert torch.equal(lit, uneven_light(photos, (0, 1)))
    assert not torch.equal(lit, uneven_light(photos, (0, 2)))

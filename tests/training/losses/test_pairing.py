"""Styles of pairs and of regions."""

import torch

from styletransfer.models.statistics import regional_statistics, statistics
from styletransfer.training.losses import gram
from styletransfer.training.losses.pairing import region_features, roll_rows, tile_rows, with_next_row


def test_losses_of_regions_are_those_of_pictures_cut_along_them():
    """Left half in one style, right half in the next: as much as the two halves alone."""
    torch.manual_seed(0)
    a, b, _c, _d = torch.rand(4, 1, 3, 16, 16)
    x = torch.cat([a, b], dim=3)
    left = torch.zeros(1, 1, 16, 32)
    left[..., :16] = 1
    maps = torch.cat([left, 1 - left], dim=1)
    found = regional_statistics(x, maps)
    for r, half in enumerate((a, b)):
        for part, expected in zip(found, statistics(half)):
            torch.testing.assert_close(part[:, r], expected)
        torch.testing.assert_close(gram(region_features(x, maps))[r], gram(half)[0])


def test_every_content_meets_its_own_style_and_then_the_next_ones():
    rows = torch.arange(3)
    assert tile_rows(rows, 2).tolist() == [0, 1, 2, 0, 1, 2]
    assert roll_rows(rows, 2).tolist() == [0, 1, 2, 1, 2, 0]
    assert with_next_row(rows).tolist() == [[0, 1], [1, 2], [2, 0]]

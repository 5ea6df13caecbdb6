"""Whole distributions of a style's features."""

import torch

from styletransfer.models.statistics import statistics
from styletransfer.styles.quantiles import (
    DIRECTIONS,
    QUANTILES,
    TAPS,
    Distribution,
    distribution,
    mixed,
    style_quantiles,
)

CPU = torch.device("cpu")


def test_they_are_of_each_view_and_tap_and_the_same_each_time():
    picture = torch.rand(1, 3, 70, 90, generator=torch.manual_seed(0))
    found = style_quantiles(picture, CPU)
    assert len(found) == 2  # a third would have less than 32 pixels
    shapes = [[tuple(x.shape) for x in view[tap]] for view in found for tap in TAPS]
    assert shapes == [[(DIRECTIONS, QUANTILES), (c,), (c,)] for c in (64, 128, 256, 512)] * 2
    again = style_quantiles(picture, CPU)
    views = [(a[tap], b[tap]) for a, b in zip(found, again) for tap in TAPS]
    assert all(torch.equal(x, y) for a, b in views for x, y in zip(a, b))


def test_a_style_of_a_few_pixels_has_one_view():
    found = style_quantiles(torch.rand(1, 3, 8, 40), CPU)
    assert len(found) == 1 and found[0]["relu4_1"].quantiles.shape == (DIRECTIONS, QUANTILES)


def test_quantiles_are_the_means_of_sorted_shares_wherever_features_are():
    x = torch.rand(1, 5, 16, 16, generator=torch.manual_seed(1))
    found = distribution(x, "relu1_1")
    moved = x.flatten(2)[:, :, torch.randperm(256)].reshape(x.shape)
    assert_close(found, distribution(moved, "relu1_1"))
    assert (found.quantiles.diff(dim=1) >= 0).all()
    half = torch.arange(128)
    assert_close(distribution(x, "relu1_1", half), distribution(x[:, :, :8], "relu1_1"))


def test_moments_are_those_of_each_channel():
    x = torch.rand(1, 5, 16, 16, generator=torch.manual_seed(1))
    found, expected = distribution(x, "relu1_1"), statistics(x)
    assert_close(found[1:], (expected.mean[0], expected.std[0]))


def test_a_blend_has_the_weighted_means():
    a, b = ({tap: Distribution(*[torch.full((2, 3), v)] * 3) for tap in TAPS} for v in (1.0, 4.0))
    found = mixed([(a,), (b,)], [2 / 3, 1 / 3])[0]["relu1_1"]
    assert_close(found, [torch.full((2, 3), 2.0)] * 3)


def assert_close(found, expected):
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(found, expected, strict=True))

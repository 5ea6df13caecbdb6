"""Whole distributions of a style's features."""

import torch

from styletransfer.styles.quantiles import (
    DIRECTIONS,
    QUANTILES,
    TAPS,
    feature_quantiles,
    mixed,
    style_quantiles,
)

CPU = torch.device("cpu")


def test_they_are_of_each_view_and_tap_and_the_same_each_time():
    picture = torch.rand(1, 3, 70, 90, generator=torch.manual_seed(0))
    found = style_quantiles(picture, CPU)
    assert len(found) == 2  # a third would have less than 32 pixels
    assert all(view[tap].shape == (DIRECTIONS, QUANTILES) for view in found for tap in TAPS)
    again = style_quantiles(picture, CPU)
    assert all(torch.equal(a[tap], b[tap]) for a, b in zip(found, again) for tap in TAPS)


def test_a_style_of_a_few_pixels_has_one_view():
    found = style_quantiles(torch.rand(1, 3, 8, 40), CPU)
    assert len(found) == 1 and found[0]["relu4_1"].shape == (DIRECTIONS, QUANTILES)


def test_they_are_the_means_of_sorted_shares_wherever_features_are():
    x = torch.rand(1, 5, 16, 16, generator=torch.manual_seed(1))
    found = feature_quantiles(x, "relu1_1")
    moved = x.flatten(2)[:, :, torch.randperm(256)].reshape(x.shape)
    assert torch.allclose(found, feature_quantiles(moved, "relu1_1"), atol=1e-6)
    assert (found.diff(dim=1) >= 0).all()
    half = torch.arange(128)
    assert torch.allclose(
        feature_quantiles(x, "relu1_1", half), feature_quantiles(x[:, :, :8], "relu1_1"), atol=1e-6
    )


def test_a_blend_has_the_weighted_means():
    a, b = ({tap: torch.full((2, 3), v) for tap in TAPS} for v in (1.0, 4.0))
    assert torch.allclose(mixed([(a,), (b,)], [2 / 3, 1 / 3])[0]["relu1_1"], torch.full((2, 3), 2.0))

"""Whole distributions, by their projections."""

import torch

from styletransfer.training.losses import STROKE_TAPS, sliced_distance


def test_sliced_distance_is_none_between_the_same_values_in_another_order():
    torch.manual_seed(0)
    style = {tap: torch.rand(2, 4, 6, 8) for tap in STROKE_TAPS}
    units = dict.fromkeys(STROKE_TAPS, torch.ones(4))
    order = torch.randperm(48)
    moved = {tap: x.flatten(2)[:, :, order].unflatten(2, (6, 8)) for tap, x in style.items()}
    torch.testing.assert_close(
        sliced_distance(moved, style, units, 0), torch.zeros(2), atol=1e-5, rtol=0
    )
    brighter = {tap: x + 0.5 for tap, x in style.items()}
    assert (sliced_distance(brighter, style, units, 0) > 0.1).all()


def test_sliced_distance_sees_what_means_and_deviations_do_not():
    torch.manual_seed(0)
    normal = torch.randn(1, 1, 40, 50)
    two = torch.randn(1, 1, 40, 50).sign()  # of the same mean and deviation
    a, b = (dict.fromkeys(STROKE_TAPS, (x - x.mean()) / x.std()) for x in (two, normal))
    units = dict.fromkeys(STROKE_TAPS, torch.ones(1))
    assert sliced_distance(a, b, units, 0) > 0.5
    again = dict.fromkeys(STROKE_TAPS, torch.randn(1, 1, 40, 50))
    assert sliced_distance(again, b, units, 0) < 0.4

"""Distances relative to the content's own."""

import torch

from styletransfer.training.losses import balanced


def test_balanced_is_one_for_the_photo_itself():
    distance = torch.tensor([1.0, 2.0, 3.0])
    assert balanced(distance, distance, 0.5).tolist() == [1, 1, 1]
    assert balanced(distance, torch.tensor([0.0, 2.0, 3.0]), 0.5).tolist() == [2, 1, 1]

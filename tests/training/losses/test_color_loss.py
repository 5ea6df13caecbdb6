"""The colour loss."""

import pytest
import torch

from styletransfer.models.statistics import statistics
from styletransfer.training.losses import color_distance


def test_color_distance_sees_mean_and_deviation():
    gray, red = torch.full((1, 3, 4, 4), 0.5), torch.full((1, 3, 4, 4), 0.5)
    red[:, 0] = 0.8
    assert color_distance(statistics(gray), statistics(red)).item() == pytest.approx(0.03, rel=1e-3)

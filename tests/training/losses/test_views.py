"""Images made small, as they are seen from afar."""

import torch

from styletransfer.training.losses import downscaled


def test_from_afar_fine_grain_is_not_seen():
    board = (torch.arange(32)[:, None] + torch.arange(32)) % 2
    board = board.float().expand(1, 3, 32, 32)
    assert downscaled(board, 1.0) is board
    small = downscaled(board, 0.5)
    assert small.shape == (1, 3, 16, 16)
    assert (small[..., 2:-2, 2:-2] - 0.5).abs().max() < 0.05

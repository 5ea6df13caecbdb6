"""The weave loss."""

import torch

from styletransfer.training.losses import weave_distance


def test_weave_distance_sees_what_repeats_with_the_grid_alone():
    torch.manual_seed(0)
    smooth = torch.nn.functional.interpolate(torch.rand(2, 3, 3, 4), size=(64, 96), mode="bicubic")
    smooth = 0.2 * smooth
    weave = torch.randn(4, 4)
    weave = weave - weave.mean()
    woven = smooth + 0.05 * weave.repeat(16, 24)
    assert weave_distance(smooth, 4).max() < 0.1
    torch.testing.assert_close(
        weave_distance(woven, 4), (25 * weave.square().mean()).expand(2), atol=0.5, rtol=0
    )

"""One step: when it reconstructs, and what the average of the weights follows."""

from copy import deepcopy
from dataclasses import replace

import torch

from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.training.recipe import read_recipe
from styletransfer.training.step import is_reconstruction, update_ema, weighted_sum

_, DEFAULT = read_recipe()


def test_reconstruction_comes_first_and_now_and_then():
    recipe = replace(DEFAULT, reconstruct=3, reconstruct_every=4)
    assert [step for step in range(12) if is_reconstruction(step, recipe)] == [0, 1, 2, 4, 8]
    never = replace(DEFAULT, reconstruct=0, reconstruct_every=0)
    assert not any(is_reconstruction(step, never) for step in range(12))


def test_the_average_follows_what_is_trained_and_nothing_else():
    torch.manual_seed(0)
    net = StylizerNet(Config(channels=(4, 6, 8, 8)))
    ema, start = deepcopy(net), deepcopy(net)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 1
    update_ema(ema, net, 0.75)
    parameters = zip(start.named_parameters(), ema.parameters(), net.parameters())
    for (name, before), average, after in parameters:
        expected = 0.75 * before + 0.25 * after if after.requires_grad else before
        torch.testing.assert_close(average, expected, msg=name)
    assert any(not p.requires_grad for p in net.parameters())


def test_losses_count_by_their_weights():
    recipe = replace(DEFAULT, content_weight=2.0, style_weight=0.5)
    losses = {"content": torch.tensor(3.0), "style": torch.tensor(4.0)}
    assert weighted_sum(losses, recipe).item() == 8.0

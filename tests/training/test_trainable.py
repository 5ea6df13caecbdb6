"""The part of a network that is trained."""

from copy import deepcopy

import pytest
import torch

from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.training.trainable import TrainableNet, trainable_parameters


@pytest.fixture
def net(tiny_net):
    net = deepcopy(tiny_net)
    net.decoder.requires_grad_(True)
    return net


def test_a_frozen_encoder_is_no_part_of_it(net):
    trained = list(TrainableNet(net).parameters())
    assert {id(p) for p in trained} == {id(p) for p in net.decoder.parameters()}
    assert [id(p) for p in trainable_parameters(net)] == [id(p) for p in net.decoder.parameters()]
    slim = StylizerNet(Config(encoder="slim", channels=(4, 6, 8)))
    assert {id(p) for p in slim.encoder.parameters()} <= {id(p) for p in TrainableNet(slim).parameters()}


def test_it_paints_what_the_network_does(net):
    content, style = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    trainable = TrainableNet(net)
    out, features = trainable(content, style)
    torch.testing.assert_close(out, net(content, net.code(style)))
    assert features.keys() == {"relu3_1", "relu4_1"}
    known, _ = trainable(content, style, net.code(style))
    torch.testing.assert_close(known, out)
    torch.testing.assert_close(trainable(content)[0], net(content, None))


def test_pairings_paint_each_content_in_the_styles_that_follow(net):
    content, style = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    out, _ = TrainableNet(net)(content, style, pairings=2)
    assert out.shape == (4, 3, 32, 32)
    swapped = style.flip(0)
    expected = torch.cat([net(content, net.code(style)), net(content, net.code(swapped))])
    torch.testing.assert_close(out, expected)


def test_learned_styles_are_asked_for_by_number():
    torch.manual_seed(0)
    config = Config(channels=(4, 6, 8, 8), bottleneck="conditional", styles=("a", "b"))
    net = StylizerNet(config)
    for norm in net.bank.values():
        torch.nn.init.normal_(norm.beta)
    content, labels = torch.rand(2, 3, 32, 32), torch.tensor([1, 0])
    out, _ = TrainableNet(net)(content, torch.rand(2, 3, 32, 32), labels=labels)
    torch.testing.assert_close(out, net(content, net.learned(labels)))

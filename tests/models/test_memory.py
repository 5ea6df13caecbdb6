"""What does not fit is said before the work."""

import pytest
import torch

from styletransfer import InputError
from styletransfer.models.config import Config
from styletransfer.models.memory import affordable, check_memory, features_affordable
from styletransfer.models.network import StylizerNet
from styletransfer.system import host

from ..codes import PHOTO


def test_sizes_that_do_not_fit_are_refused_before_the_work(stylizer, codes):
    for wrong in (
        lambda: stylizer.stylize(PHOTO, codes[0], size=10**6),
        lambda: stylizer.stylize(torch.rand(1, 3, 8, 8), codes[0], size=10**6),
        lambda: stylizer.style(PHOTO, 10**6),
    ):
        with pytest.raises(InputError, match="GB of memory and"):
            wrong()


def test_tiles_begin_where_the_limit_ends(monkeypatch, tiny_net):
    before = affordable(tiny_net)
    monkeypatch.setattr(host, "free_memory", lambda: 1000 * 780)
    assert affordable(tiny_net) < min(before, 1001)


def test_what_lies_beside_the_network_and_what_one_is_content_with_count(monkeypatch, tiny_net):
    monkeypatch.setattr(host, "free_memory", lambda: 10**9)
    plain = affordable(tiny_net)
    each = 10**9 / plain
    assert affordable(tiny_net, more=round(each)) == pytest.approx(plain / 2, rel=1e-3)
    assert affordable(tiny_net, most=10**8) == plain // 10
    assert affordable(tiny_net, most=10**12) == plain


def test_features_take_what_their_maps_do(monkeypatch):
    net = StylizerNet(Config(encoder="slim", taps=("pixels", "relu3_1"), channels=(4, 6), scale=(5, 4)))
    features = net.encode(torch.zeros(1, 3, 64, 64))["relu3_1"]
    monkeypatch.setattr(host, "free_memory", lambda: 4 * features.numel() * features.itemsize)
    assert features_affordable(net, 0.25) == 64 * 64


def test_it_says_a_size_that_fits(monkeypatch, tiny_net):
    monkeypatch.setattr(host, "free_memory", lambda: 10**9)
    side = int(affordable(tiny_net) ** 0.5)
    check_memory(side, side, tiny_net)
    with pytest.raises(InputError, match=r"needs about .* GB and 1\.0 GB is free") as caught:
        check_memory(4 * side, 2 * side, tiny_net)
    short = int(str(caught.value).rpartition("--size ")[2])
    check_memory(2 * short, short, tiny_net)
    with pytest.raises(InputError):
        check_memory(4 * short, 2 * short, tiny_net)

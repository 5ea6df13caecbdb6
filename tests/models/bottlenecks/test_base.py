"""What holds of every kind, and all that a new one takes."""

import pytest
import torch

from styletransfer import InputError, Stylizer
from styletransfer.models.bottlenecks import BOTTLENECKS
from styletransfer.models.bottlenecks.base import Bottleneck, resized_map
from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.weights import load_model, save_model

CHANNELS = (4, 6, 8, 8)
STORED = {
    "adain": set(),
    "instance": set(),
    "conditional": {f"bank.{t}.{p}" for t in ("pixels", "relu4_1") for p in ("gamma", "beta")},
    "spade": {
        f"spade.relu4_1.{layer}.{part}"
        for layer in ("shared", "gamma", "beta")
        for part in ("weight", "bias")
    },
    "contextual": {f"context.{t}.mix.{p}" for t in ("pixels", "relu4_1") for p in ("weight", "bias")},
    "layer-instance": {"ratio.relu4_1.rho"},
}


def network(name: str) -> StylizerNet:
    kind = BOTTLENECKS[name]
    taps = ("pixels", "relu4_1") if kind.knows_palette else ("relu4_1",)
    styles = ("lion", "7") if kind.learns_styles else ()
    torch.manual_seed(0)
    return StylizerNet(Config(channels=CHANNELS, taps=taps, bottleneck=name, styles=styles)).eval()


@pytest.mark.parametrize("name", BOTTLENECKS)
def test_its_layers_have_the_names_that_weight_files_have(name):
    stored = {key for key in network(name).state_dict() if not key.startswith(("encoder.", "decoder."))}
    assert stored == STORED[name]


@pytest.mark.parametrize("name", BOTTLENECKS)
def test_it_paints_in_a_style_or_in_its_own(name, tmp_path):
    net, x = network(name).requires_grad_(False), torch.rand(1, 3, 32, 32)
    kind = net.bottleneck
    code = None
    if kind.learns_styles:
        code = net.learned(torch.tensor([1]))
    elif kind.takes_style:
        code = net.code(torch.rand(1, 3, 32, 32))
    assert net(x, code).shape == x.shape
    rebuilt = net.decode(net.encode(x))
    assert torch.equal(net(x, code, 0.0), rebuilt)
    assert torch.equal(net(x, None), rebuilt) == kind.takes_style
    save_model(tmp_path / "net.safetensors", net)
    again = load_model(tmp_path / "net.safetensors")
    torch.testing.assert_close(again(x, code), net(x, code), atol=2e-2, rtol=2e-2)


@pytest.mark.parametrize("name", [name for name, kind in BOTTLENECKS.items() if kind.untileable])
def test_what_cannot_be_painted_in_tiles_says_why(name, tmp_path):
    save_model(tmp_path / "net.safetensors", network(name))
    stylizer = Stylizer(tmp_path / "net.safetensors", "cpu", "fp32")
    assert not stylizer.net.tileable
    with pytest.raises(InputError) as caught:
        stylizer.stylize(torch.rand(1, 3, 32, 512), torch.rand(1, 3, 32, 32), tile=256, style_size=32)
    assert BOTTLENECKS[name].untileable in str(caught.value) and "\n" not in str(caught.value)


def test_a_new_one_is_a_class_and_a_line(monkeypatch, tmp_path):
    class Shift(Bottleneck):
        prefix = "shift"
        matches_jointly = False

        def __init__(self, config):
            super().__init__(config)
            for tap in config.depths:
                self[tap] = torch.nn.Conv2d(config.widths[tap], config.widths[tap], 1)

        def match(self, x, condition):
            return self[condition.tap](x)

    monkeypatch.setitem(BOTTLENECKS, "shift", Shift)
    config = Config(channels=CHANNELS, taps=("relu4_1",), bottleneck="shift")
    net, x = StylizerNet(config).requires_grad_(False).eval(), torch.rand(1, 3, 32, 32)
    save_model(tmp_path / "net.safetensors", net)
    again = load_model(tmp_path / "net.safetensors")
    assert "shift.relu4_1.weight" in again.state_dict() and again.config == config
    code = net.code(x)
    torch.testing.assert_close(again(x, code), net(x, code), atol=2e-2, rtol=2e-2)
    assert not torch.equal(net(x, code), net(x, None))
    with pytest.raises(ValueError, match="no joint taps but pixels"):
        Config(bottleneck="shift", joint=("relu4_1",))


def test_a_map_is_averaged_down_to_its_features():
    map = torch.arange(16.0).reshape(1, 1, 4, 4)
    found = resized_map(map, torch.zeros(1, 5, 2, 2, dtype=torch.float64))
    assert found.dtype == torch.float64 and found.flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    everywhere = torch.full((1, 1, 1, 1), 0.3)
    assert torch.equal(resized_map(everywhere, torch.zeros(1, 5, 2, 2)), everywhere)


class Nine(Bottleneck):
    def match(self, x, condition):
        return torch.full_like(x, 9)


def test_alpha_goes_from_the_features_to_the_style_s():
    features = {"relu3_1": torch.ones(1, 2, 2, 4), "relu4_1": torch.ones(1, 3, 1, 2)}
    nine = Nine(Config(channels=CHANNELS))
    for alpha, value in ((0.0, 1), (1.0, 9), (0.25, 3), (2.0, 17)):
        assert all((x == value).all() for x in nine(features, None, alpha).values())
    where = torch.zeros(1, 1, 8, 16)
    where[..., 8:] = 1
    found = nine(features, None, where)
    assert found["relu3_1"][0, 0, 0].tolist() == [1, 1, 9, 9]
    assert found["relu4_1"][0, 0, 0].tolist() == [1, 9]


def test_one_that_says_nothing_matches_nothing():
    with pytest.raises(NotImplementedError):
        Bottleneck(Config(channels=CHANNELS))({"relu4_1": torch.ones(1, 3, 1, 2)}, None)

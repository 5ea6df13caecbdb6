import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.slim import Double, Quadruple, SlimEncoder, resized
from styletransfer.models.weights import load_encoder, load_model, save_model
from styletransfer.training.initialize import fit_slim

TAPS = ("pixels", "relu3_1", "relu4_1")


def test_double_is_bilinear_upsampling_and_a_convolution():
    torch.manual_seed(0)
    layer, x = Double(4, 5), torch.randn(2, 4, 7, 9)
    large = F.interpolate(x, scale_factor=2, mode="bilinear")
    expected = F.conv2d(F.pad(large, (1, 1, 1, 1), mode="reflect"), layer.weight, layer.bias)
    inside = (..., slice(2, -2), slice(2, -2))  # at the border the smaller map is reflected instead
    torch.testing.assert_close(layer(x)[inside], expected[inside], atol=1e-5, rtol=1e-5)
    assert layer(x).shape == expected.shape


def test_a_flat_map_gives_four_equal_pixels():
    torch.manual_seed(0)
    layer, flat = Quadruple(4, 3), torch.randn(2, 4, 1, 1).expand(-1, -1, 5, 7)
    out = layer(flat)
    assert out.shape == (2, 3, 10, 14) and out.std(dim=1).min() > 0.01
    torch.testing.assert_close(out, out[:, :, :1, :1].expand_as(out), atol=1e-5, rtol=0)


@pytest.mark.parametrize("after,before", [(5, 4), (4, 5), (9, 8)])
def test_resized_is_lanczos_interpolation(after, before):
    x = torch.rand(1, 1, 12 * before, 10 * before)
    expected = Image.fromarray(x[0, 0].numpy()).resize(
        (10 * after, 12 * after), Image.Resampling.LANCZOS
    )
    inside = (..., slice(6, -6), slice(6, -6))  # at the border the picture is reflected instead
    for color in resized(x.expand(-1, 3, -1, -1), after, before)[0]:
        torch.testing.assert_close(
            color[inside], torch.tensor(np.array(expected))[inside], atol=1e-5, rtol=0
        )


def test_features_are_at_a_quarter_and_an_eighth():
    found = SlimEncoder((4, 6, 8))(torch.rand(2, 3, 32, 48))
    assert {k: tuple(v.shape) for k, v in found.items()} == {
        "relu3_1": (2, 6, 8, 12),
        "relu4_1": (2, 8, 4, 6),
    }


def test_at_most_600_000_parameters_run():
    net = StylizerNet(Config(encoder="slim", taps=TAPS))
    assert sum(p.numel() for p in net.parameters()) <= 600_000


def test_a_slim_model_s_file_needs_nothing_else(tmp_path):
    torch.manual_seed(0)
    net = StylizerNet(Config(encoder="slim", taps=TAPS, joint=TAPS[:2], channels=(4, 6, 8))).eval()
    save_model(tmp_path / "slim.safetensors", net)
    again = load_model(tmp_path / "slim.safetensors")
    x, style = torch.rand(1, 3, 24, 40), torch.rand(1, 3, 32, 32)
    assert again.config == net.config
    torch.testing.assert_close(again(x, again.code(style)), net(x, net.code(style)), atol=0.02, rtol=0)


def test_own_style_is_the_reconstruction():
    torch.manual_seed(0)
    net = StylizerNet(Config(encoder="slim", taps=TAPS, joint=TAPS[:2], channels=(4, 6, 8))).eval()
    x = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(net(x, net.code(x)), net(x, None), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("scale", [(1, 1), (5, 4)])
def test_a_network_of_two_levels_may_be_larger_inside(scale):
    net = StylizerNet(Config(encoder="slim", taps=TAPS[:2], joint=TAPS[:2], scale=scale))
    assert net.config.channels == (32, 64)
    x = torch.rand(2, 3, 48, 64)
    inside = [side // 4 * scale[0] // scale[1] for side in (48, 64)]
    assert net.encode(x)["relu3_1"].shape == (2, 64, *inside)
    assert net(x, net.code(x[:1])).shape == x.shape


def test_a_block_changes_nothing_until_it_is_trained():
    net = StylizerNet(Config(encoder="slim", taps=TAPS[:2], channels=(4, 6), blocks=1)).eval()
    bare = StylizerNet(Config(encoder="slim", taps=TAPS[:2], channels=(4, 6))).eval()
    missing, unknown = bare.load_state_dict(net.state_dict(), strict=False)
    assert not missing and all(key.startswith("decoder.blocks.0.") for key in unknown)
    x = torch.rand(1, 3, 32, 32)
    assert torch.equal(net(x, None), bare(x, None))
    nn.init.ones_(net.decoder.blocks[0].second.weight)
    assert (net(x, None) - bare(x, None)).abs().max() > 1e-3


@pytest.mark.parametrize("levels,scale", [(3, (1, 1)), (2, (5, 4))])
def test_the_start_already_shows_the_picture(levels, scale):
    torch.manual_seed(0)
    net, vgg = StylizerNet(Config(encoder="slim", taps=TAPS[:levels], scale=scale)), load_encoder()
    waves = torch.linspace(0, 12, 64).sin() * 0.4 + 0.5
    pictures = torch.stack([waves[:, None] * waves.roll(i) for i in range(24)]).view(8, 3, 64, 64)
    before = (net(pictures, None) - pictures).abs().mean()
    fit_slim(net, vgg, pictures)
    assert (net(pictures, None) - pictures).abs().mean() < min(0.05, 0.2 * before)

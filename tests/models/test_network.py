import torch

from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.statistics import moments


def test_classic_config_is_the_published_decoder():
    net = StylizerNet(Config(taps=("relu4_1",), convolutions=(1, 4, 2, 2)))
    assert sum(p.numel() for p in net.encoder.parameters()) == 3_505_728
    assert sum(p.numel() for p in net.decoder.parameters()) == 3_505_219


def test_output_has_the_input_s_size(tiny_net):
    x = torch.rand(2, 3, 24, 40)
    assert tiny_net(x, tiny_net.code(x[:1])).shape == x.shape


def test_alpha_zero_and_no_code_are_the_reconstruction(tiny_net):
    x, style = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)
    reconstruction = tiny_net.decoder(tiny_net.encode(x))
    assert torch.equal(tiny_net(x, tiny_net.code(style), 0.0), reconstruction)
    assert torch.equal(tiny_net(x, None), reconstruction)


def test_own_style_is_the_reconstruction(tiny_net):
    x = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(tiny_net(x, tiny_net.code(x)), tiny_net(x, None), atol=1e-4, rtol=1e-4)


def test_alpha_mixes_in_feature_space(tiny_net):
    x, code = torch.rand(1, 3, 32, 32), tiny_net.code(torch.rand(1, 3, 32, 32) ** 3)
    features = tiny_net.encode(x)
    half, full = (tiny_net.bottleneck(features, code, a) for a in (0.5, 1.0))
    for tap in features:
        torch.testing.assert_close(half[tap], (features[tap] + full[tap]) / 2)


def test_pixels_give_the_photo_the_palette_of_the_style():
    torch.manual_seed(0)
    net = StylizerNet(Config(channels=(4, 6, 8, 8), taps=("pixels", "relu4_1")))
    photo = torch.rand(1, 3, 32, 32) * 0.2 + 0.4
    style = torch.rand(1, 3, 32, 32) * torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1) + 0.3
    code = net.code(style)
    found, wanted = (moments(x, joint=True) for x in (net.recolor(photo, code, 1.0, None), style))
    torch.testing.assert_close(found.mean, wanted.mean, atol=2e-3, rtol=0)
    torch.testing.assert_close(found.var, wanted.var, atol=2e-4, rtol=0)
    torch.testing.assert_close(net.recolor(photo, code, 0.0, None), photo)
    plain = StylizerNet(Config(channels=(4, 6, 8, 8)))
    assert plain.recolor(photo, code, 1.0, None) is photo and "pixels" not in plain.code(style)

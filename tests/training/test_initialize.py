import pytest
import torch

from styletransfer.io.weights import load_encoder
from styletransfer.nn.stylizer import Config, StylizerNet
from styletransfer.training.initialize import fit_decoder

ALL = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")


def smooth(count, seed):
    torch.manual_seed(seed)
    coarse = torch.rand(count, 3, 12, 12)
    return torch.nn.functional.interpolate(coarse, size=64, mode="bicubic").clamp(0, 1)


@pytest.mark.parametrize("taps, error", [(ALL, 0.03), (ALL[2:], 0.1)])
@pytest.mark.parametrize("upsampling", ["nearest", "bilinear"])
def test_a_fitted_decoder_reconstructs_pictures_it_has_not_seen(taps, error, upsampling):
    torch.manual_seed(0)
    net = StylizerNet(Config(taps=taps, upsampling=upsampling)).requires_grad_(False)
    net.encoder.load_state_dict(load_encoder().state_dict())
    unseen = smooth(2, seed=1)
    assert (net(unseen, None) - unseen).abs().mean() > 0.2
    fit_decoder(net, smooth(12, seed=0))
    assert (net(unseen, None) - unseen).abs().mean() < error

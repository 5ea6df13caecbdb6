from dataclasses import replace

import pytest
import torch

from styletransfer.errors import InputError
from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.weights import load_encoder, save_model
from styletransfer.training.initialize import fit_decoder, new_net

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
    fit_decoder(net, smooth(8, seed=0))
    assert (net(unseen, None) - unseen).abs().mean() < error


def test_blocks_may_be_added_to_a_model(tmp_path):
    bare = StylizerNet(Config(encoder="slim", channels=(4, 6, 8)))
    save_model(tmp_path / "bare.safetensors", bare)
    net = new_net(replace(bare.config, blocks=2), str(tmp_path / "bare.safetensors"), [])
    x = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(net(x, None), bare(x, None), atol=1e-2, rtol=1e-2)  # fp16 on disk
    save_model(tmp_path / "two.safetensors", net)
    with pytest.raises(InputError, match="do not fit"):  # but not taken away
        new_net(bare.config, str(tmp_path / "two.safetensors"), [])

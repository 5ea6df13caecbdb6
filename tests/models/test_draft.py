"""Networks that paint a draft first."""

from dataclasses import replace

import pytest
import torch

from styletransfer.models.config import Config
from styletransfer.models.draft import Grain, Overlay, contrast, enlarged, halved
from styletransfer.models.network import StylizerNet
from styletransfer.models.statistics import Moments
from styletransfer.models.weights import load_model, save_model
from styletransfer.training.initialize import new_net

from ..networks import network

BARE = Config(encoder="slim", taps=("pixels", "relu3_1"), channels=(8, 12), scale=(5, 4))
DRAFTED = replace(BARE, drafts=1)


def test_an_overlay_on_the_photo_itself_is_the_photo():
    photo = torch.rand(1, 3, 16, 24)
    small, overlay = halved(photo), Overlay()
    torch.testing.assert_close(overlay(enlarged(overlay.below(small, small)), photo), photo)
    assert not list(Overlay(learned=False).state_dict()) and len(list(Overlay().parameters())) == 1


@pytest.mark.parametrize("drafts", [1, 2])
@pytest.mark.parametrize("side", [64, 80])
def test_its_pictures_have_the_content_s_size(drafts, side):
    net = StylizerNet(replace(BARE, drafts=drafts))
    x = torch.rand(2, 3, side, 64)
    assert net(x, net.code(x[:1])).shape == x.shape and net(x, None).shape == x.shape


def test_the_picture_depends_on_the_draft_and_every_part_learns():
    net = StylizerNet(DRAFTED)
    x = torch.rand(1, 3, 64, 64)
    out = net(x, net.code(torch.rand(1, 3, 64, 64)))
    out.square().mean().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_strengths_are_an_alpha_of_the_bottleneck_alone():
    bare = replace(DRAFTED, drafts=0)
    plain, net = network(bare), StylizerNet(replace(bare, strengths=(0.3, 0.5)))
    net.load_state_dict(plain.state_dict())
    x, code = torch.rand(1, 3, 64, 64), net.code(torch.rand(1, 3, 64, 64))
    # The palette, which is not the bottleneck's, is the style's in full.
    colored = plain.recolor(x, code, 1.0, None)
    half = plain.painted_once(colored, code, 0.5, None)[0]
    torch.testing.assert_close(net(x, code), half)
    assert not torch.allclose(plain(x, code), half, atol=1e-3)


def test_drafts_have_the_first_strength_and_the_picture_the_second():
    x, style = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64)
    plain = network(DRAFTED)

    def painted(*strengths, alpha=1.0):
        net = StylizerNet(replace(DRAFTED, strengths=strengths)).eval()
        net.load_state_dict(plain.state_dict())
        return net(x, net.code(style), alpha)

    assert torch.equal(painted(1.0, 1.0), plain(x, plain.code(style)))
    pictures = [painted(1.0, 1.0), painted(0.5, 1.0), painted(1.0, 0.5), painted(0.5, 0.5)]
    for number, one in enumerate(pictures):
        assert not any(torch.allclose(one, other, atol=1e-4) for other in pictures[:number])
    alpha = torch.full((1, 1, 64, 64), 0.5)
    torch.testing.assert_close(painted(0.8, 1.2, alpha=alpha), painted(0.8, 1.2, alpha=0.5))


def test_a_network_that_starts_from_one_without_drafts_paints_them_alike(tmp_path):
    torch.manual_seed(0)
    bare = StylizerNet(BARE)
    save_model(tmp_path / "bare.safetensors", bare)
    net = new_net(DRAFTED, str(tmp_path / "bare.safetensors"), [])
    for a, b in zip(net.draft_decoder.parameters(), net.decoder.parameters(), strict=True):
        assert torch.equal(a, b)
    save_model(tmp_path / "drafted.safetensors", net)
    again, x = load_model(tmp_path / "drafted.safetensors"), torch.rand(1, 3, 64, 64)
    assert again.config == DRAFTED
    torch.testing.assert_close(again(x, again.code(x)), net(x, net.code(x)), atol=2e-2, rtol=1e-2)


def test_grain_is_bound_to_its_place_and_repeats_after_its_period():
    grain = Grain(0.1)
    whole = grain(slice(0, 2 * Grain.PERIOD), slice(0, 40))
    assert torch.equal(grain(slice(30, 70), slice(9, 40)), whole[:, :, 30:70, 9:])
    assert torch.equal(whole[:, :, : Grain.PERIOD], whole[:, :, Grain.PERIOD :])
    every = grain(*[slice(0, Grain.PERIOD)] * 2)
    assert abs(every.std().item() - 0.1) < 1e-3 and abs(every.mean().item()) < 1e-3
    assert not list(grain.state_dict())  # nothing to be stored


def test_strokes_grow_from_grain_where_the_photo_is_flat():
    grained, net = lively_net(grain=0.05), StylizerNet(DRAFTED).requires_grad_(False)
    net.load_state_dict(grained.state_dict())
    photo, code = torch.full((1, 3, 96, 256), 0.5), net.code(torch.rand(1, 3, 64, 64))
    photo[..., 192:] = torch.rand(64)
    sky = (..., slice(32, 64), slice(32, 64))
    assert net(photo, code)[sky].std(dim=(2, 3)).max() < 1e-4
    assert grained(photo, code)[sky].std(dim=(2, 3)).max() > 1e-3
    torch.testing.assert_close(grained(photo, None), net(photo, None))  # a reconstruction has none
    other = grained.painted(photo, code, corner=(7, 3))[0]
    assert not torch.equal(other, grained(photo, code))


def test_a_photo_of_one_colour_stays_calm():
    """There is nothing in it but the grain, which the bottleneck would magnify to all of the style."""
    net = lively_net(grain=0.3)
    flat, photo = torch.full((2, 1, 3, 64, 64), 0.5)
    photo[..., 32:, :] = 0.2
    both, code = torch.cat([flat, photo]), net.code(torch.rand(1, 3, 64, 64))
    of_flat, of_photo = net(both, code)
    assert of_flat.std(dim=(1, 2)).max() < 1e-4 and of_photo.std(dim=(1, 2)).max() > 1e-2


def lively_net(grain: float) -> StylizerNet:
    torch.manual_seed(0)
    net = StylizerNet(replace(DRAFTED, grain=grain)).requires_grad_(False)
    for conv in (m for m in net.modules() if isinstance(m, torch.nn.Conv2d)):
        torch.nn.init.kaiming_normal_(conv.weight)
    return net


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("rows", [(2,), (2, 3)])
def test_the_contrast_of_a_photo(joint, rows):
    var = torch.stack([torch.zeros(*rows[1:], 3), torch.full((*rows[1:], 3), 0.04)])
    found = contrast(Moments(torch.zeros(*rows, 3), torch.diag_embed(var) if joint else var))
    assert found.shape == (2, 1, 1, 1)
    assert found.flatten().tolist() == pytest.approx([0, 1], abs=2e-4)


@pytest.mark.parametrize("bad", [-0.1, 0.6, "0.1", True])
def test_a_grain_that_cannot_be_is_named(bad):
    with pytest.raises(ValueError, match="grain is"):
        replace(DRAFTED, grain=bad)
    with pytest.raises(ValueError, match="without drafts"):
        replace(BARE, grain=0.1)


def test_what_has_no_drafts_is_named():
    with pytest.raises(ValueError, match="drafts"):
        Config(drafts=1)
    with pytest.raises(ValueError, match="drafts is 9"):
        replace(BARE, drafts=9)

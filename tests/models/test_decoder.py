"""From features back to a picture."""

import pytest
import torch

from styletransfer.models.decoder import Decoder

CHANNELS = (4, 6, 8, 10)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def test_it_mirrors_the_encoder():
    decoder = Decoder((1, 4, 2, 2), CHANNELS)
    widths = [[(c.in_channels, c.out_channels) for c in stage] for stage in decoder.stages]
    assert widths == [[(10, 8)], [(8, 8)] * 3 + [(8, 6)], [(6, 6), (6, 4)], [(4, 4), (4, 3)]]
    assert decoder({"relu4_1": torch.rand(2, 10, 3, 5)}).shape == (2, 3, 24, 40)
    with pytest.raises(ValueError):
        Decoder((1, 4, 2), CHANNELS)


def test_a_tap_that_is_there_is_added_where_its_level_begins():
    decoder = Decoder((1, 1, 1, 1), CHANNELS).requires_grad_(False)
    deepest, tap = torch.rand(1, 10, 2, 2), torch.rand(1, 6, 8, 8)
    without = decoder({"relu4_1": deepest})
    assert torch.equal(decoder({"relu4_1": deepest, "relu2_1": torch.zeros(1, 6, 8, 8)}), without)
    assert not torch.equal(decoder({"relu4_1": deepest, "relu2_1": tap}), without)
    x = torch.relu(decoder.stages[0][0](deepest))
    x = torch.relu(decoder.stages[1][0](decoder.upsample(x)))
    x = torch.relu(decoder.stages[2][0](decoder.upsample(x) + tap))
    expected = decoder.stages[3][0](decoder.upsample(x))
    torch.testing.assert_close(decoder({"relu4_1": deepest, "relu2_1": tap}), expected)


@pytest.mark.parametrize("upsampling", ["nearest", "bilinear"])
def test_upsampling_is_by_its_name(upsampling):
    x = torch.rand(1, 2, 3, 4)
    found = Decoder((1, 1, 1, 1), CHANNELS, upsampling).upsample(x)
    assert found.shape == (1, 2, 6, 8)
    assert torch.equal(found[:, :, ::2, ::2], x) == (upsampling == "nearest")


@pytest.mark.parametrize("convolutions", [(1, 1, 1, 1), (1, 4, 2, 2)])
def test_nothing_beyond_its_reach_matters(convolutions):
    decoder = Decoder(convolutions, CHANNELS).requires_grad_(False)
    for conv in (conv for stage in decoder.stages for conv in stage):
        torch.nn.init.constant_(conv.weight, 0.1)  # so that no way is cut off by a ReLU
    x = torch.rand(1, 10, 1, 48)
    x = x.expand(1, 10, 8, 48).clone()
    other = x.clone()
    other[..., 0] += 1
    changed = (decoder({"relu4_1": x}) != decoder({"relu4_1": other})).flatten(0, 2).any(dim=0)
    farthest = int(changed.nonzero().max()) - 7  # in pixels, from the last of that position
    assert decoder.reach - 16 <= farthest <= decoder.reach

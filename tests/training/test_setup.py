"""Everything before the first step."""

from dataclasses import replace

import pytest
import torch

from styletransfer import InputError
from styletransfer.models.config import Config
from styletransfer.models.statistics import statistics
from styletransfer.models.vgg import STYLE_TAPS
from styletransfer.training.data import Crops
from styletransfer.training.distributed import ProcessGroup
from styletransfer.training.resident import Resident
from styletransfer.training.session import Execution
from styletransfer.training.setup import SAMPLES, measure_spread, open_source, set_up
from styletransfer.training.stream import Stream

from .conftest import CPU, GROUP, RECIPE


def test_it_is_ready_for_its_first_step(session):
    setup = set_up(session, GROUP)
    assert setup.state.step == 0 and setup.state.skipped == {"content": {}, "style": {}}
    batch, _ = next(setup.batches)
    assert batch.content.shape == batch.style.shape == (2, 3, 16, 16)
    assert not torch.equal(batch.content, batch.style), "each kind has its own chance"
    assert setup.samples.content.shape == (SAMPLES, 3, 16, 16) and setup.samples.content.max() <= 1
    net, vgg = setup.state.net, setup.vgg
    assert vgg is net.encoder and not any(p.requires_grad for p in vgg.parameters())
    assert all(p.requires_grad for p in net.decoder.parameters())
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), setup.state.ema.parameters()))
    again = set_up(session, GROUP)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.state.net.parameters()))


def test_a_bank_is_told_which_styles_it_sees(session):
    config = Config(channels=(4, 6, 8, 8), bottleneck="conditional", styles=tuple("abcd"))
    setup = set_up(replace(session, config=config, recipe=replace(RECIPE, steps=2)), GROUP)
    labels = torch.cat([batch.labels for batch, _ in setup.batches])
    assert sorted(labels.tolist()) == [0, 1, 2, 3] and sorted(setup.samples.labels.tolist()) == [
        0,
        1,
        2,
        3,
    ]


def test_what_cannot_be_trained_is_said(session):
    with pytest.raises(InputError, match="a batch of 2 cannot be shared by 3 processes"):
        set_up(session, ProcessGroup(CPU, 0, 3))
    config = Config(channels=(4, 6, 8, 8), bottleneck="spade")
    with pytest.raises(InputError, match="pairings must be 1 for a spade bottleneck"):
        set_up(replace(session, config=config, recipe=replace(RECIPE, pairings=2)), GROUP)


def test_pictures_come_from_files_memory_or_a_stream(good_pictures):
    for pictures, resident, kind in (
        (good_pictures, False, Crops),
        (good_pictures, True, Resident),
        (["http://host/a.tar"], False, Stream),
    ):
        source = open_source(pictures, RECIPE, 1, GROUP, Execution(resident=resident))
        assert type(source) is kind and source.seed == RECIPE.seed + 1
        assert source.augmentation.crop == 16 and source.augmentation.zoom == RECIPE.zoom


def test_spread_of_crops_that_are_all_alike_can_be_divided_by(tiny_net):
    found = measure_spread(tiny_net.encoder, torch.full((20, 3, 16, 16), 9, dtype=torch.uint8), CPU)
    for variances in found.values():
        assert all(part.min() > 0 and part.isfinite().all() for part in variances)


def test_spread_is_the_variance_of_what_a_style_is(tiny_net):
    torch.manual_seed(0)
    crops = torch.randint(0, 256, (20, 3, 16, 16), dtype=torch.uint8)
    crops[:10] //= 3
    found = measure_spread(tiny_net.encoder, crops, CPU)
    assert list(found) == list(STYLE_TAPS)
    with torch.no_grad():
        features = tiny_net.encoder(crops / 255, STYLE_TAPS)
    for tap, x in features.items():
        for variances, values in zip(found[tap], statistics(x)):
            expected = values.var(dim=0)
            assert variances.min() >= 0.05 * expected.mean() * 0.999
            torch.testing.assert_close(
                variances, expected.clamp(min=0.05 * expected.mean().item()), rtol=1e-3, atol=1e-6
            )

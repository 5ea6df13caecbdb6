"""Tiles: nobody can tell where the parts met."""

import pytest
import torch

from styletransfer.models.statistics import Moments
from styletransfer.stylize import tiling
from styletransfer.stylize.buffer import ImageBuffer
from styletransfer.stylize.levels import Conditioning
from styletransfer.stylize.tiling import Hooks, Tiles

from ..networks import CONFIGS, SLIM, network, rendered, smooth


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("height,width", [(331, 417), (16, 403), (300, 9), (352, 352)])
def test_tiled_equals_untiled(name, height, width):
    """Whether the features of no size, of a draft or of all are kept."""
    net = network(CONFIGS[name])
    x, style = smooth(height, width), smooth(64, 64, 1)
    conditioning = Conditioning(net.code(style))
    whole = rendered(net, x, conditioning, 1024)
    for kept in (0, 100_000, 10**9):
        tiled = rendered(net, x, conditioning, tiling.smallest_window(net), kept=kept)
        assert tiled.shape == x.shape
        assert (whole - tiled).abs().max() <= 0.5 / 255, kept


@pytest.mark.parametrize("name", ["slim-joint", "slim-enlarged", "slim-draft", "vgg"])
def test_tiled_equals_untiled_with_regions_and_mask(name):
    net = network(CONFIGS[name])
    x = smooth(300, 340)
    styles = torch.cat([smooth(64, 64, 1), smooth(64, 64, 2), smooth(64, 64, 3)])
    region_maps = torch.zeros(1, 3, 300, 340)
    region_maps[:, 0, :, :100] = 1
    region_maps[:, 1, :, 100:] = 1
    region_maps[:, :2, :2, :2] = 0
    region_maps[:, 2, :2, :2] = 1  # too small for statistics of its own
    alpha = torch.linspace(0, 1, 340).expand(1, 1, 300, 340)
    conditioning = Conditioning(net.code(styles), alpha, region_maps)
    whole, encoded_twice, kept = (
        rendered(net, x, conditioning, window, kept=kept)
        for window, kept in (
            (1024, 0),
            (tiling.smallest_window(net), 0),
            (tiling.smallest_window(net), 10**9),
        )
    )
    assert (whole - encoded_twice).abs().max() <= 0.5 / 255
    assert (whole - kept).abs().max() <= 0.5 / 255


def test_what_is_kept_is_encoded_once(monkeypatch):
    net = network(CONFIGS["slim-draft"])
    x, conditioning = smooth(331, 417), Conditioning(net.code(smooth(64, 64, 1)))
    forward, encoded = net.encoder.forward, []
    monkeypatch.setattr(net.encoder, "forward", lambda x, *how: encoded.append(x) or forward(x, *how))
    counts = []
    for kept in (0, 100_000, 10**9):
        encoded.clear()
        rendered(net, x, conditioning, tiling.smallest_window(net), kept=kept)
        counts.append(sum(x.shape[2] * x.shape[3] for x in encoded))
    nothing, draft, all_sizes = counts
    assert all_sizes < 0.6 * nothing and all_sizes < draft < nothing


@pytest.mark.parametrize("name", ["slim-draft", "slim-grain", "vgg"])
@pytest.mark.parametrize("strokes", [0.5, 1.5, 2.0, 4.0])
def test_tiled_equals_untiled_at_any_stroke_size(name, strokes):
    if name == "vgg" and strokes < 1:
        return
    net = network(CONFIGS[name])
    x, conditioning = smooth(331, 417), Conditioning(net.code(smooth(64, 64, 1)))
    whole, tiled = (
        rendered(net, x, conditioning, window, strokes) for window in (1024, tiling.smallest_window(net))
    )
    assert (whole - tiled).abs().max() <= 0.5 / 255
    assert (whole - rendered(net, x, conditioning, 1024)).abs().max() > 2 / 255


@pytest.mark.parametrize(
    "name,height,width",
    [
        ("slim-draft", 64, 96),
        ("slim-draft", 80, 112),
        ("slim-drafts", 64, 128),
        ("slim-strengths", 64, 128),
        ("slim-enlarged", 80, 96),
    ],
)
def test_the_engine_paints_what_the_network_does(name, height, width):
    net = network(CONFIGS[name])
    x, code = smooth(height, width), net.code(smooth(64, 64, 1))
    with torch.inference_mode():
        expected = net(x, code).clamp(0, 1)
    found = rendered(net, x, Conditioning(code), 1024)
    torch.testing.assert_close(found, expected, atol=2e-3, rtol=0)


def test_without_the_whole_s_statistics_it_would_not():
    net = network(SLIM)
    x, conditioning = smooth(331, 417), Conditioning(net.code(smooth(64, 64, 1)))
    whole = rendered(net, x, conditioning, 1024)
    with torch.inference_mode():
        found = {}
        hooks = Hooks(adjust_moments=lambda name, moments: found.setdefault(name, moments))
        tiling.render(net, ImageBuffer(x), conditioning, Tiles(1024), hooks)
        found = {name: Moments(m.mean, m.var * 1.5) for name, m in found.items()}
        off = tiling.render(net, ImageBuffer(x), conditioning, Tiles(256), content_moments=found).pixels
    assert (whole - off).abs().max() > 2 / 255


@pytest.mark.parametrize("name", ["slim", "slim-enlarged", "vgg", "vgg-bilinear"])
def test_nothing_beyond_its_reach_matters_to_a_pixel(name):
    net = network(CONFIGS[name])
    conditioning = Conditioning(net.code(smooth(64, 64, 1)))
    side = 2 * net.reach + 64
    x = smooth(side, side)
    with torch.inference_mode():
        found = {}
        hooks = Hooks(adjust_moments=lambda name, moments: found.setdefault(name, moments))
        tiling.render(net, ImageBuffer(x), conditioning, Tiles(side), hooks)

        def painted(x):
            features = net.encode(net.recolor(x, *conditioning, found))
            return net.decode(net.bottleneck_features(features, *conditioning, found))

        before = painted(x)
        other = x.clone()
        other[:, :, :8] = 1 - other[:, :, :8]  # the first 8 rows
        after = painted(other)
        features = net.encode(x), net.encode(other)
    far = 8 + net.reach
    assert torch.equal(before[:, :, far:], after[:, :, far:])
    assert not torch.equal(before[:, :, : far // 2], after[:, :, : far // 2])
    for tap in features[0]:
        rest = -(-(8 + net.encoder.reach) * features[0][tap].shape[2] // side)
        assert torch.equal(features[0][tap][:, :, rest:], features[1][tap][:, :, rest:])

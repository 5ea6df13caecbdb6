"""Tiles: nobody can tell where the parts met."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from styletransfer.errors import InputError
from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.padding import MULTIPLE
from styletransfer.models.statistics import Moments
from styletransfer.options import StylizeOptions
from styletransfer.stylize import paint as painting
from styletransfer.stylize import tiling
from styletransfer.stylize.buffer import DiskImageBuffer, ImageBuffer
from styletransfer.stylize.levels import Conditioning, factors
from styletransfer.stylize.stylizer import Stylizer
from styletransfer.stylize.tiling import Hooks, Tiles

SLIM = Config(encoder="slim", taps=("pixels", "relu3_1", "relu4_1"), channels=(8, 12, 16))
ENLARGED = Config(
    encoder="slim",
    taps=("pixels", "relu3_1"),
    joint=("pixels", "relu3_1"),
    channels=(8, 12),
    scale=(5, 4),
)
VGG = Config(taps=("pixels", "relu3_1", "relu4_1"), channels=(4, 6, 8, 10))
CONFIGS = {
    "slim": SLIM,
    "slim-joint": Config(
        encoder="slim", taps=SLIM.taps, joint=("pixels", "relu3_1", "relu4_1"), channels=(4, 6, 8)
    ),
    "slim-enlarged": ENLARGED,
    "slim-blocks": replace(ENLARGED, blocks=1),
    "slim-draft": replace(ENLARGED, blocks=1, drafts=1),
    "slim-drafts": replace(ENLARGED, drafts=2),
    "slim-grain": replace(ENLARGED, drafts=1, grain=0.3),
    "slim-deep": Config(encoder="slim", channels=(4, 6, 8), blocks=3),
    "vgg": VGG,
    "vgg-all-depths": Config(
        taps=("relu1_1", "relu2_1", "relu3_1", "relu4_1"), joint=(), channels=(4, 6, 8, 10)
    ),
    "vgg-bilinear": Config(taps=("relu4_1",), joint=(), channels=(4, 6, 8, 10), upsampling="bilinear"),
    "instance": Config(bottleneck="instance", joint=(), channels=(4, 6, 8, 10)),
}


def network(config):
    """Random, but alive: its pictures are as bright and as varied as pictures are."""
    torch.manual_seed(1)
    net = StylizerNet(config).eval().requires_grad_(False)
    convolutions = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    for conv in convolutions:
        torch.nn.init.kaiming_normal_(conv.weight)
    out = net(smooth(64, 64), net.code(smooth(64, 64, 1)))
    convolutions[-1].weight *= 0.2 / out.std()
    convolutions[-1].bias += 0.5 - 0.2 * out.mean() / out.std()
    return net


def smooth(height, width, seed=0):
    """A photo-like picture: statistics of its parts differ from the whole's."""
    noise = torch.rand(1, 3, height // 24 + 2, width // 24 + 2, generator=torch.manual_seed(seed))
    x = torch.nn.functional.interpolate(noise, size=(height, width), mode="bicubic")
    return (x + 0.05 * torch.rand(x.shape)).clamp(0, 1)


def rendered(net, x, conditioning, window, strokes=1.0):
    tiles = Tiles(window, factors(net, strokes))
    with torch.inference_mode():
        return tiling.render(net, ImageBuffer(x), conditioning, tiles).pixels


@pytest.mark.parametrize("side", [1, 7, 16, 250, 256, 300, 411, 1000])
@pytest.mark.parametrize("halo", [0, 32, 64])
def test_spans_cover_a_side_once_and_see_as_far_as_they_must(side, halo):
    side, window = tiling.padded(side), 256
    spans = list(tiling.spans(side, window, halo))
    assert [s.start for s in spans] == [0, *(s.stop for s in spans[:-1])] and spans[-1].stop == side
    for s in spans:
        assert s.window.start <= max(0, s.start - halo) and s.window.stop >= min(side, s.stop + halo)
        assert s.window.stop - s.window.start == min(side, window)
        assert not s.start % MULTIPLE and not s.window.start % MULTIPLE


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("height,width", [(331, 417), (16, 403), (300, 9), (352, 352)])
def test_tiled_equals_untiled(name, height, width):
    net = network(CONFIGS[name])
    x, style = smooth(height, width), smooth(64, 64, 1)
    code = net.code(style)
    conditioning = Conditioning(code)
    whole, tiled = (
        rendered(net, x, conditioning, window) for window in (1024, tiling.smallest_window(net))
    )
    assert tiled.shape == x.shape
    assert (whole - tiled).abs().max() <= 0.5 / 255


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
    whole, tiled = (
        rendered(net, x, conditioning, window) for window in (1024, tiling.smallest_window(net))
    )
    assert (whole - tiled).abs().max() <= 0.5 / 255


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


def test_a_buffer_on_disk_is_painted_as_one_in_memory(tmp_path):
    net = network(SLIM)
    x = (smooth(301, 222) * 255).byte()
    (tmp_path / "raw").write_bytes(x[0].permute(1, 2, 0).contiguous().numpy().tobytes())
    disk = DiskImageBuffer(tmp_path / "raw", 301, 222)
    conditioning = Conditioning(net.code(smooth(64, 64, 1)))
    with torch.inference_mode():
        out = [
            painting.paint(net, image, conditioning, StylizeOptions(tile=192)).pixels
            for image in (ImageBuffer(x), disk)
        ]
    assert torch.equal(*out)
    assert out[0].dtype == torch.uint8 and x.float().sub(out[0]).abs().max() > 2


def test_out_of_memory_tries_smaller_tiles(monkeypatch):
    net = network(SLIM)
    x, conditioning = smooth(300, 400), Conditioning(net.code(smooth(64, 64, 1)))
    whole = rendered(net, x, conditioning, 1024)
    forward, seen = net.encoder.forward, []

    def small_machine(x, *how):
        seen.append(x.shape[3])
        if x.shape[3] > 256:
            raise torch.OutOfMemoryError("out of memory")
        return forward(x, *how)

    monkeypatch.setattr(net.encoder, "forward", small_machine)
    with torch.inference_mode():
        out = painting.paint(net, ImageBuffer(x), conditioning).pixels
        assert seen[0] == 400 and seen[-1] == 192
        assert (whole - out).abs().max() <= 0.5 / 255
        with pytest.raises(InputError, match="out of memory"):
            painting.paint(net, ImageBuffer(x), conditioning, StylizeOptions(tile="off"))


def test_auto_takes_tiles_when_memory_is_short(monkeypatch):
    net, x = network(SLIM), smooth(300, 400)
    conditioning, seen = Conditioning(net.code(smooth(64, 64, 1))), []
    forward = net.encoder.forward
    monkeypatch.setattr(net.encoder, "forward", lambda x, *how: seen.append(x.shape) or forward(x, *how))
    monkeypatch.setattr(painting, "affordable", lambda *_: 200 * 200)
    with torch.inference_mode():
        painting.paint(net, ImageBuffer(x), conditioning)
    assert {tuple(s[2:]) for s in seen} == {(192, 192)}


def test_thumbnail_statistics_are_near_and_need_one_pass(monkeypatch):
    monkeypatch.setattr(painting, "THUMBNAIL", 128)
    net = network(SLIM)
    x, conditioning = smooth(400, 500), Conditioning(net.code(smooth(64, 64, 1)))
    with torch.inference_mode():
        exact, near = (
            painting.paint(
                net, ImageBuffer(x), conditioning, StylizeOptions(tile=192, stats=stats)
            ).pixels
            for stats in ("exact", "thumbnail")
        )
    assert 0 < (exact - near).abs().mean() < 0.02


@pytest.mark.parametrize("stats", ["exact", "thumbnail"])
@pytest.mark.parametrize("tile", [192, "off"])
@pytest.mark.parametrize("alpha", [0, 0.5, "map"])
@pytest.mark.parametrize("name,strokes", [("slim", 1.0), ("slim", 2.0), ("slim-draft", 1.0), ("vgg", 0)])
def test_progress_ends_at_one(name, strokes, alpha, tile, stats):
    """Step by step, and only once all is there."""
    if name == "vgg":  # of a reach that needs larger tiles
        strokes, tile = 1.0, 336 if tile == 192 else tile
    net, image = network(CONFIGS[name]), ImageBuffer(smooth(300, 400))
    alpha = smooth(300, 400, 3)[:, :1] if alpha == "map" else alpha
    conditioning, seen, told = Conditioning(net.code(smooth(64, 64, 1)), alpha), [], []

    def finish(x, painted):
        told.append(max(seen, default=0))
        return painted

    with torch.inference_mode():
        options = StylizeOptions(tile=tile, stats=stats, strokes=strokes)
        painting.paint(net, image, conditioning, options, Hooks(finish), seen.append)
    assert seen == sorted(set(seen)) and seen[-1] == 1.0
    assert max(told) < 1
    assert seen == pytest.approx([(n + 1) / len(seen) for n in range(len(seen))])


def test_progress_never_falls_though_memory_runs_out():
    """Once more with smaller tiles: what was told is not taken back."""
    net, image, seen, finished = network(SLIM), ImageBuffer(smooth(400, 500)), [], []
    conditioning = Conditioning(net.code(smooth(64, 64, 1)))

    def finish(x, painted):
        finished.append(max(x.shape[2:]))
        if len(finished) == 2:
            raise torch.OutOfMemoryError
        return painted

    with torch.inference_mode():
        options = StylizeOptions(tile=384)
        painting.paint(net, image, conditioning, options, Hooks(finish), seen.append)
    assert seen == sorted(set(seen)) and seen[-1] == 1.0
    assert max(finished[:2]) > max(finished[2:])


def test_tile_is_an_option_of_stylize(tiny_model):
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    photo = (np.random.default_rng(0).random((300, 310, 3)) * 255).astype(np.uint8)
    style = photo[:64, :64]
    whole, tiled = (stylizer.stylize(photo, style, tile=tile) for tile in ("off", 256))
    assert np.abs(whole.astype(int) - tiled).max() <= 1
    for bad in (8, 201, "big"):
        with pytest.raises(InputError, match="tile is"):
            stylizer.stylize(photo, style, tile=bad)
    with pytest.raises(InputError, match="stats is"):
        stylizer.stylize(photo, style, stats="guess")

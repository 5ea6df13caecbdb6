"""Painting in whatever memory there is, and saying how far it is."""

from dataclasses import replace
from threading import get_ident

import numpy as np
import pytest
import torch

from styletransfer.errors import InputError
from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.options import StylizeOptions
from styletransfer.stylize import paint as painting
from styletransfer.stylize.buffer import ImageBuffer
from styletransfer.stylize.levels import Conditioning
from styletransfer.stylize.paint import drafts_of
from styletransfer.stylize.stylizer import Stylizer
from styletransfer.stylize.tiling import Hooks

from ..codes import STYLES
from ..networks import CONFIGS, SLIM, network, rendered, smooth


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
        assert seen[0] == 400 and seen[-1] <= 192
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
    assert len(seen) > 1 and all(max(shape[2:]) <= 192 for shape in seen)


@pytest.mark.parametrize("tile", [192, "auto"])
def test_features_are_kept_where_memory_is_for_them(monkeypatch, tile):
    net, x = network(CONFIGS["slim-draft"]), smooth(300, 400)
    conditioning, seen = Conditioning(net.code(smooth(64, 64, 1))), []
    forward = net.encoder.forward
    monkeypatch.setattr(net.encoder, "forward", lambda x, *how: seen.append(x) or forward(x, *how))
    monkeypatch.setattr(painting, "affordable", lambda *_: 200 * 200)
    painted, encoded = [], []
    for pixels in (0, 300 * 400):
        monkeypatch.setattr(painting, "features_affordable", lambda *_, pixels=pixels: pixels)
        seen.clear()
        with torch.inference_mode():
            out = painting.paint(net, ImageBuffer(x), conditioning, StylizeOptions(tile=tile))
        painted.append(out.pixels)
        encoded.append(len(seen))
    assert encoded[1] < encoded[0]
    assert (painted[0] - painted[1]).abs().max() <= 0.5 / 255


def test_several_tiles_at_once_give_the_picture_of_one_after_the_other(monkeypatch):
    net, x = network(CONFIGS["slim-draft"]), smooth(300, 400)
    conditioning, painted = Conditioning(net.code(smooth(64, 64, 1))), []
    painters = set()
    decode = net.decode
    monkeypatch.setattr(net, "decode", lambda *a: painters.add(get_ident()) or decode(*a))
    for at_once in (1, 2):
        monkeypatch.setattr(painting, "_at_once", lambda *_, at_once=at_once: at_once)
        painters.clear()
        with torch.inference_mode():
            options = StylizeOptions(tile=192)
            painted.append(painting.paint(net, ImageBuffer(x), conditioning, options).pixels)
        assert (get_ident() in painters) == (at_once == 1)
    assert (painted[0] - painted[1]).abs().max() <= 1e-5


def test_as_many_tiles_at_once_as_there_are_cores_and_room(monkeypatch):
    net = network(SLIM)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert [painting._at_once(net, room) for room in (0, 1, 3, 9)] == [1, 1, 3, 4]


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


def test_progress_never_falls_though_memory_runs_out(monkeypatch):
    """Once more with smaller tiles: what was told is not taken back."""
    net, image, seen, finished = network(SLIM), ImageBuffer(smooth(400, 500)), [], []
    conditioning = Conditioning(net.code(smooth(64, 64, 1)))

    def finish(x, painted):
        finished.append(max(x.shape[2:]))
        if len(finished) == 2:
            raise torch.OutOfMemoryError
        return painted

    monkeypatch.setattr(painting, "_at_once", lambda *_: 1)  # nothing is finished after the error
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


def test_too_large_a_picture_is_refused_before_the_memory_runs_out(stylizer):
    with pytest.raises(InputError, match=r"needs about .* GB .* --size"):
        stylizer.stylize(torch.zeros(1, 3, 1, 1).expand(1, 3, 40_000, 30_000), STYLES[0], tile="off")


DRAFTED = Config(encoder="slim", taps=("pixels", "relu3_1"), channels=(4, 6), drafts=1)


def test_no_draft_is_smaller_than_what_is_to_be_seen_of_it():
    net = StylizerNet(DRAFTED)
    assert drafts_of(net, ImageBuffer(torch.zeros(1, 3, 130, 400)), 4) == [4, 2]
    assert drafts_of(net, ImageBuffer(torch.zeros(1, 3, 40, 40)), 1) == []
    with pytest.raises(InputError, match="no finer"):
        drafts_of(StylizerNet(replace(DRAFTED, drafts=0)), ImageBuffer(torch.zeros(1, 3, 40, 40)), 0.5)

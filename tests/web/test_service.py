"""The service without its page: what it paints, and how far it says it is."""

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer.media.image import Picture, read_picture
from styletransfer.options import StylizeOptions
from styletransfer.system.host import cores
from styletransfer.web.job_queue import JobStopped
from styletransfer.web.sent_files import SentFile
from styletransfer.web.service import StudioService, half_the_cores, made_small
from styletransfer.web.wish import Wish

from ..conftest import noise
from .conftest import MODEL


def wish(stylizer, photo, *styles, **options) -> Wish:
    blend = {style: 1 / len(styles) for style in styles}
    options = StylizeOptions(weights=tuple(blend.values()), **{"style_size": 32, **options})
    return Wish(stylizer.model, [SentFile("a", "photo", "a.png", photo)], blend, options)


def test_it_paints_what_the_engine_paints(service, stylizer, photo, paintings):
    for color in ("none", "luminance", "histogram"):
        given = wish(stylizer, photo, *paintings, alpha=0.8, preserve_color=color)
        picture = service.paint(given, read_picture(photo), lambda share: None)
        expected = stylizer.stylize(photo, paintings, 0.8, preserve_color=color, style_size=32)
        assert np.array_equal(np.array(picture), np.array(expected))
    assert service.code(stylizer.model, given.styles, given.options, True).quantiles


def test_a_preview_is_the_picture_made_small(tmp_path):
    photo, mask = Picture(noise(200, 100), noise(200, 100).convert("L")), Image.new("L", (200, 100), 255)
    map = Image.new("RGB", (200, 100), "#ff0000")
    map.paste("#0000ff", (0, 0, 100, 100))
    for image, name in ((mask, "mask.png"), (map, "map.png")):
        image.save(tmp_path / name)
    maps = {"mask": str(tmp_path / "mask.png"), "regions": str(tmp_path / "map.png"), "region": {"a": 1}}
    small, options = made_small(photo, StylizeOptions(feather=20, refine=5, alpha=0.5, **maps), 50)
    assert small.rgb.size == small.alpha.size == options.mask.size == options.regions.size == (100, 50)
    assert {color for _, color in options.regions.getcolors()} == {(255, 0, 0), (0, 0, 255)}
    assert (options.feather, options.refine, options.alpha, options.size) == (10, 0, 0.5, None)
    for wanted, size in ((None, (200, 100)), (64, (128, 64)), (900, (200, 100))):
        assert made_small(photo, StylizeOptions(size=wanted), 500)[0].rgb.size == size


def test_a_stop_ends_it_and_nobody_listens_any_more(service, stylizer, photo, paintings):
    heard = []
    given = wish(stylizer, photo, paintings[0])
    service.paint(given, read_picture(photo), heard.append)
    assert heard == sorted(heard) and len(heard) > 5 and max(heard) < 1

    def stop(share):
        raise JobStopped

    with pytest.raises(JobStopped):
        service.paint(given, read_picture(photo), stop)
    heard.clear()
    stylizer.stylize(photo, paintings[0], style_size=32)
    assert heard == []


@pytest.mark.parametrize("color", ["none", "histogram"])
@pytest.mark.parametrize("tiles", [False, True])
def test_progress_never_falls_and_is_near_the_end_at_the_end(
    color, tiles, stylizer, tmp_path, monkeypatch
):
    service = StudioService(stylizer, **MODEL)
    names = [str(tmp_path / f"{name}.png") for name in "abc"]
    for seed, name in enumerate(names):
        noise(48, 40, seed=seed).save(name)
    if tiles:
        monkeypatch.setattr("styletransfer.stylize.paint.affordable", lambda *_: 256 * 256)
    heard = []
    given = wish(stylizer, names[0], *names, preserve_color=color)
    service.paint(given, Picture(noise(600, 500)), heard.append)
    assert heard == sorted(heard) and 0.1 < heard[len(heard) // 2] < 0.8 and 0.9 < heard[-1] < 1


def test_a_frame_of_the_camera_is_painted_at_its_size(service, stylizer, photo, paintings):
    frame = noise(64, 48)
    given = wish(stylizer, photo, paintings[0], alpha=0.5, refine=9, size=20)
    expected = stylizer.stylize(frame, paintings[0], 0.5, style_size=32)
    assert np.array_equal(np.array(service.frame(given, Picture(frame))), np.array(expected))


def test_models_are_loaded_when_they_are_asked_for_and_few_are_kept(stylizer, monkeypatch):
    loaded = []

    def load(model, device, precision):
        loaded.append((model, device, precision))
        return object()

    monkeypatch.setattr("styletransfer.web.service.Stylizer", load)
    service = StudioService(stylizer, **MODEL)
    assert service.models[0] == stylizer.model and "adain-fast" in service.models
    assert service.stylizer(stylizer.model) is stylizer and not loaded
    for model in ("adain-fast", "adain-vgg", "adain-fast", "bank", "adain-vgg"):
        service.stylizer(model)
    assert [model for model, *_ in loaded] == ["adain-fast", "adain-vgg", "bank", "adain-vgg"]
    assert loaded[0][1:] == ("cpu", "fp32") and len(service.loaded) == 2


def test_frames_leave_cores_to_the_browser():
    before = torch.get_num_threads()
    with half_the_cores():
        assert torch.get_num_threads() == max(1, min(before, cores() // 2))
    assert torch.get_num_threads() == before

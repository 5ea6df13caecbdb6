"""The studio without a browser: limits, stopping, files, and what is served."""

import os
import threading
import weakref

import numpy as np
import pytest
from PIL import Image

from styletransfer.errors import InputError
from styletransfer.media.image import read_picture
from styletransfer.options import StylizeOptions
from styletransfer.web.service import JobStopped, StudioService, thumbnail

from ..conftest import noise


def asked(step=lambda share: None, **changes) -> dict:
    return dict(options=StylizeOptions(**dict(alpha=0.8, style_size=32) | changes), step=step)


@pytest.fixture
def service(stylizer, tmp_path) -> StudioService:
    return StudioService(stylizer, tmp_path, megapixels=0.1)


def test_it_paints_what_the_engine_paints(service, stylizer, photo, paintings):
    styles = [(paintings[0], 0.5), (paintings[1], 1.0)]
    for color in ("none", "luminance", "histogram"):
        picture = service.paint(read_picture(photo), styles, **asked(preserve_color=color))
        expected = stylizer.stylize(
            photo, paintings, 0.8, weights=[0.5, 1.0], preserve_color=color, style_size=32
        )
        assert np.array_equal(np.array(picture), np.array(expected))
    assert service.code(styles, 32).styles == pytest.approx({"a picture": 1.0})


def test_a_small_drawing_masks_a_large_photo(service, photo, paintings):
    drawn = np.zeros((19, 25), np.uint8)
    drawn[:, :12] = 255
    whole = np.array(service.paint(read_picture(photo), [(paintings[0], 1)], **asked()))
    part = np.array(service.paint(read_picture(photo), [(paintings[0], 1)], **asked(mask=drawn)))
    none = asked(mask=np.zeros_like(drawn))
    assert np.array_equal(
        whole, np.array(service.paint(read_picture(photo), [(paintings[0], 1)], **none))
    )
    assert not np.array_equal(whole[:, 40:], part[:, 40:])


def test_progress_and_stop(service, photo, paintings):
    heard = []
    service.paint(read_picture(photo), [(paintings[0], 1)], **asked(step=heard.append))
    assert heard == sorted(heard) and len(heard) > 5
    assert heard[-1] == 1.0 and max(heard[:-1]) < 1

    def stop(done):
        raise JobStopped

    with pytest.raises(JobStopped):
        service.paint(read_picture(photo), [(paintings[0], 1)], **asked(step=stop))
    heard.clear()
    service.stylizer.stylize(photo, paintings[0], style_size=32)
    assert heard == []  # nobody listens any more


@pytest.mark.parametrize("color", ["none", "histogram"])
@pytest.mark.parametrize("tiles", [False, True])
def test_progress_reaches_the_end_at_the_end(color, tiles, stylizer, tmp_path, monkeypatch):
    """Several styles and tiles: it never falls, and is not there before it is."""
    service = StudioService(stylizer, tmp_path, megapixels=1)
    for name in "abc":
        noise(48, 40, seed=ord(name)).save(tmp_path / f"{name}.png")
    noise(600, 500).save(tmp_path / "photo.png")
    if tiles:
        monkeypatch.setattr("styletransfer.stylize.paint.affordable", lambda *_: 256 * 256)
    heard = []
    styles = [(str(tmp_path / f"{name}.png"), 1.0) for name in "abc"]
    photo = read_picture(tmp_path / "photo.png")
    service.paint(photo, styles, **asked(preserve_color=color, step=heard.append))
    assert heard == sorted(heard) and heard[-1] == 1.0 and heard.count(1.0) == 1
    assert 0.1 < heard[len(heard) // 2] < 0.8
    assert heard[-2] > 0.9


def test_a_stop_reaches_no_other_job(stylizer, tmp_path, photo, paintings):
    """One user's style is encoded when it is its turn, and no other's job hears of it."""
    service = StudioService(stylizer, tmp_path, megapixels=0.1)
    inside, go_on, done = threading.Event(), threading.Event(), []

    def step(share):
        if threading.current_thread() is not mine:
            done.append("heard of another's")
        inside.set()
        go_on.wait(10)

    options = asked(step=step)
    arguments = read_picture(photo), [(paintings[0], 1)]
    mine = threading.Thread(target=lambda: service.paint(*arguments, **options))
    other = threading.Thread(target=lambda: done.append(service.code([(paintings[1], 1)], 32)))
    mine.start()
    assert inside.wait(10)
    other.start()
    other.join(0.3)
    assert done == []  # it waits
    go_on.set()
    mine.join(20), other.join(20)
    assert len(done) == 1 and done[0].styles == {"a picture": 1.0}


def test_uploads_are_judged(service, tmp_path):
    (tmp_path / "secret-name.png").write_text("no picture")
    with pytest.raises(InputError, match="^secret-name.png: is not a picture"):
        service.check(tmp_path / "secret-name.png")
    noise(40, 30).save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:-300])
    with pytest.raises(InputError, match="^cut.png: is broken"):
        service.check(tmp_path / "cut.png")
    with pytest.raises(InputError, match="^gone.png is no longer here"):
        service.check(tmp_path / "gone.png")
    noise(400, 300).save(tmp_path / "large.png")
    with pytest.raises(InputError, match="megapixels"):
        service.check(tmp_path / "large.png")
    with pytest.raises(InputError, match="photo"):
        service.check(None)
    with pytest.raises(InputError, match="weight"):
        service.paint(read_picture(noise_file(tmp_path)), [("x.jpg", 0.0)], **asked())


def noise_file(folder) -> str:
    noise(40, 30).save(folder / "a.png")
    return str(folder / "a.png")


def test_every_file_has_a_folder_of_its_own_until_its_user_leaves(service):
    a, b = service.shown("me", noise(20, 20)), service.shown("you", noise(20, 20))
    assert a != b and Image.open(a).size == (20, 20)
    assert thumbnail(read_picture(a)).shape == (20, 20, 3)
    service.forget("me")
    assert not os.path.exists(a) and os.path.exists(b)


def test_who_leaves_takes_what_was_kept_in_memory_along(service):
    circle = [np.zeros(9)]
    kept = weakref.ref(circle[0])
    circle.append(circle)
    del circle
    assert kept() is not None
    service.forget("me")
    assert kept() is None

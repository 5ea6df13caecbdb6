"""Animations and folders of frames, as clips."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from styletransfer.errors import InputError
from styletransfer.media import clip as clips
from styletransfer.media.clip import FolderClip, PictureClip

from ..conftest import noise


def animation(path, durations):
    frames = [noise(20, 16, seed=n) for n in range(len(durations))]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, lossless=True)
    with Image.open(path) as image:
        return PictureClip.open(path, image), frames


def test_frames_of_an_animation_have_their_times(tmp_path):
    clip, frames = animation(tmp_path / "a.webp", [50, 100, 30])
    assert (clip.size, clip.count, clip.length) == ((20, 16), 3, Fraction(180, 1000))
    assert clip.rate == Fraction(3) / clip.length and not clip.damaged
    found = list(clip.frames(Fraction(0)))
    assert [frame.time for frame in found] == [0, Fraction(5, 100), Fraction(15, 100)]
    assert [frame.duration for frame in found] == [Fraction(n, 1000) for n in (50, 100, 30)]
    assert all(np.array_equal(a.rgb, np.array(b)) for a, b in zip(found, frames))
    late = list(clip.frames(Fraction(1, 100)))
    assert [frame.time for frame in late] == [frame.time for frame in found[1:]]


def test_a_frame_that_is_seen_for_no_time_is_seen_for_a_tenth_of_a_second(tmp_path):
    clip, _ = animation(tmp_path / "a.gif", [0, 0])
    assert [frame.duration for frame in clip.frames(Fraction(0))] == [Fraction(1, 10)] * 2


def test_transparency_comes_along(tmp_path):
    frame = noise(20, 16)
    frame.putalpha(Image.new("L", (20, 16), 77))
    frame.save(tmp_path / "a.png", save_all=True, append_images=[frame.rotate(180)])
    with Image.open(tmp_path / "a.png") as image:
        first = next(PictureClip.open(tmp_path / "a.png", image).frames(Fraction(0)))
    assert first.rgb.shape == (16, 20, 3) and (first.alpha == 77).all()


def test_an_animation_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "MAX_PIXELS", 100)
    with pytest.raises(InputError, match="larger than"):
        animation(tmp_path / "a.gif", [50, 50])


@pytest.fixture
def folder(tmp_path):
    for number in (10, 9, 2):
        noise(20, 16, seed=number).save(tmp_path / f"frame{number}.png")
    (tmp_path / "notes.txt").write_text("not a frame")
    return tmp_path


def test_a_folder_is_in_the_order_of_its_numbers(folder):
    clip = FolderClip.open(folder)
    assert [path.name for path in clip.files] == ["frame2.png", "frame9.png", "frame10.png"]
    assert (clip.size, clip.count, clip.rate, clip.length) == ((20, 16), 3, 25, Fraction(3, 25))
    found = list(clip.frames(Fraction(0)))
    assert [frame.time for frame in found] == [0, Fraction(1, 25), Fraction(2, 25)]
    assert np.array_equal(found[2].rgb, np.array(noise(20, 16, seed=10)))
    slow = clip.at_rate(Fraction(2))
    assert (slow.rate, slow.length, slow.time_base) == (2, Fraction(3, 2), Fraction(1, 2))
    assert [frame.time for frame in slow.frames(Fraction(1, 2))] == [Fraction(1, 2), 1]


def test_frames_of_another_size_and_none_are_named(folder, tmp_path):
    noise(16, 20).save(folder / "frame11.png")
    with pytest.raises(
        InputError, match="frame11.png: is 16×20, the first 20×16: frames are all of one"
    ):
        list(FolderClip.open(folder).frames(Fraction(0)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no pictures in it"):
        FolderClip.open(tmp_path / "empty")

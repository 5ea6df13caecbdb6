"""Files that are cut short or broken are found to be; no others are."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from styletransfer.errors import InputError
from styletransfer.media.video_reader import open_clip

from ..films import animation, panned, streamable, streamable_film, write_film

pytestmark = pytest.mark.usefixtures("in_empty_folder")


def test_what_is_cut_short_is_said(tmp_path):
    whole = write_film(str(tmp_path / "a.mkv"), panned(100))
    short = tmp_path / "short.mkv"
    with open(whole, "rb") as file:
        data = file.read()
    short.write_bytes(data[: len(data) // 2])
    clip = open_clip(short)
    assert 10 < len(list(clip.frames(Fraction(0)))) < 100
    assert clip.damaged


WHOLE = {
    "mp4": ("a.mp4", {}),
    "sound": ("a.mp4", {"sound": True}),
    "mkv": ("a.mkv", {"sound": True}),
    "stream": ("a.ts", {}),
    "raw": ("a.h264", {}),
    "variable": ("a.mp4", {"times": [0, 10, 20, 500, 510, 3000, 3010, 9000]}),
    "variable mkv": ("a.mkv", {"times": [0, 10, 20, 500, 510, 3000, 3010, 9000]}),
    "late": ("a.mp4", {"times": list(range(2000, 2640, 40)), "sound": True}),
}


@pytest.mark.parametrize("name, options", WHOLE.values(), ids=WHOLE)
def test_good_films_are_not_said_to_be_damaged(name, options):
    frames = panned(len(options.get("times", range(16))))
    path = write_film(name, frames, **options)
    for start in (0, 1):
        clip = open_clip(path)
        times = [frame.time for frame in clip.frames(Fraction(0))]
        assert len(list(clip.frames(times[start * len(times) // 2]))) >= len(times) // 2
        assert not clip.damaged and len(times) == len(frames)


@pytest.mark.parametrize("options", [{"movflags": "+frag_keyframe+empty_moov"}, {"live": "1"}])
def test_films_without_a_declared_length_are_good(options):
    suffix = ".mkv" if "live" in options else ".mp4"
    path = streamable(write_film("a.mp4", panned(16)), f"b{suffix}", **options)
    clip = open_clip(path)
    assert len(list(clip.frames(0))) == 16 and not clip.damaged


def test_what_follows_the_end_of_a_good_file_is_no_damage():
    for path in (streamable_film("a.mp4"), write_film("a.mkv", panned(16))):
        with open(path, "ab") as file:
            file.write(bytes(500))
        clip = open_clip(path)
        assert len(list(clip.frames(0))) == 16 and not clip.damaged


def test_text_that_follows_the_end_of_a_good_file_is_no_damage():
    with open(streamable_film("a.mp4"), "ab") as file:
        file.write(b"some text that a camera wrote" * 20)
    clip = open_clip("a.mp4")
    assert len(list(clip.frames(0))) == 16 and not clip.damaged


def test_a_clock_that_is_set_back_is_damage(tmp_path):
    write_film("a.ts", panned(6), times=list(range(1000, 1240, 40)))
    write_film("b.ts", panned(6), times=list(range(0, 240, 40)))
    Path("both.ts").write_bytes(Path("a.ts").read_bytes() + Path("b.ts").read_bytes())
    clip = open_clip("both.ts")
    assert len(list(clip.frames(clip.begin))) < 12 and clip.damaged


def flipped(data: bytes, seed: int) -> bytes:
    random = np.random.default_rng(seed)
    found = bytearray(data)
    for place in random.integers(8, len(data), random.integers(1, 30)):
        found[place] ^= 1 << random.integers(8)
    return bytes(found[: random.integers(len(data) // 2, len(data)) if seed % 2 else len(data)])


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".gif", ".webp", ".png"])
def test_flipped_bits_give_frames_or_one_line(suffix):
    if suffix in (".mp4", ".mkv"):
        data = Path(streamable_film(f"a{suffix}", sound=True)).read_bytes()
    else:
        data = Path(animation(suffix)).read_bytes()
    painted = 0
    for seed in range(40):
        path = Path(f"flipped{suffix}")
        path.write_bytes(flipped(data, seed))
        try:
            clip = open_clip(path)
            for frame in clip.frames(clip.begin):
                assert frame.rgb.dtype == np.uint8 and frame.rgb.ndim == 3
                painted += 1
        except InputError as error:
            assert str(path) in str(error)
    assert painted

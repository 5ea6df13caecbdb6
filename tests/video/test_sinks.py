"""Where painted frames go."""

import json
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from styletransfer.errors import InputError
from styletransfer.media.clip import Frame
from styletransfer.media.video_reader import open_clip
from styletransfer.video.selection import select_frames
from styletransfer.video.sinks import FilmSink, PictureSink, sink_for

from ..films import panned, sound_packets, write_film

SIZE = (80, 48)


@pytest.fixture
def film(tmp_path):
    return open_clip(write_film(str(tmp_path / "film.mp4"), panned(6), sound=True))


def sink(film, name, codec="", crf=None, sound=True, size=SIZE):
    return sink_for(
        film.path.parent / name, film, select_frames(film, 0, None, None), size, codec, crf, sound
    )


def painted(count):
    tenth = Fraction(1, 25)
    return [Frame(rgb, n * tenth, tenth, None, (n * tenth,)) for n, rgb in enumerate(panned(count))]


def filled(sink, folder, frames, piece=4):
    """All frames in pieces; the job that remembers them."""
    folder.mkdir()
    sink.probe(folder)
    assert list(folder.iterdir()) == [], "what was tried is gone"
    pieces = []
    for number, frame in enumerate(frames):
        sink.add(frame, number, folder)
        if number % piece == piece - 1 or number == len(frames) - 1:
            sink.save(folder)
            pieces.append(json.loads(json.dumps(sink.piece())))
    assert sum(each["frames"] for each in pieces) == len(frames)
    return SimpleNamespace(
        folder=folder, frames=len(frames), end=Fraction(len(frames), 25),
        pieces=lambda key: [each[key] for each in pieces],
    )  # fmt: skip


def test_the_name_says_what_writes_it(film):
    for name, kind in (
        ("a.mp4", FilmSink),
        ("a.webm", FilmSink),
        ("a.gif", PictureSink),
        ("a", PictureSink),
    ):
        assert type(sink(film, name, sound=False)) is kind
    with pytest.raises(InputError, match="--codec and --crf are for films"):
        sink(film, "a.gif", crf=20)
    with pytest.raises(InputError, match="a film ends in"):
        sink(film, "a.xyz")


def test_pieces_of_a_film_are_joined_with_its_sound(film, tmp_path):
    frames, made = painted(6), sink(film, "out.mp4")
    job = filled(made, tmp_path / "work", frames)
    assert job.pieces("file") == ["piece-0000000.npz", "piece-0000004.npz"]
    assert made.write(tmp_path / "out.mp4", job), "the sound was whole"
    found = list(open_clip(tmp_path / "out.mp4").frames(Fraction(0)))
    assert [frame.time for frame in found] == [frame.time for frame in frames]
    assert np.abs(found[3].rgb.astype(int) - frames[3].rgb).mean() < 6
    assert sound_packets(str(tmp_path / "out.mp4")) == sound_packets(str(film.path))


def test_transparent_frames_of_a_film_lie_on_white(film, tmp_path):
    clear = Frame(
        np.zeros((48, 80, 3), np.uint8),
        Fraction(0),
        Fraction(1),
        np.zeros((48, 80), np.uint8),
        (Fraction(0),),
    )
    made = sink(film, "out.mp4", sound=False)
    made.write(tmp_path / "out.mp4", filled(made, tmp_path / "work", [clear]))
    (frame,) = open_clip(tmp_path / "out.mp4").frames(Fraction(0))
    assert frame.rgb.min() > 250


def test_odd_sides_are_said_where_the_codec_has_none(film):
    even = sink(film, "a.mp4", size=(51, 37))
    assert "52×38, not 51×37" in even.notes[0] and even.size == (52, 38)
    assert not sink(film, "a.webm", size=(51, 37), sound=False).notes


@pytest.mark.parametrize("name", ["out.gif", "out.webp", "out.apng", "out"])
def test_pictures_are_an_animation_or_stay(film, tmp_path, name):
    frames, made = painted(5), sink(film, name)
    job = filled(made, tmp_path / "work", frames)
    assert made.write(tmp_path / name, job) and made.size == SIZE
    clip = open_clip(tmp_path / name)
    found = list(clip.frames(Fraction(0)))
    assert len(found) == 5 and clip.size == SIZE
    if name == "out":
        assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(found, frames))
        with Image.open(tmp_path / "out/frame-00004.png") as image:
            assert np.array_equal(np.array(image), frames[4].rgb)
    else:
        assert all(frame.duration == Fraction(1, 25) for frame in found)

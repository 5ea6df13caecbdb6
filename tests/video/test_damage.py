"""Films that are cut short or broken are painted as far as they go, and said to be."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from styletransfer.cli import run
from styletransfer.media.video_reader import open_clip

from ..films import animation, av, panned, streamable_film, write_film

pytest.importorskip("cv2")


pytestmark = pytest.mark.usefixtures("in_empty_folder")


@pytest.fixture
def model(tiny_model) -> list[str]:
    return ["--model", tiny_model, "--style-size", "32"]


def cut(path: str, share: float) -> str:
    data = Path(path).read_bytes()
    short = f"cut-{path}"
    Path(short).write_bytes(data[: int(len(data) * share)])
    return short


@pytest.mark.parametrize("sound", [False, True], ids=["", "sound"])
@pytest.mark.parametrize("share", [0.6, 0.8, 0.95])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_film_that_is_cut_short_is_said_to_be(suffix, share, sound, paintings, model, capsys):
    short = cut(streamable_film(f"film{suffix}", 32, sound=sound), share)
    command = ["video", short, paintings[0], *model]
    assert run([*command, "-o", "a.mp4"]) == 1
    out, err = capsys.readouterr()
    assert out == "a.mp4\n" and err.count("damaged or cut short") == 1
    assert run([*command, "-o", "b.mp4", "--allow-damaged", "--json"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert record["damaged"] and 0 < record["frames"] <= 32
    assert f"{short} is damaged or cut short" in err and err.count("\n") == 1
    assert Path("a.mp4").read_bytes() == Path("b.mp4").read_bytes()
    assert not open_clip("a.mp4").damaged and len(list(open_clip("a.mp4").frames(0))) == record["frames"]


def test_a_part_that_is_whole_is_whole(paintings, model, capsys):
    short = cut(streamable_film("film.mp4", frames=40), 0.8)
    assert run(["video", short, paintings[0], "-o", "a.mp4", "--duration", "0.4", *model]) == 0
    assert "damaged" not in capsys.readouterr().err


def test_that_it_is_damaged_outlives_an_interruption(paintings, model, monkeypatch, capsys):
    from styletransfer.video import job, resume

    monkeypatch.setattr(job, "PIECE", 4)
    short = cut(streamable_film("film.mp4"), 0.8)
    command = ["video", short, paintings[0], "-o", "a.mp4", *model]

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(resume.ResumableJob, "mark", interrupted)
        assert run(command) == 130
    capsys.readouterr()
    assert run(command) == 1
    assert "damaged or cut short" in capsys.readouterr().err


def test_a_time_that_leaps_is_damage_and_not_hours_of_one_frame(paintings, model, capsys):
    path = write_film("a.mkv", panned(6), times=[0, 40, 80, 120, 40_000_000, 40_000_040])
    assert run(["video", path, paintings[0], "-o", "out.mp4", "--fps", "25", *model]) == 1
    assert "damaged" in capsys.readouterr().err
    assert len(list(open_clip("out.mp4").frames(0))) == 4


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
@pytest.mark.parametrize("suffix", [".gif", ".apng"])
def test_animations_that_are_cut_short(suffix, share, paintings, model, capsys):
    if suffix == ".apng":
        Path(animation(".png")).rename("a.apng")
    path = "a.apng" if suffix == ".apng" else animation(suffix)
    assert not open_clip(path).damaged and len(list(open_clip(path).frames(0))) == 8
    short = cut(path, share)
    assert run(["video", short, paintings[0], "-o", "out.gif", *model]) == 1
    assert f"{short} is damaged or cut short" in capsys.readouterr().err
    assert 1 < len(list(open_clip("out.gif").frames(0))) <= 8


def test_broken_in_the_middle(paintings, model, capsys):
    data = bytearray(Path(streamable_film("film.mp4", frames=40)).read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 200] = bytes(200)
    Path("film.mp4").write_bytes(data)
    assert run(["video", "film.mp4", paintings[0], "-o", "out.mkv", *model]) == 1
    assert "damaged" in capsys.readouterr().err
    frames = list(open_clip("out.mkv").frames(0))
    assert frames[-1].time == Fraction(39, 25)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_broken_sound_is_left_out(suffix, paintings, model, capsys):
    whole = streamable_film(f"film{suffix}", sound=True)
    with av.open(whole) as file:
        places = [packet.pos for packet in file.demux(audio=0) if packet.pos]
    data = bytearray(Path(whole).read_bytes())
    for place in places[2:6]:
        data[place - 6 : place + 20] = bytes(26)
    Path(whole).write_bytes(data)
    assert run(["video", whole, paintings[0], "-o", f"out{suffix}", *model]) in (0, 1)
    assert "Traceback" not in capsys.readouterr().err
    assert len(list(open_clip(f"out{suffix}").frames(0))) > 0


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_film_whose_frames_change_size_is_painted_in_the_first_one(suffix, paintings, model):
    small, large = panned(6), panned(6, width=120, height=64)
    parts = []
    for name, frames in (("a.h264", small), ("b.h264", large)):
        parts.append(Path(write_film(name, frames)).read_bytes())
    Path("both.h264").write_bytes(b"".join(parts))
    assert run(["video", "both.h264", paintings[0], "-o", f"out{suffix}", *model]) == 0
    frames = list(open_clip(f"out{suffix}").frames(0))
    assert len(frames) == 12 and all(f.rgb.shape == (48, 80, 3) for f in frames)

"""stylize video."""

import json
import os

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run
from styletransfer.media.video_reader import open_clip

from ..films import panned, sound_packets, write_film
from .conftest import SMALL

pytest.importorskip("cv2")


@pytest.fixture
def film(tmp_path) -> str:
    return write_film(str(tmp_path / "film.mp4"), panned(24), sound=True)


def frames(path):
    return list(open_clip(path).frames(0))


def test_a_film_keeps_its_times_and_sound(film, paintings, tiny_model, capsys):
    assert (
        run(["video", film, paintings[0], "-o", "out.mp4", "--model", tiny_model, "--json", *SMALL]) == 0
    )
    record = json.loads(capsys.readouterr().out)
    assert record["frames"] == record["painted"] == 24 and record["size"] == [80, 48]
    before, after = open_clip(film), open_clip("out.mp4")
    assert abs(before.length - after.length) <= 1 / before.rate
    assert [f.time for f in frames(film)] == [f.time for f in frames("out.mp4")]
    assert sound_packets("out.mp4") == sound_packets(film)
    assert np.abs(frames("out.mp4")[5].rgb.astype(int) - frames(film)[5].rgb).mean() > 5
    assert sorted(os.listdir()) == ["out.mp4"]
    assert run(["video", film, paintings[0], "-o", "out.mp4", "--model", tiny_model]) == 2
    assert "--force" in capsys.readouterr().err


def test_stopped_and_gone_on_is_the_same(film, paintings, tiny_model, monkeypatch, capsys):
    from styletransfer.video import job

    monkeypatch.setattr(job, "PIECE", 5)
    model = ["--model", tiny_model, *SMALL]
    assert run(["video", film, paintings[0], "-o", "whole.mp4", *model]) == 0
    take, count = job.SteadyStages.finish, 0

    def killed(self, item):
        nonlocal count
        count += 1
        if count == 13:
            raise KeyboardInterrupt
        return take(self, item)

    with monkeypatch.context() as broken:
        broken.setattr(job.SteadyStages, "finish", killed)
        assert run(["video", film, paintings[0], "-o", "two.mp4", *model]) == 130
    assert "goes on" in capsys.readouterr().err
    assert not os.path.exists("two.mp4") and os.path.isdir("two.mp4.parts")
    other = ["video", film, paintings[0], "-o", "two.mp4", "--alpha", "0.5", *model]
    assert run(other) == 2
    assert "other options" in capsys.readouterr().err
    assert run(["video", film, paintings[0], "-o", "two.mp4", "--json", *model]) == 0
    assert json.loads(capsys.readouterr().out)["painted"] == 14
    one, two = frames("whole.mp4"), frames("two.mp4")
    assert len(one) == len(two) == 24
    assert all(np.array_equal(a.rgb, b.rgb) and a.time == b.time for a, b in zip(one, two))
    with open("whole.mp4", "rb") as a, open("two.mp4", "rb") as b:
        assert a.read() == b.read()
    assert not os.path.exists("two.mp4.parts")


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng", ""])
def test_animations_and_folders(paintings, tiny_model, suffix):
    some = [Image.fromarray(f) for f in panned(4)]
    some[0].save("in.gif", save_all=True, append_images=some[1:], duration=[50, 100, 50, 200])
    model = ["--model", tiny_model, *SMALL]
    assert run(["video", "in.gif", paintings[0], "-o", f"out{suffix}", *model]) == 0
    found = frames(f"out{suffix}")
    assert len(found) == 4 and found[0].rgb.shape == (48, 80, 3)
    if suffix:
        assert [round(1000 * f.duration) for f in found] == [50, 100, 50, 200]
    assert run(["video", f"out{suffix}", paintings[0], "-o", "film.mkv", "--fps", "10", *model]) == 0
    assert [round(10 * f.time) for f in frames("film.mkv")] == list(range(4))


def test_frame_by_frame_is_a_photo_each(paintings, tiny_model):
    os.mkdir("in")
    for number, frame in enumerate(panned(12)):
        Image.fromarray(frame).save(f"in/{number}.png")  # 10 comes after 9
    model = ["--model", tiny_model, *SMALL, "--device", "cpu"]
    assert run(["video", "in", paintings[0], "-o", "out", "--frame-by-frame", *model]) == 0
    for number in (2, 10):
        assert run([f"in/{number}.png", paintings[0], "-o", "one.png", "--force", *model]) == 0
        one, same = np.array(Image.open("one.png")), np.array(Image.open(f"out/frame-{number:05d}.png"))
        assert np.abs(one.astype(int) - same).max() <= 1


def test_styles_at_times(film, paintings, tiny_model):
    a, b = paintings
    model = ["--model", tiny_model, *SMALL, "--frame-by-frame", "--duration", "0.5"]
    at = ["--style-at", f"0.4:{b}", "--style-at", f"0.1:{a}"]
    for name, styles in (("a", [a]), ("b", [b]), ("both", at)):
        assert run(["video", film, *styles, "-o", name, *model]) == 0
    names = sorted(os.listdir("both"))
    assert len(names) == 13

    def same(x, number):
        return np.array_equal(*(np.array(Image.open(f"{d}/{names[number]}")) for d in (x, "both")))

    assert same("a", 0) and same("a", 2) and same("b", 10) and same("b", 12)
    assert not same("a", 6) and not same("b", 6)


def test_size_start_and_no_sound(film, paintings, tiny_model):
    model = ["--model", tiny_model, *SMALL]
    cut = ["--start", "0.4", "--duration", "0.3", "--size", "32", "--preserve-color", "luminance"]
    assert run(["video", film, paintings[0], "-o", "a.mp4", *cut, *model]) == 0
    clip = open_clip("a.mp4")
    assert clip.size == (54, 32) and len(frames("a.mp4")) == 8
    assert 0 < len(sound_packets("a.mp4")) < len(sound_packets(film))
    assert run(["video", film, paintings[0], "-o", "b.webm", "--no-audio", "--size", "32", *model]) == 0
    assert open_clip("b.webm").size == (54, 32)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng", ""])
def test_few_files_are_open_however_many_frames_there_are(suffix, paintings, tiny_model):
    resource = pytest.importorskip("resource")
    os.mkdir("in")
    for number, frame in enumerate(panned(150, width=32, height=32, speed=1.0)):
        Image.fromarray(frame).save(f"in/{number}.png")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    handle = os.dup(0)
    os.close(handle)
    resource.setrlimit(resource.RLIMIT_NOFILE, (handle + 60, before[1]))
    try:
        command = ["video", "in", paintings[0], "-o", f"out{suffix}", "--frame-by-frame"]
        assert run([*command, "--model", tiny_model, *SMALL]) == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert open_clip(f"out{suffix}").length == 6


def test_odd_sides_are_kept_or_said(paintings, tiny_model, capsys):
    some = [Image.fromarray(f) for f in panned(4, width=51, height=37)]
    some[0].save("in.gif", save_all=True, append_images=some[1:], duration=100)
    model = ["--model", tiny_model, *SMALL, "--json"]
    for out, size in (("a.mp4", [52, 38]), ("b.webm", [51, 37]), ("c.gif", [51, 37])):
        assert run(["video", "in.gif", paintings[0], "-o", out, *model]) == 0
        printed, said = capsys.readouterr()
        assert json.loads(printed)["size"] == size == list(open_clip(out).size)
        assert said == "" or size == [52, 38] and "52×38, not 51×37" in said and said.count("\n") == 1


@pytest.mark.parametrize("suffix, width", [(".webp", 16400), (".gif", 65540)])
def test_too_large_for_the_format_is_said_before_the_work(
    suffix, width, paintings, tiny_model, capsys, monkeypatch
):
    from styletransfer.video import job

    monkeypatch.setattr(job, "_paint", None)
    os.mkdir("in")
    for number in range(2):
        Image.new("RGB", (width, 16)).save(f"in/{number}.png")
    assert run(["video", "in", paintings[0], "-o", f"a{suffix}", "--model", tiny_model, *SMALL]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"stylize video: cannot write a{suffix}: ") and err.count("\n") == 1
    assert os.listdir() == ["in"]


def test_names_that_look_like_addresses(film, paintings, tiny_model):
    os.rename(film, "12:30.mp4")
    model = ["--model", tiny_model, *SMALL]
    assert run(["video", "12:30.mp4", paintings[0], "-o", "a:b.mp4", *model]) == 0
    assert sound_packets(os.path.abspath("a:b.mp4")) == sound_packets(os.path.abspath("12:30.mp4"))


BAD = {
    "no file": ["no.mp4", "STYLE"],
    "no style": ["FILM"],
    "style twice": ["FILM", "STYLE", "--style-at", "0:STYLE"],
    "style at": ["FILM", "--style-at", "x:STYLE"],
    "style at nothing": ["FILM", "--style-at", "0:no.jpg"],
    "style is text": ["FILM", "TEXT"],
    "a photo": ["STYLE", "STYLE"],
    "no film": ["TEXT", "STYLE"],
    "sound alone": ["SOUND", "STYLE"],
    "start": ["FILM", "STYLE", "--start", "30"],
    "start below": ["FILM", "STYLE", "--start", "-1"],
    "duration": ["FILM", "STYLE", "--duration", "0"],
    "fps": ["FILM", "STYLE", "--fps", "0"],
    "size": ["FILM", "STYLE", "--size", "3"],
    "alpha": ["FILM", "STYLE", "--alpha", "9"],
    "codec": ["FILM", "STYLE", "--codec", "foo"],
    "container": ["FILM", "STYLE", "-o", "a.mov", "--codec", "vp9"],
    "sound container": ["FILM", "STYLE", "-o", "a.webm"],
    "crf": ["FILM", "STYLE", "--crf", "99"],
    "gif crf": ["FILM", "STYLE", "-o", "a.gif", "--crf", "9"],
    "suffix": ["FILM", "STYLE", "-o", "a.xyz"],
    "folder": ["FILM", "STYLE", "-o", "no/a.mp4"],
    "itself": ["FILM", "STYLE", "-o", "FILM", "--force"],
    "empty folder": [".", "STYLE"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_line(arguments, film, paintings, tiny_model, tmp_path, capsys):
    (tmp_path / "text.mp4").write_text("no film" * 100)
    import wave

    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\0\0" * 800)
    names = {"FILM": film, "STYLE": paintings[0], "TEXT": str(tmp_path / "text.mp4")}
    names["SOUND"] = str(tmp_path / "sound.wav")
    for name, path in names.items():
        arguments = [argument.replace(name, path) for argument in arguments]
    assert run(["video", *arguments, "--model", tiny_model, *SMALL]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("stylize video: ") and err.count("\n") == 1, err
    assert os.listdir() == []


def test_options_are_named_as_they_are_typed(film, paintings, capsys):
    assert run(["video", film, paintings[0], "--style-size", "3"]) == 2
    assert capsys.readouterr().err == "stylize video: --style-size is 3: at least 16\n"
    assert run(["video", film, paintings[0], "--alpha", "9"]) == 2
    assert "--alpha is 9: it goes from 0 to 1, to 2 to exaggerate" in capsys.readouterr().err

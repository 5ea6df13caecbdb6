"""The folder OUT.parts: only ours is used, by one run at a time, and only ours is removed."""

import json
import os
import signal
from subprocess import PIPE

import pytest
from PIL import Image

from styletransfer.cli import run

from ..films import panned, write_film
from ..processes import Process

pytest.importorskip("cv2")


@pytest.fixture(autouse=True)
def small_pieces(in_empty_folder, monkeypatch):
    from styletransfer.video import job

    monkeypatch.setattr(job, "PIECE", 5)


@pytest.fixture
def command(paintings, tiny_model, tmp_path) -> list[str]:
    film = write_film(str(tmp_path / "film.mp4"), panned(12))
    return ["video", film, paintings[0], "--model", tiny_model, "--style-size", "32"]


@pytest.fixture
def interrupt(monkeypatch):
    """Interrupts a run at its n-th frame."""
    from styletransfer.video import job

    def interrupted(command: list[str], at: int) -> None:
        finish, count = job.SteadyStages.finish, 0

        def stop(self, item):
            nonlocal count
            count += 1
            if count == at:
                raise KeyboardInterrupt
            return finish(self, item)

        with monkeypatch.context() as broken:
            broken.setattr(job.SteadyStages, "finish", stop)
            assert run(command) == 130

    return interrupted


def one_line(capsys) -> str:
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("stylize video: ") and err.count("\n") == 1, err
    return err


def foreign_folder():
    os.mkdir("out.mp4.parts")
    with open("out.mp4.parts/thesis.txt", "w") as file:
        file.write("all of it")


def foreign_manifest():
    foreign_folder()
    with open("out.mp4.parts/manifest.json", "w") as file:
        file.write('{"plan": 1}')


def link():
    os.mkdir("elsewhere")
    os.symlink("elsewhere", "out.mp4.parts")


FOREIGN = {
    "folder": foreign_folder,
    "empty folder": lambda: os.mkdir("out.mp4.parts"),
    "manifest": foreign_manifest,
    "link": link,
    "dangling link": lambda: os.symlink("nowhere", "out.mp4.parts"),
    "file": lambda: open("out.mp4.parts", "w").close(),
}


def everything() -> dict[str, str]:
    found = {}
    for folder, folders, files in os.walk("."):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            is_file = os.path.isfile(path) and not os.path.islink(path)
            found[path] = open(path).read() if is_file else str(os.path.islink(path))
    return found


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("more", [[], ["--force"]], ids=["", "force"])
def test_what_is_not_ours_is_left_alone(make, more, command, capsys):
    make()
    before = everything()
    assert run([*command, "-o", "out.mp4", *more]) == 2
    assert "out.mp4.parts: is not a work folder" in one_line(capsys)
    assert everything() == before


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ""])
def test_what_was_put_into_our_folder_stays(suffix, command, interrupt):
    interrupt([*command, "-o", f"out{suffix}"], at=8)
    names = ["thesis.txt", "frame-1.png", ".hidden"]
    for name in names:
        with open(f"out{suffix}.parts/{name}", "w") as file:
            file.write(name)
    assert run([*command, "-o", f"out{suffix}"]) == 0
    assert sorted(os.listdir()) == [f"out{suffix}", f"out{suffix}.parts"]
    assert sorted(os.listdir(f"out{suffix}.parts")) == sorted(names)


def test_a_second_run_at_the_same_time_is_told(command, interrupt, capsys):
    from filelock import FileLock

    interrupt([*command, "-o", "out.mp4"], at=8)
    capsys.readouterr()
    with FileLock("out.mp4.parts/lock"):
        for more in ([], ["--force", "--alpha", "0.5"]):
            assert run([*command, "-o", "out.mp4", *more]) == 2
            assert "another stylize video" in one_line(capsys)
    assert run([*command, "-o", "out.mp4"]) == 0
    assert os.listdir() == ["out.mp4"]


def test_other_options_by_force_begin_anew(command, interrupt):
    interrupt([*command, "-o", "out.mp4"], at=8)
    assert run([*command, "-o", "out.mp4", "--force", "--alpha", "0.5"]) == 0
    assert run([*command, "-o", "whole.mp4", "--alpha", "0.5"]) == 0
    with open("out.mp4", "rb") as one, open("whole.mp4", "rb") as two:
        assert one.read() == two.read()
    assert sorted(os.listdir()) == ["out.mp4", "whole.mp4"]


def same(one: str, two: str) -> bool:
    files = [[""], [""]] if os.path.isfile(one) else [sorted(os.listdir(path)) for path in (one, two)]
    contents = [
        [open(os.path.join(path, name) if name else path, "rb").read() for name in names]
        for path, names in zip((one, two), files)
    ]
    return files[0] == files[1] and contents[0] == contents[1]


KILLED = """
import os, signal, sys
from styletransfer.cli import run
from styletransfer.video import {module}

job.PIECE, function = 5, {owner}.{name}

def killed(*arguments, **more):
    {after}
    os.kill(os.getpid(), signal.SIGKILL)

{owner}.{name} = killed
run(sys.argv[1:])
"""
POINTS = {
    "joining": ("resume.ResumableJob", "mark", ""),
    "renaming": ("resume.ResumableJob", "mark", "function(*arguments, **more)"),
    "clearing": ("resume.ResumableJob", "remove", ""),
    "clearing pieces": ("resume.ResumableJob", "remove", "arguments[0]._clear()"),
}


@pytest.mark.parametrize("owner, name, after", POINTS.values(), ids=POINTS)
@pytest.mark.parametrize("suffix", [".mp4", ".gif", ""])
def test_killed_at_the_end_it_goes_on_the_same(suffix, owner, name, after, command):
    script = KILLED.format(module="job, resume", owner=owner, name=name, after=after or "pass")
    assert run([*command, "-o", f"whole{suffix}"]) == 0
    assert Process(*command, "-o", f"out{suffix}", code=script).wait() == -signal.SIGKILL
    assert os.path.isdir(f"out{suffix}.parts")
    assert run([*command, "-o", f"out{suffix}"]) == 0
    assert same(f"whole{suffix}", f"out{suffix}")
    assert sorted(os.listdir()) == [f"out{suffix}", f"whole{suffix}"]


def test_the_film_is_never_written_over(command, tmp_path, capsys):
    film = command[1]
    os.symlink(film, "link.mp4")
    os.link(film, "hard.mp4")
    with open(film, "rb") as file:
        before = file.read()
    for out in (film, "link.mp4", "hard.mp4", f"../here/../{os.path.basename(film)}"):
        assert run([*command, "-o", out, "--force"]) == 2
        assert "is the film itself" in one_line(capsys)
    with open(film, "rb") as file:
        assert file.read() == before


def test_frames_in_our_own_folder_are_no_input_for_it(command, interrupt, capsys):
    interrupt([*command, "-o", "out.gif"], at=8)
    capsys.readouterr()
    before = sorted(os.listdir("out.gif.parts"))
    command[1] = "out.gif.parts"
    assert run([*command, "-o", "out.gif", "--force"]) == 2
    assert "is the film itself" in one_line(capsys)
    assert sorted(os.listdir("out.gif.parts")) == before


def test_a_folder_of_frames_is_replaced_by_force_and_only_they_are(command):
    os.mkdir("out")
    for name in ("frame-00003.png", "frame-00040.png", "other.png"):
        Image.new("RGB", (8, 8)).save(f"out/{name}")
    assert run([*command, "-o", "out"]) == 2
    assert run([*command, "-o", "out", "--force"]) == 0
    assert sorted(os.listdir("out")) == [*(f"frame-{n:05d}.png" for n in range(12)), "other.png"]
    assert os.listdir() == ["out"]


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
@pytest.mark.parametrize("name", ["piece-0000000.npz", "state-00000.npz", "frame-00002.png"])
@pytest.mark.parametrize("content", [None, b""], ids=["lost", "emptied"])
def test_pieces_that_the_disk_lost_are_named(suffix, name, content, command, interrupt, capsys):
    interrupt([*command, "-o", f"out{suffix}"], at=8)
    path = f"out{suffix}.parts/{name}"
    if not os.path.exists(path):
        pytest.skip("of another kind of result")
    os.unlink(path)
    if content is not None:
        with open(path, "wb") as file:
            file.write(content)
    capsys.readouterr()
    assert run([*command, "-o", f"out{suffix}"]) == 2
    assert f"{name} is broken" in one_line(capsys)
    assert run([*command, "-o", f"out{suffix}", "--force"]) == 0
    assert os.listdir() == [f"out{suffix}"]


RACE = """
import sys
from styletransfer.cli import run
from styletransfer.video import job

job.PIECE = 5
sys.stdin.read(1)
sys.exit(run(sys.argv[1:]))
"""


def test_of_runs_at_the_same_time_one_writes(command):
    command = [*command, "-o", "out.mp4"]
    racers = [
        Process(*command, "--alpha", alpha, code=RACE, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True)
        for alpha in ("1", "1", "0.5")
    ]
    for racer in racers:
        racer.stdin.write("\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=120)[1] for racer in racers]
    codes = [racer.returncode for racer in racers]
    assert sorted(codes) == [0, 2, 2], said
    for code, text in zip(codes, said):
        assert text.count("\n") == 1 and "Traceback" not in text
        assert code == 0 or any(
            why in text for why in ("another stylize", "already there", "unfinished")
        )
    assert os.listdir() == ["out.mp4"]


def test_what_another_run_has_just_made_is_not_written_over(command, monkeypatch, capsys):
    from styletransfer.video import resume

    enter = resume.ResumableJob._enter

    def late(self):
        with open("out.mp4", "w") as file:
            file.write("another's")
        return enter(self)

    monkeypatch.setattr(resume.ResumableJob, "_enter", late)
    assert run([*command, "-o", "out.mp4"]) == 2
    assert "already there" in one_line(capsys)
    assert everything() == {"./out.mp4": "another's"}


def test_what_a_kill_left_as_the_folder_came_is_swept_away(command):
    for name in (".out.mp4-0123abcd.parts", ".out.mp4-4567abcd.parts", ".other.mp4-0123abcd.parts"):
        os.mkdir(name)
        open(f"{name}/manifest.json", "w").close()
    open(".out.mp4-4567abcd.parts/thesis.txt", "w").close()
    assert run([*command, "-o", "out.mp4"]) == 0
    left = [".other.mp4-0123abcd.parts", ".out.mp4-4567abcd.parts", "out.mp4"]
    assert sorted(os.listdir()) == left
    assert sorted(os.listdir(left[1])) == ["manifest.json", "thesis.txt"]


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ".webp", ".apng", ""])
def test_a_full_disk_at_the_end_is_one_line_and_costs_nothing(suffix, command, monkeypatch, capsys):
    from styletransfer.video import sinks

    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with monkeypatch.context() as small:
        for kind in (sinks.FilmSink, sinks.PictureSink):

            def full(self, target, work, write=kind.write):
                resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
                try:
                    return write(self, target, work)
                finally:
                    resource.setrlimit(resource.RLIMIT_FSIZE, before)

            small.setattr(kind, "write", full)
        assert run([*command, "-o", f"out{suffix}"]) == 2
    assert f"cannot write out{suffix}" in one_line(capsys)
    assert os.listdir() == [f"out{suffix}.parts"]
    assert run([*command, "-o", f"out{suffix}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["painted"] == 0
    assert os.listdir() == [f"out{suffix}"]


def test_a_result_that_was_taken_elsewhere_can_be_made_again(command):
    script = KILLED.format(
        module="job, resume", owner="resume.ResumableJob", name="remove", after="arguments[0]._clear()"
    )
    assert Process(*command, "-o", "out.mp4", code=script).wait() == -signal.SIGKILL
    os.rename("out.mp4", "kept.mp4")
    assert os.path.isdir("out.mp4.parts")
    assert run([*command, "-o", "out.mp4"]) == 0
    assert same("out.mp4", "kept.mp4") and sorted(os.listdir()) == ["kept.mp4", "out.mp4"]


def test_into_this_very_folder(command):
    assert run([*command, "-o", "."]) == 0
    assert sorted(os.listdir()) == [f"frame-{n:05d}.png" for n in range(12)]
    assert sorted(name for name in os.listdir("..") if "here" in name) == ["here"]


def test_a_folder_that_cannot_be_written_to(command, capsys):
    os.mkdir("closed")
    with open("closed/file", "w"):
        pass
    assert run([*command, "-o", "closed/file/out.mp4"]) == 2
    one_line(capsys)
    assert run([*command, "-o", "/proc/out.mp4"]) == 2
    assert "/proc/out.mp4.parts" in one_line(capsys)

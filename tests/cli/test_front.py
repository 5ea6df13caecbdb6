"""What the command says where something around it fails: its output, its memory, its words."""

import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run
from styletransfer.media import image

from ..conftest import noise
from ..processes import Process

FULL = Path("/dev/full")


def said(capsys, *arguments: str) -> str:
    """The one line on standard error of a command that fails with 2."""
    assert run(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("stylize"), err
    return err


def shell(command: str, tiny_model: str, **options) -> subprocess.CompletedProcess:
    code = "from styletransfer.cli import main; main()"
    line = command.replace("stylize", f'"{sys.executable}" -c "{code}"')
    line = line.replace("TINY", f'"{tiny_model}"')
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, **options)


@pytest.mark.skipif(not FULL.exists(), reason="Linux has a full disk to try")
@pytest.mark.parametrize(
    "arguments",
    ["--help", "models --json", "PHOTO STYLE --json --force", "PHOTO STYLE -o -"],
)
def test_a_full_standard_output_is_one_line(arguments, photo, paintings, tiny_model):
    arguments = arguments.replace("STYLE", f"{paintings[0]} --model {tiny_model}").replace(
        "PHOTO", photo
    )
    for unbuffered in ("", "1"):
        environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
        with open(FULL, "w") as full:
            done = Process(*arguments.split(), stdout=full, stderr=PIPE, text=True, env=environment)
        _, err = done.communicate()
        lines = [line for line in err.splitlines() if "stylized" not in line]
        assert done.returncode == 2 and len(lines) == 1, err
        assert lines[0].startswith("stylize") and "No space left on device" in lines[0]


@pytest.mark.parametrize("arguments", ["--help", "PHOTO STYLE -o -", "PHOTO STYLE --json -o a.png"])
def test_a_closed_pipe_is_silence(arguments, photo, paintings, tiny_model):
    arguments = arguments.replace("STYLE", f"{paintings[0]} --model {tiny_model}").replace(
        "PHOTO", photo
    )
    nobody, pipe = os.pipe()
    os.close(nobody)
    with open(pipe, "w") as out:
        done = Process(*arguments.split(), stdout=out, stderr=PIPE, text=True)
    assert done.communicate()[1] == "" and done.returncode == 2


def test_closed_standard_streams(photo, paintings, tiny_model):
    for streams in ("- STYLE -o a.png <&-", "PHOTO STYLE -o - >&-"):
        arguments = streams.replace("STYLE", f"{paintings[0]} --model TINY").replace("PHOTO", photo)
        done = shell(f"stylize {arguments}", tiny_model)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
        assert "standard" in done.stderr and "is closed" in done.stderr
    done = shell(f"stylize {photo} {paintings[0]} --model TINY -o a.png 2>&-", tiny_model)
    assert (done.returncode, done.stdout) == (0, "a.png\n")


@pytest.mark.parametrize("size", ["60000", "999999", "99999999999"])
def test_what_will_not_fit_is_refused_before_the_work(
    size, photo, paintings, tiny_model, capsys, monkeypatch
):
    monkeypatch.setattr(image, "free_memory", lambda: 10**9)
    monkeypatch.setattr("styletransfer.system.host.free_memory", lambda: 10**9)
    model = ["--model", tiny_model, "--size", size]
    for verb in ([], ["grid"], ["sheet"], ["morph"]):
        styles = [os.path.dirname(paintings[0])] if verb == ["sheet"] else paintings
        text = said(capsys, *verb, photo, *styles, *model)
        assert "GB of memory and 1.0 GB is free" in text and "a short side of" in text
    assert run([photo, paintings[0], "--model", tiny_model, "--style-size", size]) == 2
    assert "GB of memory" in capsys.readouterr().err
    source = os.path.dirname(photo)
    assert run(["batch", f"{source}/*.png", "out", "--style", paintings[0], *model]) == 1
    assert "GB of memory" in open("out/failures.jsonl").read()
    assert [name for name in os.listdir() if name != "out"] == []


def test_the_size_that_is_offered_fits(monkeypatch):
    monkeypatch.setattr(image, "free_memory", lambda: 10**9)
    monkeypatch.setattr("styletransfer.system.host.free_memory", lambda: 10**9)
    with pytest.raises(image.InputError) as caught:
        image.with_short_side((50, 37), 60_000)
    offered = int(str(caught.value).split("short side of ")[1].split()[0])
    assert 5000 < offered < 8500 and image.with_short_side((50, 37), offered)[1] == offered


def test_what_no_disk_and_no_format_takes_is_refused_before_the_work(tmp_path, monkeypatch):
    path = tmp_path / "x.bmp"
    image.check_output(path, False, (1000, 1000))
    monkeypatch.setattr(image.shutil, "disk_usage", lambda folder: type("Disk", (), {"free": 10**6}))
    with pytest.raises(image.InputError, match="x.bmp: needs about 0.0 GB of disk and 0.0 GB are free"):
        image.check_output(path, False, (1000, 1000))
    with pytest.raises(image.InputError, match="WEBP ends at 16,383 pixels a side"):
        image.check_output(tmp_path / "x.webp", False, (20_000, 10))


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("[..] DefaultCPUAllocator: can't")])
@pytest.mark.parametrize("verb", ["", "grid", "morph", "sheet", "style save"])
def test_running_out_of_memory_is_one_line(
    verb, error, photo, paintings, tiny_model, capsys, monkeypatch
):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("styletransfer.stylize.stylizer.Stylizer.__init__", fail)
    styles = [os.path.dirname(paintings[0])] if verb == "sheet" else paintings
    arguments = paintings[:1] if verb == "style save" else [photo, *styles]
    assert "out of memory" in said(capsys, *verb.split(), *arguments, "--model", tiny_model)


def test_pictures_that_do_not_fit_are_named(photo, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    picture = noise(50, 37)
    monkeypatch.setattr(Image.Image, "resize", fail)
    with pytest.raises(image.InputError, match="a picture of 27×20 does not fit into memory"):
        image.resize_short_side(picture, 20)
    monkeypatch.setattr(image, "to_picture", fail)
    with pytest.raises(image.InputError, match="photo.png: does not fit into memory"):
        image.read_picture(photo)


def test_an_output_that_cannot_be_written_is_named_as_it_was_given(tmp_path, capsys, photo, paintings):
    long = "x" * 300 + ".png"
    assert f"cannot write {long}: File name too long" in said(capsys, photo, paintings[0], "-o", long)
    if Path("/proc/self").is_dir():
        text = said(capsys, photo, paintings[0], "-o", "/proc/self/x.png")
        assert text == "stylize: cannot write /proc/self/x.png: No such file or directory\n"


def test_words_that_are_nearly_right(capsys, photo, paintings, tmp_path):
    assert "stylize sheet is" in said(capsys, "sheeet", photo)
    assert "stylize batch is" in said(capsys, "bacth", "photos", "out")
    assert "stylize batch" in said(capsys, str(tmp_path), paintings[0])
    (tmp_path / "clip.MP4").write_bytes(b"a film")
    assert "stylize video" in said(capsys, str(tmp_path / "clip.MP4"), paintings[0])
    os.rename(photo, "sheets")  # a photo that is called so is one
    assert "no STYLE given" in said(capsys, "sheets")


def test_lines_of_help_stay_as_they_were_written(capsys):
    assert run(["batch", "--help"]) == 0
    text = capsys.readouterr().out
    for line in text.splitlines():
        assert "   " not in line.strip() or line.strip().startswith("-"), line
    assert "--pick all      every style" in text and "--pick random   --per-image of" in text
    assert f"\n{' ' * 20}same whatever else there is" in text
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert "--regions map.png --region '#0000ff=starry.jpg' --region '#00ff00=wave.jpg'\n" in text


def test_masks_of_strokes_on_nothing(photo, paintings, tiny_model, capsys):
    """As paint programs save them: white strokes on transparency, whatever lies behind that."""
    width, height = Image.open(photo).size
    plain = Image.new("L", (width, height), 0)
    plain.paste(255, (0, 0, width // 2, height))
    plain.save("plain.png")
    for name, behind in (("white", 255), ("black", 0)):
        strokes = Image.new("LA", (width, height), (behind, 0))
        strokes.paste((255, 255), (0, 0, width // 2, height))
        strokes.save(f"{name}.png")
    options = ["--model", tiny_model, "--style-size", "32"]
    for mask in ("plain", "white", "black"):
        command = [photo, paintings[0], "--mask", f"{mask}.png", "-o", f"{mask}-out.png", *options]
        assert run(command) == 0
    pictures = [np.array(Image.open(f"{mask}-out.png")) for mask in ("plain", "white", "black")]
    assert np.array_equal(pictures[0], pictures[1]) and np.array_equal(pictures[0], pictures[2])


@pytest.mark.parametrize(
    "verb",
    [
        "",
        "grid",
        "morph",
        "sheet",
        "style",
        "style blend",
        "train",
        "data",
        "data shard",
        "evaluate",
        "models",
    ],
)
def test_help_teaches_without_torch(verb):
    code = (
        f"import sys; from styletransfer.cli import run; "
        f"run({[*verb.split(), '--help']!r}); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"stylize {verb}".strip() in done.stdout


def test_an_option_may_come_first(tiny_model, photo, paintings, in_empty_folder):
    assert run(["--model", tiny_model, photo, paintings[0], "-o", "a.png", "--style-size", "32"]) == 0


def test_of_several_processes_one_speaks_and_the_others_let_it(capsys, monkeypatch):
    slept = []
    monkeypatch.setattr("styletransfer.cli.time.sleep", slept.append)
    for rank in "01":
        monkeypatch.setenv("LOCAL_RANK", rank)
        assert run(["no.jpg", "none.jpg"]) == 2
    assert capsys.readouterr().err.count("no.jpg") == 1 and len(slept) == 1

"""Animations: the same files as Pillow writes, without holding all of them in memory."""

import io
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from styletransfer.media.animation import write_animation
from styletransfer.media.video_reader import open_clip

from ..animations import TENTH, pictures


def pillows(frames: list[Image.Image], kind: str, duration: int) -> bytes:
    buffer = io.BytesIO()
    times = [duration] * len(frames)
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=times, loop=0)
    return buffer.getvalue()


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("suffix, kind", [(".gif", "GIF"), (".webp", "WEBP"), (".apng", "PNG")])
def test_they_are_the_files_that_pillow_writes(tmp_path, suffix, kind, alpha):
    frames, path = pictures(5, alpha=alpha), tmp_path / f"a{suffix}"
    write_animation(path, iter(frames), [TENTH] * 5)
    if kind == "GIF" and not alpha:
        rows = np.concatenate([np.asarray(f.reduce(2)).reshape(-1, 3) for f in frames])
        palette = Image.fromarray(rows[None]).quantize(256, Image.Quantize.MEDIANCUT)
        frames = [f.quantize(palette=palette, dither=Image.Dither.NONE) for f in frames]
    assert path.read_bytes() == pillows(frames, kind, 100)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng"])
def test_one_picture_alone_and_some_with_alpha(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_animation(path, pictures(1), [TENTH])
    with Image.open(path) as image:
        assert image.size == (48, 36) and getattr(image, "n_frames", 1) == 1
    write_animation(path, pictures(1) + pictures(5, alpha=True)[3:], [TENTH] * 3)
    assert [f.duration for f in open_clip(path).frames(0)] == [TENTH] * 3


MANY = """
import resource, sys
from fractions import Fraction
from itertools import islice
import numpy as np
from PIL import Image
from styletransfer.media.animation import write_animation

resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
row = np.arange({width}, dtype=np.uint8)

def frames():
    for number in range({count}):
        pixels = np.stack([row + number % 256, row // 2, row * 0 + number % 256], axis=-1)
        yield Image.fromarray(np.broadcast_to(pixels, ({height}, *pixels.shape)).copy())

def peak():
    with open("/proc/self/status") as file:  # getrusage counts what the process was before, too
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) // 1024

write_animation(sys.argv[1], islice(frames(), 20), [Fraction(1, 10)] * 20)
before = peak()
write_animation(sys.argv[1], frames(), [Fraction(1, 10)] * {count})
print(peak() - before)
"""


def grown(path, **numbers) -> int:
    """By how many MiB a process grows that writes an animation with few files open."""
    done = subprocess.run(
        [sys.executable, "-c", MANY.format(**numbers), str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how much memory it took")
@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng"])
def test_a_thousand_frames_take_no_more_memory_than_a_few(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    grown(path, count=1000, width=16, height=16)
    assert open_clip(path).length == 100
    assert grown(path, count=60, width=640, height=480) < 20  # of 53 MiB


HANG = """
import sys, time
from fractions import Fraction
from PIL import Image
from styletransfer.media import animation

def hang(*_):
    print(flush=True)
    time.sleep(60)

def frames():
    yield Image.new("RGB", (48, 36))
    if not sys.argv[1].endswith(".mp4"):
        hang()

if sys.argv[1].endswith(".mp4"):
    from styletransfer.media import video_writer
    video_writer.join = hang
animation.write_animation(sys.argv[1], frames(), [Fraction(1, 10)])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng", ".mp4"])
def test_what_a_killed_one_left_is_cleared_away_by_the_next(tmp_path, suffix):
    """Painted for minutes, with gigabytes of frames beside the result."""
    if suffix == ".mp4":
        pytest.importorskip("av", reason="MP4 needs PyAV")
    path = tmp_path / f"a{suffix}"
    with subprocess.Popen([sys.executable, "-c", HANG, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"\n"
        process.send_signal(signal.SIGKILL)
    left = [entry.name for entry in tmp_path.iterdir() if entry.is_dir()]
    assert len(left) == 1 and left[0].startswith(".stylize-")
    write_animation(path, pictures(2), [TENTH] * 2)
    assert path.is_file() and not (tmp_path / left[0]).exists()
    assert suffix == ".mp4" or list(tmp_path.iterdir()) == [path]

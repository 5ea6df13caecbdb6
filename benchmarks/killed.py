"""Ten seconds of 720p with sound through `stylize video`, whole, and killed in the middle and gone on.

    python -m benchmarks.killed [--seconds 10] [--height 720]

Writes benchmarks/killed.md; exit code 1 if anything differs from what it should be.
"""

import argparse
import filecmp
import os
import signal
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from styletransfer.media.video_reader import open_clip

from . import asked
from .film import RATE, STYLE, make

OUT = Path("benchmarks/killed.md")
SOUND = 44_100  # samples a second


def with_sound(pictures: Path, path: Path, seconds: float) -> None:
    """The film once more, with a tone that rises and falls on two channels."""
    with av.open(str(pictures)) as source, av.open(str(path), "w") as file:
        track = file.add_stream("aac", rate=SOUND)
        track.layout = "stereo"
        copied = file.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = copied
                file.mux(packet)
        for start in range(0, int(seconds * SOUND), 1024):
            t = np.arange(start, start + 1024) / SOUND
            wave = [0.3 * np.sin(2 * np.pi * (pitch * t + 20 * np.sin(t))) for pitch in (330, 440)]
            samples = av.AudioFrame.from_ndarray(np.float32(wave), format="fltp", layout="stereo")
            samples.sample_rate, samples.pts, samples.time_base = SOUND, start, Fraction(1, SOUND)
            file.mux(track.encode(samples))
        file.mux(track.encode())


def command(film: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "styletransfer", "video", str(film), str(STYLE), "-o", str(out)]


def killed(film: Path, out: Path) -> int:
    """SIGKILL in the middle of the film's second half; gives how many frames a crash left behind."""
    process = subprocess.Popen(command(film, out))
    parts = Path(f"{out}.parts")
    while not len(list(parts.glob("piece-*.npz"))) and process.poll() is None:
        time.sleep(0.05)
    time.sleep(3)  # well into the second piece
    process.send_signal(signal.SIGKILL)
    if process.wait() != -signal.SIGKILL or out.exists():
        sys.exit("it was done before it was killed: give more --seconds")
    return sum(len(np.load(piece)["numbers"]) for piece in parts.glob("piece-*.npz"))


def sound_of(path: Path) -> list[tuple]:
    with av.open(str(path)) as file:
        packets = [p for p in file.demux(audio=0) if p.size]
        return [(bytes(p), float(p.pts * p.time_base)) for p in packets]


def duration_of(path: Path) -> Fraction:
    with av.open(str(path)) as file:
        return Fraction(file.duration, av.time_base)


def frames_of(path: Path) -> list:
    return list(open_clip(path).frames(Fraction(0)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film, whole, broken = (folder / n for n in ("film.mp4", "whole.mp4", "broken.mp4"))
        make(folder / "silent.mp4", given.height, given.seconds)
        with_sound(folder / "silent.mp4", film, given.seconds)
        subprocess.run(command(film, whole), check=True)
        left = killed(film, broken)
        subprocess.run(command(film, broken), check=True)

        before, one, two = sound_of(film), sound_of(whole), sound_of(broken)
        apart = max(abs(a[1] - b[1]) for a, b in zip(before, one))
        lengths = [duration_of(path) for path in (film, whole)]
        pictures, same = frames_of(whole), frames_of(broken)
        times = [frame.time for frame in frames_of(film)]
        identical = sum(np.array_equal(a.rgb, b.rgb) for a, b in zip(pictures, same))
        checks = [
            (
                "duration, seconds",
                f"{float(lengths[0]):.3f} → {float(lengths[1]):.3f}",
                abs(lengths[0] - lengths[1]) <= Fraction(1, RATE),
            ),
            (
                "frames decoded, at the same times",
                f"{len(times)} → {len(pictures)}",
                [f.time for f in pictures] == times,
            ),
            (
                "sound packets, byte for byte",
                f"{len(before)} → {len(one)}, at most {1000 * apart:.2f} ms apart",
                [a[0] for a in before] == [b[0] for b in one] and apart < 1 / RATE,
            ),
            (
                f"killed after {left} frames were kept, gone on: the same frames",
                f"{identical} of {len(pictures)}",
                identical == len(pictures) == len(same),
            ),
            ("… the same sound", f"{len(two)} packets", one == two),
            ("… the same file", f"{whole.stat().st_size} bytes", filecmp.cmp(whole, broken, False)),
            ("… nothing left behind", "", len(os.listdir(folder)) == 4),
        ]  # fmt: skip
    rows = "\n".join(
        f"| {what} | {found} | {'yes' if good else '**no**'} |" for what, found, good in checks
    )
    options = asked(parser, given)
    width = given.height * 16 // 9
    OUT.write_text(
        f"""# A film with sound, whole, and killed in the middle

`python -m benchmarks.killed{options}`: {width}×{given.height}, {given.seconds:g} s of H.264 and AAC;
SIGKILL, then the same command again.

| | | as it should be |
|---|---|---|
{rows}
"""
    )
    print(OUT.read_text())
    return 0 if all(good for *_, good in checks) else 1


if __name__ == "__main__":
    sys.exit(main())

"""A folder of small pictures, some of them hostile, through `stylize batch`: whole, and killed again and
again at random moments.

    python -m benchmarks.soak [--pictures 2000] [--hostile 40] [--kills 20]

Prints a table; exit code 1 if anything differs from what it should be.
"""

import argparse
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from statistics import median

import psutil
from PIL import Image

from styletransfer.batch.ledger import WORK, read_manifest

from . import asked

PHOTOS = Path("examples/content")
STYLE = Path("examples/style")
SIDE = 64
WORKERS = 2
FLAT = 1.1  # how much more memory the last quarter may take than the second


def crops(folder: Path, count: int, rng: random.Random) -> list[str]:
    """Pictures cut out of the example photos, in folders of a hundred."""
    photos = [Image.open(path).convert("RGB") for path in sorted(PHOTOS.glob("*.jpg"))]
    names = []
    for number in range(count):
        photo = rng.choice(photos)
        left, top = (rng.randrange(side - SIDE) for side in photo.size)
        name = f"{number // 100:02d}/{number:05d}{('.png', '.jpg')[number % 2]}"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        photo.crop((left, top, left + SIDE, top + SIDE)).save(folder / name)
        names.append(name)
    return names


def cut(path: Path, whole: bytes, rng: random.Random) -> None:
    path.write_bytes(whole[: rng.randrange(20, len(whole) // 2)])


def bomb(path: Path, whole: bytes, rng: random.Random) -> None:
    header = b"IHDR" + struct.pack(">II5B", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)


HOSTILE: list[Callable[[Path, bytes, random.Random], None]] = [
    cut,
    bomb,
    lambda path, whole, rng: path.touch(),
    lambda path, whole, rng: path.write_bytes(rng.randbytes(3000)),
    lambda path, whole, rng: path.write_bytes(bytes(len(whole))),
    lambda path, whole, rng: path.symlink_to("nowhere"),
    lambda path, whole, rng: path.symlink_to(path.name),
    lambda path, whole, rng: path.symlink_to(path.parent.parent),
    lambda path, whole, rng: os.mkfifo(path),
    lambda path, whole, rng: path.symlink_to("/dev/zero"),
]


def hostile(folder: Path, names: list[str], count: int, rng: random.Random) -> list[str]:
    """Files and links of every kind that are called pictures and are none, among the others."""
    added = []
    for number in range(count):
        beside = rng.choice(names)
        name = f"{os.path.dirname(beside)}/not\n{number}.png"
        HOSTILE[number % len(HOSTILE)](folder / name, (folder / beside).read_bytes(), rng)
        added.append(name)
    return added


def start(source: Path, out: Path) -> subprocess.Popen:
    style = sorted(STYLE.glob("*.jpg"))[0]
    command = [sys.executable, "-m", "styletransfer", "batch", str(source), str(out)]
    options = ["--style", str(style), "--workers", str(WORKERS), "--device", "cpu"]
    return subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def lines(out: Path) -> int:
    path = out / "manifest.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def undisturbed(source: Path, out: Path) -> list[int]:
    """Paint it all; how much memory it took, again and again, from the first result on."""
    process, memory = start(source, out), []
    while process.poll() is None:
        if lines(out):
            try:
                memory.append(psutil.Process(process.pid).memory_info().rss)
            except psutil.Error:
                break
        time.sleep(0.1)
    process.wait()
    return memory


def killed(source: Path, out: Path, total: int, kills: int, rng: random.Random) -> list[int]:
    """SIGKILL at random moments, each time after some more pictures; how many were in hand, painted
    and not written down, at each."""
    hand = []
    for number in range(kills):
        process, before = start(source, out), lines(out)
        more = max(1, 2 * (total - before) // (kills - number + 1))
        wanted = before + rng.randrange(more)
        while lines(out) <= wanted and process.poll() is None:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            print(f"kill {number + 1} came too late", file=sys.stderr)
            break
        known = {done.part for done in read_manifest(out).values()}
        left = set(os.listdir(out / WORK)) if (out / WORK).exists() else set()
        hand.append(len(left - known - {"lock"}))
    return hand


def contents(folder: Path) -> dict[str, str]:
    """The hash of every plain file, but of what tells of the run."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and not p.is_symlink())
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.suffix != ".jsonl"
    }


def failed(out: Path) -> list[str]:
    return sorted(json.loads(line)["input"] for line in (out / "failures.jsonl").open())


def batch(given: argparse.Namespace) -> list[tuple[str, str, bool]]:
    """What was looked at, what was found, and whether that is as it should be."""
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        source, whole, broken = (Path(name, part) for part in ("src", "whole", "broken"))
        names = crops(source, given.pictures, rng)
        wrong = hostile(source, names, given.hostile, rng)
        before = contents(source)
        memory = undisturbed(source, whole)
        hand = killed(source, broken, len(names), given.kills, rng)
        there = lines(broken)
        code = start(source, broken).wait()
        quarter = len(memory) // 4
        second, last = median(memory[quarter : 2 * quarter]), median(memory[-quarter:])
        one, two = contents(whole), contents(broken)
        outputs = [json.loads(line)["output"] for line in (broken / "manifest.jsonl").open()]
        same = sum(one.get(key) == value for key, value in two.items())
        return [
            ("pictures painted, undisturbed", f"{len(one)} of {len(names)}", len(one) == len(names)),
            (
                "memory, second and last quarter of the time",
                f"{second / 1e6:.0f} and {last / 1e6:.0f} MB",
                last <= FLAT * second,
            ),
            (
                "hostile files, each named",
                str(len(wrong)),
                failed(whole) == sorted(wrong) == failed(broken),
            ),
            (
                f"killed {len(hand)} times, the last time at {there} pictures",
                f"in hand {max(hand)} at most, {sum(hand)} in all",
                len(hand) == given.kills and max(hand) <= WORKERS and there < len(names),
            ),
            (
                "… gone on: painted and written down twice",
                str(len(outputs) - len(set(outputs))),
                code == 1 and len(outputs) == len(set(outputs)) == len(names),
            ),
            ("… the same files, byte for byte", f"{same} of {len(one)}", one == two),
            ("… nothing left behind", "", not (broken / WORK).exists()),
            ("the sources are as they were", f"{len(before)} files", contents(source) == before),
        ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--hostile", type=int, default=40)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rows = batch(given)
    options = asked(parser, given)
    print(f"`python -m benchmarks.soak{options}`: pictures of {SIDE}×{SIDE}, {WORKERS} workers.\n")
    print("| | | as it should be |\n|---|---|---|")
    for what, found, good in rows:
        print(f"| {what} | {found} | {'yes' if good else '**no**'} |")
    return 0 if all(good for *_, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

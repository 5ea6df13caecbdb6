"""The Dockerfile's very steps in a clean root, where no docker is at hand, and then what it starts.

    debootstrap --variant=minbase --include=ca-certificates,curl,python3,python3-venv bookworm ROOT
    python -m benchmarks.container ROOT --build-arg TORCH_INDEX=https://pypi.org/simple

As root, on Debian. Both stages are run in the one ROOT, whose Python stands for that of the image. Its
default command then serves, as the image's user, and is asked for a picture and to end; another command
paints one in a folder of another user's. `--picture FILE` draws what was typed and said.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from .terminal import draw

SOURCE = Path(__file__).parents[1]
PORT = 8000
PHOTO, SOMEBODY = "photo.jpg", 4242  # of another user of the machine


@dataclass
class Image:
    """What the steps so far have made of a root."""

    root: Path
    arguments: dict[str, str]
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/bin:/bin:/usr/sbin"})
    folder: str = "/"
    user: str = "0"
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def inside(self, words: list[str], user: str | None = None, folder: str | None = None) -> list[str]:
        """A command line that runs these words in the root."""
        who = user or self.user
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        there = f"cd {folder or self.folder} && exec env -i {shlex.join(variables)} {shlex.join(words)}"
        return ["chroot", f"--userspec={who}:{who}", str(self.root), "sh", "-c", there]

    def step(self, name: str, rest: str) -> None:
        """One instruction of a Dockerfile, of those that ours has."""
        if name == "ARG":
            key, _, value = rest.partition("=")
            self.arguments.setdefault(key, value)
        elif name == "ENV":
            pairs = (pair.partition("=") for pair in shlex.split(rest))
            self.environment |= {key: re.sub(r"\$(\w+)", self._value, value) for key, _, value in pairs}
        elif name == "WORKDIR":
            self.folder = rest
            (self.root / rest[1:]).mkdir(parents=True, exist_ok=True)
        elif name == "COPY" and not rest.startswith("--from="):
            *sources, target = rest.split()
            for source in sources:
                self._copy(SOURCE / source, self.root / self.folder[1:] / target)
        elif name == "RUN":
            words = ["sh", "-c", re.sub(r"\$(\w+)", self._value, rest)]
            subprocess.run(self.inside(words), check=True, stdout=subprocess.DEVNULL)
        elif name == "USER":
            self.user = rest
        elif name in ("ENTRYPOINT", "CMD"):
            words = json.loads(rest)
            self.entry, self.command = (words, []) if name == "ENTRYPOINT" else (self.entry, words)

    def _value(self, match: re.Match[str]) -> str:
        return {**self.environment, **self.arguments}.get(match[1], "")

    def _copy(self, source: Path, target: Path) -> None:
        if source.is_dir():
            left = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=left)
        else:
            shutil.copy(source, target)


def built(root: Path, arguments: dict[str, str]) -> Image:
    """The image, every step of it with its seconds on standard output."""
    image = Image(root, arguments)
    text = (SOURCE / "Dockerfile").read_text().replace("\\\n", " ")
    for line in filter(None, text.splitlines()):
        if line.startswith("#"):
            continue
        name, _, rest = line.partition(" ")
        if name == "FROM":
            image = Image(root, arguments)
        start = time.perf_counter()
        image.step(name, rest)
        print(f"{time.perf_counter() - start:6.1f} s  {line[:90]}", flush=True)
    return image


def served(image: Image) -> list[tuple[str, str]]:
    """Start what the image starts; ask it for its health and a picture, then to end."""
    words = [*image.entry, *image.command]
    server = subprocess.Popen(image.inside(words), stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    typed = [(shlex.join(words), server.stdout.readline().strip())]
    photo = SOURCE / "examples" / "content" / "bridge.jpg"
    asked = (
        ["curl", "-sf", f"localhost:{PORT}/health"],
        ["curl", "-sf", "-F", f"photo=@{photo}", "-F", "style=great_wave", f"localhost:{PORT}/stylize",
         "-o", str(image.root / "tmp" / "painted.jpg")],
        ["file", "-b", str(image.root / "tmp" / "painted.jpg")],
    )  # fmt: skip
    for command in asked:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        shown = shlex.join(command).replace(f"{photo.parent}/", "").replace(f"{image.root}/tmp/", "")
        typed.append((shown, done.stdout.strip()))
    assert (image.root / "tmp" / "painted.jpg").read_bytes()[:2] == b"\xff\xd8"
    owner = os.stat(f"/proc/{server.pid}").st_uid
    server.send_signal(signal.SIGTERM)
    code = server.wait()
    assert (owner, code) == (int(image.user), 0), (owner, code)
    return typed


def painted(image: Image) -> list[tuple[str, str]]:
    """Another command, in another user's folder, by that user's number."""
    folder = image.root / "home" / "somebody"
    folder.mkdir(exist_ok=True)
    os.chown(folder, SOMEBODY, SOMEBODY)
    shutil.copy(SOURCE / "examples" / "content" / "cat.jpg", folder / PHOTO)
    (result := folder / "photo-starry_night.jpg").unlink(missing_ok=True)
    words = [*image.entry, PHOTO, "starry_night"]
    command = image.inside(words, str(SOMEBODY), "/home/somebody")
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    assert result.stat().st_uid == SOMEBODY
    return [(shlex.join(words), done.stdout.strip())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    image = built(given.root, dict(pair.split("=", 1) for pair in given.build_arg))
    typed = [*served(image), *painted(image)]
    for command, answer in typed:
        print(f"$ {command}\n{answer}")
    if given.picture:
        draw(typed, given.picture)


if __name__ == "__main__":
    sys.exit(main())

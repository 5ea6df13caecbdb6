"""Where training pictures are: folders and tar shards. No torch here."""

import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from braceexpand import braceexpand
from PIL import Image

from ..errors import InputError
from ..media.files import write_atomically
from ..media.image import SUFFIXES, decode

SMALLEST = 16  # pixels of the short side; below is no texture to learn from

Skipped = dict[str, str]
"""Pictures that could not be used, by name, and why."""


@dataclass(frozen=True)
class Entry:
    """Where a picture's bytes are: a whole file, or a section of a tar file."""

    path: Path
    member: str = ""
    offset: int = 0
    size: int = -1

    @property
    def name(self) -> str:
        return f"{self.path}/{self.member}" if self.member else str(self.path)

    def read(self) -> bytes:
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


Pictures = Sequence[Entry] | Sequence[str]
"""Pictures within reach, or the addresses of remote shards of them."""


def find_pictures(sources: Sequence[str | Path]) -> list[Entry]:
    """Every picture in folders (recursive, tar shards among them) and tar files, in sorted order.

    A source may also be a pattern, with * or {000..099}. InputError for a source with nothing in it.
    """
    entries: list[Entry] = []
    for source in sources:
        paths = [Path(p) for part in expand(str(source)) for p in _matches(part)]
        before = len(entries)
        for path in paths:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.suffix.lower() == ".tar":
                    entries += _tar_entries(file)
                elif file.suffix.lower() in SUFFIXES and file.is_file():
                    entries.append(Entry(file))
        if len(entries) == before:
            raise InputError(f"{source}: no pictures in it")
    return entries


def expand(source: str) -> list[str]:
    """Expand {000..099} in a source; one that exists under that very name is left alone."""
    if Path(source).exists():
        return [source]
    try:
        return list(braceexpand(source))
    except ValueError as error:
        raise InputError(f"{source}: {error}") from None


def save_skipped(path: Path, skipped: dict[str, Skipped]) -> None:
    """Write a table of the pictures that could not be used: kind, name, reason."""
    rows = "".join(
        f"{k}\t{name}\t{why}\n" for k, names in skipped.items() for name, why in names.items()
    )
    # File names need not be text at all.
    data = "".join(rows).encode(errors="surrogateescape")

    def write(target: Path) -> None:
        target.write_bytes(data)

    write_atomically(path, write)


def _matches(pattern: str) -> list[str]:
    found = [pattern] if Path(pattern).exists() else sorted(glob(pattern))
    if not found:
        raise InputError(f"{pattern}: no such file or folder")
    return found


def _tar_entries(path: Path) -> list[Entry]:
    try:
        with tarfile.open(path, "r:") as tar:
            return [
                Entry(path, member.name, member.offset_data, member.size)
                for member in tar
                if member.isfile() and Path(member.name).suffix.lower() in SUFFIXES
            ]
    except (tarfile.TarError, OSError) as error:
        raise InputError(f"{path}: not a readable tar file ({error})") from None


def decode_large_enough(data: bytes, draft: int) -> Image.Image:
    """`media.image.decode`, which also refuses pictures too small to learn from."""
    picture = decode(data, draft).rgb
    if min(picture.size) < SMALLEST:
        raise InputError(f"is too small ({picture.width}×{picture.height})")
    return picture

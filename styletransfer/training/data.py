"""Training pictures from folders and tar shards, as a pure function of the sample's number."""

import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from ..errors import InputError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"}


@dataclass(frozen=True)
class Entry:
    """Where a picture's bytes are: a file, or a stretch of a tar file."""

    path: Path
    offset: int = 0
    size: int = -1

    def read(self) -> bytes:
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


def find_pictures(sources: Sequence[str | Path]) -> list[Entry]:
    """Every picture in folders (recursive, tar shards among them) and tar files, in sorted order.

    A source may also be a glob pattern. InputError for a source with nothing in it.
    """
    entries: list[Entry] = []
    for source in map(Path, sources):
        paths = [source] if source.exists() else [Path(p) for p in sorted(glob(str(source)))]
        if not paths:
            raise InputError(f"{source}: no such file or folder")
        before = len(entries)
        for path in paths:
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            for file in files:
                if file.suffix.lower() == ".tar":
                    entries += _tar_entries(file)
                elif file.suffix.lower() in SUFFIXES and file.is_file():
                    entries.append(Entry(file))
        if len(entries) == before:
            raise InputError(f"{source}: no pictures in it")
    return entries


def _tar_entries(path: Path) -> list[Entry]:
    try:
        with tarfile.open(path, "r:") as tar:
            return [
                Entry(path, member.offset_data, member.size)
                for member in tar
                if member.isfile() and Path(member.name).suffix.lower() in SUFFIXES
            ]
    except (tarfile.TarError, OSError) as error:
        raise InputError(f"{path}: not a readable tar file ({error})") from None


class Crops(Dataset):
    """Random square crops of pictures; crop number n depends on (seed, n) alone.

    Every picture is seen once an epoch, in an order drawn anew for each, so a run can go on at any
    sample with any number of workers. A broken picture is replaced by the next one of the epoch.

    Gives (crop, tries): crop uint8 (3, size, size), tries the pictures that could not be read.
    """

    def __init__(self, entries: Sequence[Entry], size: int, seed: int, zoom: float = 2.0):
        self.entries, self.size, self.seed, self.zoom = entries, size, seed, zoom
        self._order: tuple[int, np.ndarray] = (-1, np.empty(0, int))

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, n: int) -> tuple[Tensor, int]:
        rng = np.random.default_rng((self.seed, n))
        for tries in range(len(self.entries)):
            try:
                crop = self._crop(self.entries[self._pick(n + tries)].read(), rng)
                return torch.from_numpy(crop).permute(2, 0, 1), tries
            except Exception:  # broken files make Pillow raise nearly anything
                continue
        raise InputError("not one of the pictures can be read")

    def _pick(self, n: int) -> int:
        epoch, position = divmod(n, len(self.entries))
        if self._order[0] != epoch:
            order = np.random.default_rng((self.seed, 1 << 40, epoch)).permutation(len(self))
            self._order = (epoch, order)
        return self._order[1][position]

    def _crop(self, data: bytes, rng: np.random.Generator) -> np.ndarray:
        # The short side becomes something between the crop and `zoom` times the crop: texture
        # is seen at several scales, and no picture is distorted.
        target = self.size * rng.uniform(1, self.zoom)
        picture = Image.open(io.BytesIO(data))
        picture.draft("RGB", (int(target), int(target)))  # lets a large JPEG decode small
        picture = picture.convert("RGB")
        side = max(1, round(min(picture.size) * self.size / target))
        left = int(rng.integers(picture.width - side + 1))
        top = int(rng.integers(picture.height - side + 1))
        box = (left, top, left + side, top + side)
        crop = picture.resize((self.size, self.size), Image.Resampling.BICUBIC, box=box)
        if rng.random() < 0.5:
            crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return np.array(crop)


class Pairs(Dataset):
    """(content crop, style crop, broken content pictures, broken style pictures) of one number."""

    def __init__(self, content: Crops, style: Crops):
        self.content, self.style = content, style

    def __getitem__(self, n: int) -> tuple[Tensor, Tensor, int, int]:
        content, missing = self.content[n]
        style, lost = self.style[n]
        return content, style, missing, lost

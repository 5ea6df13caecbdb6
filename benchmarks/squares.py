"""Pictures of folders and tar files as small squares, decoded once."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from styletransfer.errors import InputError
from styletransfer.media.image import decode
from styletransfer.training.entries import Entry, find_pictures

CACHE = Path("out/squares")


def square(picture: Image.Image, side: int) -> Tensor:
    """The middle of a picture, (3, side, side) uint8."""
    short = min(picture.size)
    left, top = (picture.width - short) // 2, (picture.height - short) // 2
    box = (left, top, left + short, top + short)
    picture = picture.resize((side, side), Image.Resampling.LANCZOS, box=box)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


def squares(entries: Sequence[Entry], side: int) -> Tensor:
    """Pictures in their order, (N, 3, side, side) uint8; kept in out/squares: decoded once."""
    names = "\n".join(f"{entry.name} {entry.size}" for entry in entries)
    path = CACHE / f"{sha256(names.encode()).hexdigest()[:16]}-{side}.npy"
    if path.exists():
        return torch.from_numpy(np.load(path))
    found = torch.stack([square(decode(entry.read(), side).rgb, side) for entry in entries])
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, found.numpy())
    return found


def origins(path: Path) -> dict[tuple[str, str], str]:
    """Where each picture came from, by shard and member: the rows of a SOURCES.tsv."""
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    return {(shard, member): origin for shard, member, origin in rows[1:]}


def labelled(
    sources: Sequence[str | Path], label: Callable[[str], str | None]
) -> list[tuple[Entry, str]]:
    """Pictures of shards that have a label, and it. label: of an origin, as SOURCES.tsv beside the
    shards has it; None for a picture without. InputError if none has one, or there is no such table."""
    tables: dict[Path, dict[tuple[str, str], str]] = {}
    found = []
    for entry in find_pictures(sources):
        folder = entry.path.parent
        if folder not in tables:
            if not (folder / "SOURCES.tsv").exists():
                raise InputError(f"{folder}: no SOURCES.tsv beside the shards says what is on a picture")
            tables[folder] = origins(folder / "SOURCES.tsv")
        name = label(tables[folder].get((entry.path.name, entry.member), ""))
        if name is not None:
            found.append((entry, name))
    if not found:
        raise InputError(f"{sources[0]}: SOURCES.tsv has no such label")
    return found


def digest(*pictures: Tensor) -> str:
    """Of every pixel: other pictures are another experiment."""
    parts = sha256()
    for tensor in pictures:
        parts.update(tensor.contiguous().numpy().tobytes())
    return parts.hexdigest()[:16]


def floats(pictures: Tensor) -> Tensor:
    """uint8 to [0, 1], channels last."""
    return (pictures.float() / 255).contiguous(memory_format=torch.channels_last)

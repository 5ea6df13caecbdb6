"""Moving pictures out: GIF, WebP and APNG, films, or a folder of frames."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, chain, repeat
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import InputError
from .files import write_atomically
from .image import write_picture

FORMATS = {".gif": "GIF", ".webp": "WEBP", ".png": "PNG", ".apng": "PNG"}
FILMS = (".mp4", ".mov", ".m4v", ".mkv", ".webm")


def check_animation(path: str | Path, force: bool) -> None:
    """Say before any work what would stop the animation from being written; InputError."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in FILMS:
        from . import film  # noqa: F401  which says if PyAV is missing
    elif suffix and suffix not in FORMATS:
        kinds = ", ".join([*FORMATS, *FILMS])
        raise InputError(f"{path}: an animation ends in {kinds}, or is a folder for frames")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")
    if path.exists() and path.is_dir() == bool(suffix):
        raise InputError(f"{path}: is a folder" if suffix else f"{path}: is a file, not a folder")
    if not force and (any(path.iterdir()) if path.is_dir() else path.exists()):
        raise InputError(f"{path}: already there (--force overwrites it)")


def write_animation(
    path: str | Path, frames: Iterable[Image.Image], seconds: Fraction | Sequence[Fraction]
) -> None:
    """Write frames of one size, each seen for so many seconds; the name says how. Files appear whole."""
    path = Path(path)
    suffix = path.suffix.lower()
    if not suffix:
        _write_folder(path, frames)
    elif suffix in FILMS:
        write_atomically(path, lambda target: _write_film(target, suffix, iter(frames), seconds))
    else:
        pictures = list(frames)
        unit = 100 if suffix == ".gif" else 1000  # of which a GIF counts its frames' times
        each = seconds if isinstance(seconds, Sequence) else repeat(seconds, len(pictures))
        marks = [round(t * unit) for t in accumulate(each, initial=Fraction(0))]
        durations = [max(1, b - a) * 1000 // unit for a, b in zip(marks, marks[1:])]
        if suffix == ".gif":
            pictures = _one_palette(pictures)
        options = {"save_all": True, "append_images": pictures[1:], "duration": durations, "loop": 0}
        write_atomically(path, lambda target: pictures[0].save(target, FORMATS[suffix], **options))


def _write_folder(path: Path, frames: Iterable[Image.Image]) -> None:
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be made a folder ({error.strerror})") from None
    number = -1
    for number, frame in enumerate(frames):
        write_picture(path / f"frame-{number:05d}.png", frame)
    for old in path.glob("frame-*.png"):  # of a longer animation that was here
        if old.stem[6:].isdigit() and int(old.stem[6:]) > number:
            old.unlink()


def _one_palette(pictures: list[Image.Image]) -> list[Image.Image]:
    """With the same 256 colours for all and no dithering: with its own in each, grain would boil."""
    if any(picture.mode != "RGB" for picture in pictures):
        return pictures
    some = pictures[:: max(1, len(pictures) // 8)]
    rows = np.concatenate([np.asarray(picture.reduce(2)).reshape(-1, 3) for picture in some])
    palette = Image.fromarray(rows[None]).quantize(256, Image.Quantize.MEDIANCUT)
    return [p.quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures]


def _write_film(path: Path, suffix: str, frames: Iterator[Image.Image], seconds: Fraction) -> None:
    from . import encode

    first = next(frames)
    look = encode.Look(first.size, encode.CONTAINERS[suffix], None, 1 / seconds, seconds)
    encoder = encode.Encoder(look)
    count = 0
    for count, picture in enumerate(chain([first], frames), 1):
        encoder.write(np.asarray(picture), [(count - 1) * seconds])
    with tempfile.TemporaryDirectory() as folder:
        encoder.save(Path(folder, "film.npz"))
        encode.join(path, suffix, look, [Path(folder, "film.npz")], count * seconds)

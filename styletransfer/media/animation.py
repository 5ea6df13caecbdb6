"""Writing moving pictures: GIF, WebP, APNG, films, or folders of frames; never all frames in memory."""

import os
import shutil
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from itertools import accumulate, chain, pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import InputError
from .files import working_folder, write_atomically
from .gif_apng import write_apng, write_gif
from .image import FILMS, write_picture

FORMATS = {".gif": "GIF", ".webp": "WEBP", ".png": "PNG", ".apng": "PNG"}


def check_animation(path: str | Path, force: bool) -> None:
    """Raise InputError, before any work, if the animation could not be written."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in FILMS:
        from . import ffmpeg  # noqa: F401  which says if PyAV is missing
    elif suffix and suffix not in FORMATS:
        kinds = ", ".join([*FORMATS, *FILMS])
        raise InputError(f"{path}: an animation ends in {kinds}, or is a folder for frames")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")
    if path.exists() and path.is_dir() == bool(suffix):
        raise InputError(f"{path}: is a folder" if suffix else f"{path}: is a file, not a folder")
    if not force and (any(path.iterdir()) if path.is_dir() else os.path.lexists(path)):
        raise InputError(f"{path}: already there (--force overwrites it)")


def write_animation(
    path: str | Path,
    frames: Iterable[Image.Image],
    seconds: Sequence[Fraction],
    note: Callable[[str], None] = lambda text: None,
) -> None:
    """Write frames of one size, each shown for so many seconds, in the format of the name; atomically.

    In a film all frames are shown equally long. note: called with what the user should know.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    try:
        if not suffix:
            _write_folder(path, frames)
        elif suffix in FILMS:
            _write_film(path, frames, seconds[0], note)
        else:
            with _stored(frames, path.parent) as files:
                write_atomically(path, lambda target: write_pictures(target, suffix, files, seconds))
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None


def write_pictures(
    target: Path, suffix: str, files: Sequence[Path], seconds: Sequence[Fraction]
) -> None:
    """Write a GIF, WebP or APNG of picture files of one size. Raises OSError if it cannot."""
    unit = 100 if suffix == ".gif" else 1000  # of which a GIF counts its frames' times
    marks = [round(t * unit) for t in accumulate(seconds, initial=Fraction(0))]
    times = [max(1, b - a) * 1000 // unit for a, b in pairwise(marks)]
    with open(target, "wb") as file:
        try:
            if suffix == ".gif":
                write_gif(file, _one_palette(files), times)
            elif suffix == ".webp":
                strip = _Strip(files)
                strip.save(file, "WEBP", save_all=True, duration=times, loop=0)
            else:
                write_apng(file, (_opened(path) for path in files), _mode(files), times)
        except (ValueError, RuntimeError, SyntaxError, struct.error) as error:  # Pillow's words
            raise OSError(f"it cannot be {FORMATS[suffix]} ({error})") from None


def place_frames(files: Sequence[Path], folder: Path) -> None:
    """Copy frames into a folder, and remove those of an earlier, longer animation."""
    for file in files:
        write_atomically(folder / file.name, partial(shutil.copyfile, file))
    _remove_frames(folder, len(files))


def _write_folder(path: Path, frames: Iterable[Image.Image]) -> None:
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be made a folder ({error.strerror})") from None
    count = 0
    for count, frame in enumerate(frames, 1):
        write_picture(path / frame_name(count - 1), frame)
    _remove_frames(path, count)


def _remove_frames(folder: Path, count: int) -> None:
    for old in folder.glob("frame-*.png"):  # of a longer animation that was here
        if old.stem[6:].isdigit() and int(old.stem[6:]) >= count:
            old.unlink()


def frame_name(number: int) -> str:
    """The file name of a frame in a folder."""
    return f"frame-{number:05d}.png"


def _opened(path: Path) -> Image.Image:
    """A picture file, decoded and closed."""
    with Image.open(path) as image:
        image.load()
        return image


@contextmanager
def _stored(frames: Iterable[Image.Image], parent: Path) -> Iterator[list[Path]]:
    """Store the frames as files, since they may not fit into memory and a palette reads them twice."""
    with working_folder(parent) as folder:
        files: list[Path] = []
        for frame in frames:
            files.append(folder / frame_name(len(files)))
            frame.save(files[-1], compress_level=1)
        yield files


class _Strip(Image.Image):
    """Picture files as one multi-frame picture, each read when it is needed: the input of Pillow's
    WebP."""

    def __init__(self, files: Sequence[Path]):
        super().__init__()
        self.files, self.n_frames = files, len(files)
        self.seek(0)

    def seek(self, number: int) -> None:
        image = _opened(self.files[number])
        self.im, self._mode, self._size = image.im, image.mode, image.size


def _mode(files: Sequence[Path]) -> str:
    """One mode for all frames: RGBA if any pixel of any frame is transparent."""
    modes = set()
    for file in files:
        with Image.open(file) as image:
            modes.add(image.mode)
    return modes.pop() if len(modes) == 1 else "RGBA"


def _one_palette(files: Sequence[Path]) -> Iterator[Image.Image]:
    """One palette of 256 colours for all frames, without dithering; palettes of their own would
    flicker."""
    if _mode(files) != "RGB":
        return (_opened(file) for file in files)
    some = (_opened(file) for file in files[:: max(1, len(files) // 8)])
    rows = np.concatenate([np.asarray(picture.reduce(2)).reshape(-1, 3) for picture in some])
    palette = Image.fromarray(rows[None]).quantize(256, Image.Quantize.MEDIANCUT)
    return (_opened(f).quantize(palette=palette, dither=Image.Dither.NONE) for f in files)


def _write_film(
    path: Path, frames: Iterable[Image.Image], seconds: Fraction, note: Callable[[str], None]
) -> None:
    from . import video_writer

    frames, suffix = iter(frames), path.suffix.lower()
    first = next(frames)
    video_format = video_writer.VideoFormat(
        first.size, video_writer.CONTAINERS[suffix], None, 1 / seconds, seconds
    )
    if video_format.other_size:
        note(f"{path}: {video_format.other_size}")
    encoder = video_writer.VideoEncoder(video_format)
    count = 0
    for count, picture in enumerate(chain([first], frames), 1):
        encoder.write(np.asarray(picture), [(count - 1) * seconds])
    with working_folder(path.parent) as folder:
        encoder.save(piece := folder / "film.npz")
        end = count * seconds
        write_atomically(path, lambda t: video_writer.join(t, suffix, video_format, [piece], end))

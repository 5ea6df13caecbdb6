"""Clips: pictures with their times, from animations and folders of frames."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

from ..errors import InputError
from .image import MAX_PIXELS, SUFFIXES, Picture, read_picture, to_picture
from .truncation import ends_early

FOLDER_RATE = Fraction(25)  # of a folder of frames, unless --fps says otherwise


@dataclass
class Frame:
    """One frame of a film, upright. rgb: uint8 (H, W, 3). alpha: uint8 (H, W), or None.

    time, duration: in seconds, exact fractions. shown: when it is shown in the result.
    """

    rgb: np.ndarray
    time: Fraction
    duration: Fraction
    alpha: np.ndarray | None = None
    shown: tuple[Fraction, ...] = ()


@dataclass
class Clip:
    """What is known of a film before it is decoded; `frames` decodes it.

    begin: when the first picture or sound starts, by the file's own clock. length: in seconds, as the
    file declares it. rate: average frames per second. count: about how many frames; 0 if unknown.
    time_base: the unit of which all times are multiples. notes: what the user should know. damaged:
    whether anything was found missing or broken; `frames` sets it as it goes.
    """

    path: Path
    size: tuple[int, int]
    rate: Fraction
    begin: Fraction = Fraction(0)
    length: Fraction = Fraction(0)
    count: int = 0
    time_base: Fraction = Fraction(1, 1000)
    aspect: Fraction = Fraction(1)
    notes: list[str] = field(default_factory=list)
    damaged: bool = False

    def frames(self, start: Fraction) -> Iterator[Frame]:
        """Yield the frames whose time is not before `start`, in order."""
        raise NotImplementedError


class PictureClip(Clip):
    """A GIF, WebP or APNG."""

    @classmethod
    def open(cls, path: Path, image: Image.Image) -> "PictureClip":
        if image.width * image.height > MAX_PIXELS:
            raise InputError(f"{path}: is larger than {MAX_PIXELS / 1e6:.0f} million pixels: refused")
        durations, damaged = [], ends_early(path)
        try:
            for picture in ImageSequence.Iterator(image):
                picture.load()  # WebP says how long a frame is seen only once it is decoded
                durations.append(_milliseconds(picture))
        except Exception as error:  # Pillow's decoders raise nearly anything on broken data
            if not durations:
                raise InputError(f"{path}: is broken ({error})") from None
            damaged = True
        length = Fraction(sum(durations), 1000)
        clip = cls(path, image.size, Fraction(len(durations)) / length, length=length)
        clip.count, clip.damaged = len(durations), damaged
        return clip

    def frames(self, start: Fraction) -> Iterator[Frame]:
        time, number = Fraction(0), 0
        with Image.open(self.path) as image:
            while number < self.count:
                image.seek(number)
                image.load()
                duration = Fraction(_milliseconds(image), 1000)
                if time >= start:
                    picture = to_picture(image.copy())
                    yield _frame(picture, time, duration)
                time, number = time + duration, number + 1


class FolderClip(Clip):
    """Pictures of one size in a folder, ordered by the numbers in their names."""

    files: list[Path]

    @classmethod
    def open(cls, path: Path) -> "FolderClip":
        files = [p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file()]
        files.sort(key=lambda p: [int(t) if t.isdigit() else t for t in re.split(r"(\d+)", p.name)])
        if not files:
            raise InputError(f"{path}: no pictures in it")
        clip = cls(path, read_picture(files[0]).rgb.size, FOLDER_RATE, count=len(files))
        clip.files, clip.time_base = files, 1 / FOLDER_RATE
        clip.length = len(files) / FOLDER_RATE
        return clip

    def at_rate(self, rate: Fraction) -> "FolderClip":
        """The same frames at `rate` frames per second."""
        self.rate, self.time_base, self.length = rate, 1 / rate, len(self.files) / rate
        return self

    def frames(self, start: Fraction) -> Iterator[Frame]:
        for number, file in enumerate(self.files):
            if number / self.rate >= start:
                picture = read_picture(file)
                if picture.rgb.size != self.size:
                    sizes = "{}×{}, the first {}×{}".format(*picture.rgb.size, *self.size)
                    raise InputError(f"{file}: is {sizes}: frames are all of one size")
                yield _frame(picture, number / self.rate, 1 / self.rate)


def _frame(picture: Picture, time: Fraction, duration: Fraction) -> Frame:
    alpha = None if picture.alpha is None else np.asarray(picture.alpha)
    return Frame(np.asarray(picture.rgb), time, duration, alpha)


def _milliseconds(image: Image.Image) -> int:
    # As browsers do: a frame that is to be seen for no time at all is seen for a tenth of a second.
    return round(image.info.get("duration", 0)) or 100

"""Where painted frames go: films in pieces, or pictures."""

import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import InputError
from ..media.animation import frame_name, write_pictures
from ..media.clip import Clip, Frame
from ..media.image import write_picture
from .resume import ResumableJob
from .selection import FrameSelection


class FilmSink:
    """Pieces of encoded film, joined with the sound in the end."""

    def __init__(
        self, output: Path, clip: Clip, part: FrameSelection, size, codec: str, crf, sound: bool
    ):
        from ..media import film, video_writer

        self.video_writer, self.output, self.part = video_writer, output, part
        rate = 1 / part.tick if part.tick else clip.rate
        encoder = video_writer.encoder_for(output, codec)
        video_writer.encoder_options(encoder, crf)
        self.look = video_writer.VideoFormat(
            size, encoder, crf, rate, part.tick or clip.time_base, clip.aspect
        )
        audible = sound and isinstance(clip, film.FilmClip) and film.has_sound(clip.path)
        self.sound = clip.path if audible else None
        self.encoder, self.count, self.file = None, 0, ""

    @property
    def size(self) -> tuple[int, int]:
        """As it is written."""
        return self.look.written

    @property
    def notes(self) -> list[str]:
        return [f"{self.output}: {self.look.other_size}"] if self.look.other_size else []

    def probe(self, folder: Path) -> None:
        """Say before any work what would go wrong at its end: a black frame goes all the way."""
        encoder = self.video_writer.VideoEncoder(self.look)
        encoder.write(np.zeros((self.look.size[1], self.look.size[0], 3), np.uint8), [Fraction(0)])
        encoder.save(folder / "probe.npz")
        self._join(folder / "probe", [folder / "probe.npz"], Fraction(1), Fraction(1, 1000))
        for name in ("probe", "probe.npz"):
            (folder / name).unlink()

    def add(self, rgb: np.ndarray, frame: Frame, number: int, folder: Path) -> None:
        if self.encoder is None:
            self.encoder, self.count = self.video_writer.VideoEncoder(self.look), 0
            self.file = f"piece-{number:07d}.npz"
        if frame.alpha is not None:
            rgb = _on_white(rgb, frame.alpha)
        self.encoder.write(rgb, frame.shown)
        self.count += 1

    def save(self, folder: Path) -> None:
        self.encoder.save(folder / self.file)
        self.encoder = None

    def piece(self) -> dict:
        return {"file": self.file, "frames": self.count}

    def write(self, target: Path, work: ResumableJob) -> bool:
        """All of the result; gives whether the sound was whole."""
        pieces = [work.folder / name for name in work.pieces("file")]
        length = None if self.part.end is None else self.part.end - self.part.begin
        return self._join(target, pieces, work.end, length)

    def _join(self, target: Path, pieces: list[Path], end: Fraction, length: Fraction | None) -> bool:
        suffix = self.output.suffix.lower()
        return self.video_writer.join(
            target, suffix, self.look, pieces, end, self.sound, self.part.begin, length
        )


class PictureSink:
    """Frames as PNG files, made a GIF, WebP or APNG in the end, or kept."""

    notes = ()

    def __init__(self, output: Path, size: tuple[int, int]):
        self.output, self.size, self.durations = output, size, []

    def probe(self, folder: Path) -> None:
        """Say before any work what would go wrong at its end: two frames go all the way."""
        suffix, file = self.output.suffix.lower(), folder / "probe.png"
        write_picture(file, Image.new("RGB", self.size))
        if suffix:
            write_pictures(folder / "probe", suffix, [file, file], [Fraction(1)] * 2)
            (folder / "probe").unlink()
        file.unlink()

    def add(self, rgb: np.ndarray, frame: Frame, number: int, folder: Path) -> None:
        image = Image.fromarray(rgb)
        if frame.alpha is not None:
            image.putalpha(Image.fromarray(frame.alpha))
        write_picture(folder / frame_name(number), image)
        self.durations.append(str(frame.duration * len(frame.shown)))

    def save(self, folder: Path) -> None:
        pass

    def piece(self) -> dict:
        durations, self.durations = self.durations, []
        return {"frames": len(durations), "durations": durations}

    def write(self, target: Path, work: ResumableJob) -> bool:
        durations = [Fraction(d) for piece in work.pieces("durations") for d in piece]
        files = [work.folder / frame_name(number) for number in range(work.frames)]
        if self.output.suffix:
            write_pictures(target, self.output.suffix.lower(), files, durations)
        else:
            target.mkdir()
            for file in files:
                shutil.copyfile(file, target / file.name)
        return True


def sink_for(
    output: Path, clip: Clip, part: FrameSelection, size, codec: str, crf: int | None, sound: bool
):
    if output.suffix.lower() in ("", ".gif", ".webp", ".png", ".apng"):
        if codec or crf is not None:
            raise InputError("--codec and --crf are for films: .mp4, .mov, .mkv, .webm")
        return PictureSink(output, size)
    return FilmSink(output, clip, part, size, codec, crf, sound)


def _on_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None].astype(np.float32) / 255
    return (255 + share * (rgb.astype(np.float32) - 255) + 0.5).astype(np.uint8)

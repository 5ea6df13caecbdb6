"""Sinks for painted frames: films in pieces, or pictures."""

import shutil
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image

from ..errors import InputError
from ..media.animation import frame_name, write_pictures
from ..media.clip import Clip, Frame
from ..media.image import write_picture
from .resume import ResumableJob
from .selection import FrameSelection

if TYPE_CHECKING:
    from ..media.video_writer import VideoEncoder

Size = tuple[int, int]


class Sink(Protocol):
    """Takes frames one by one, and makes a result of them at the end."""

    @property
    def size(self) -> Size:
        """The size as written."""

    @property
    def notes(self) -> Sequence[str]:
        """What the user should know before the work begins."""

    def probe(self, folder: Path) -> None:
        """Find out before any work what would fail at its end: OSError or InputError."""

    def add(self, frame: Frame, number: int, folder: Path) -> None:
        """Take the next painted frame."""

    def save(self, folder: Path) -> None:
        """End a piece: everything added since the last is on disk when this returns."""

    def piece(self) -> dict[str, Any]:
        """What a job must remember of the piece just saved."""

    def write(self, target: Path, job: ResumableJob) -> bool:
        """Write the whole result; returns whether the sound was complete."""


class FilmSink:
    """Pieces of encoded film, joined with the sound at the end."""

    def __init__(
        self,
        output: Path,
        clip: Clip,
        selection: FrameSelection,
        size: Size,
        codec: str,
        crf: int | None,
        sound: bool,
    ):
        from ..media import film, video_writer

        self.video_writer, self.output, self.selection = video_writer, output, selection
        rate = 1 / selection.tick if selection.tick else clip.rate
        encoder = video_writer.encoder_for(output, codec)
        video_writer.encoder_options(encoder, crf)
        self.format = video_writer.VideoFormat(
            size, encoder, crf, rate, selection.tick or clip.time_base, clip.aspect
        )
        audible = sound and isinstance(clip, film.FilmClip) and film.has_sound(clip.path)
        self.sound = clip.path if audible else None
        self.encoder: VideoEncoder | None = None  # of the piece that is being written
        self.count, self.file = 0, ""

    @property
    def size(self) -> Size:
        return self.format.written

    @property
    def notes(self) -> Sequence[str]:
        return [f"{self.output}: {self.format.other_size}"] if self.format.other_size else []

    def probe(self, folder: Path) -> None:
        """Try it with one black frame."""
        encoder = self.video_writer.VideoEncoder(self.format)
        width, height = self.format.size
        encoder.write(np.zeros((height, width, 3), np.uint8), [Fraction(0)])
        encoder.save(folder / "probe.npz")
        self._join(folder / "probe", [folder / "probe.npz"], Fraction(1), Fraction(1, 1000))
        for name in ("probe", "probe.npz"):
            (folder / name).unlink()

    def add(self, frame: Frame, number: int, folder: Path) -> None:
        if self.encoder is None:
            self.encoder, self.count = self.video_writer.VideoEncoder(self.format), 0
            self.file = f"piece-{number:07d}.npz"
        rgb = frame.rgb if frame.alpha is None else _on_white(frame.rgb, frame.alpha)
        self.encoder.write(rgb, frame.shown)
        self.count += 1

    def save(self, folder: Path) -> None:
        assert self.encoder is not None, "a piece without a frame"
        self.encoder.save(folder / self.file)
        self.encoder = None

    def piece(self) -> dict[str, Any]:
        return {"file": self.file, "frames": self.count}

    def write(self, target: Path, job: ResumableJob) -> bool:
        pieces = [job.folder / name for name in job.pieces("file")]
        end = self.selection.end
        return self._join(target, pieces, job.end, None if end is None else end - self.selection.begin)

    def _join(
        self, target: Path, pieces: Sequence[Path], end: Fraction, length: Fraction | None
    ) -> bool:
        suffix, begin = self.output.suffix.lower(), self.selection.begin
        return self.video_writer.join(
            target, suffix, self.format, pieces, end, self.sound, begin, length
        )


class PictureSink:
    """PNG files, made into a GIF, WebP or APNG at the end, or kept."""

    notes: Sequence[str] = ()

    def __init__(self, output: Path, size: Size):
        self.output, self.size = output, size
        self.durations: list[str] = []  # of the piece that is being written, in seconds

    def probe(self, folder: Path) -> None:
        """Try it with two frames."""
        suffix, file = self.output.suffix.lower(), folder / "probe.png"
        write_picture(file, Image.new("RGB", self.size))
        if suffix:
            write_pictures(folder / "probe", suffix, [file, file], [Fraction(1)] * 2)
            (folder / "probe").unlink()
        file.unlink()

    def add(self, frame: Frame, number: int, folder: Path) -> None:
        image = Image.fromarray(frame.rgb)
        if frame.alpha is not None:
            image.putalpha(Image.fromarray(frame.alpha))
        write_picture(folder / frame_name(number), image)
        self.durations.append(str(frame.duration * len(frame.shown)))

    def save(self, folder: Path) -> None:
        pass  # `add` has written each frame

    def piece(self) -> dict[str, Any]:
        durations, self.durations = self.durations, []
        return {"frames": len(durations), "durations": durations}

    def write(self, target: Path, job: ResumableJob) -> bool:
        durations = [Fraction(d) for piece in job.pieces("durations") for d in piece]
        files = [job.folder / frame_name(number) for number in range(job.frames)]
        if self.output.suffix:
            write_pictures(target, self.output.suffix.lower(), files, durations)
        else:
            target.mkdir()
            for file in files:
                shutil.copyfile(file, target / file.name)
        return True


def sink_for(
    output: Path,
    clip: Clip,
    selection: FrameSelection,
    size: Size,
    codec: str,
    crf: int | None,
    sound: bool,
) -> Sink:
    """The sink for an output of this name. Raises InputError if there is none."""
    if output.suffix.lower() in ("", ".gif", ".webp", ".png", ".apng"):
        if codec or crf is not None:
            raise InputError("--codec and --crf are for films: .mp4, .mov, .mkv, .webm")
        return PictureSink(output, size)
    return FilmSink(output, clip, selection, size, codec, crf, sound)


def _on_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """rgb: uint8 (H, W, 3). alpha: uint8 (H, W)."""
    opacity = alpha[..., None].astype(np.float32) / 255
    return (255 + opacity * (rgb.astype(np.float32) - 255) + 0.5).astype(np.uint8)

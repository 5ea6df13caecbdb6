"""Moving pictures out: GIF, WebP and APNG, MP4, or a folder of frames."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path

from PIL import Image

from ..errors import InputError
from .files import write_atomically
from .image import write_picture

FORMATS = {".gif": "GIF", ".webp": "WEBP", ".png": "PNG", ".apng": "PNG"}


def check_animation(path: str | Path, force: bool) -> None:
    """Say before any work what would stop the animation from being written; InputError."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".mp4":
        _av()
    elif suffix and suffix not in FORMATS:
        kinds = ", ".join([*FORMATS, ".mp4"])
        raise InputError(f"{path}: an animation ends in {kinds}, or is a folder for frames")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")
    if path.exists() and path.is_dir() == bool(suffix):
        raise InputError(f"{path}: is a folder" if suffix else f"{path}: is a file, not a folder")
    if not force and (any(path.iterdir()) if path.is_dir() else path.exists()):
        raise InputError(f"{path}: already there (--force overwrites it)")


def write_animation(path: str | Path, frames: Iterable[Image.Image], fps: float) -> None:
    """Write frames of one size, RGB, at `fps` a second; the name says how. Files appear whole."""
    path = Path(path)
    suffix = path.suffix.lower()
    if not suffix:
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
    elif suffix == ".mp4":
        write_atomically(path, lambda target: _write_mp4(target, iter(frames), fps))
    else:
        first, *rest = frames
        options = {"save_all": True, "append_images": rest, "duration": 1000 / fps, "loop": 0}
        write_atomically(path, lambda target: first.save(target, FORMATS[suffix], **options))


def _write_mp4(path: Path, frames: Iterable[Image.Image], fps: float) -> None:
    av = _av()
    first = next(frames)
    # H.264 in 4:2:0, which every player plays, takes even sides only.
    width, height = (side + side % 2 for side in first.size)
    with av.open(str(path), "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "18"}
        for picture in chain([first], frames):
            if picture.size != (width, height):
                wide = Image.new("RGB", (width, height))
                wide.paste(picture.resize((width, height)))
                wide.paste(picture)
                picture = wide
            file.mux(stream.encode(av.VideoFrame.from_image(picture)))
        file.mux(stream.encode())


def _av():
    try:
        import av
    except ImportError:
        raise InputError("an MP4 needs PyAV: pip install 'styletransfer[video]'") from None
    return av

"""Reading and writing pictures: files of any kind to 8-bit sRGB and alpha, and back. No torch here."""

import io
import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from ..errors import InputError, TooLarge
from ..system.host import check_free, free_memory
from .files import write_atomically

MAX_PIXELS = 178_956_970  # a larger header is a bomb or a mistake (Pillow's own limit)
_NO_ROOM = "does not fit into memory"
_TOO_LARGE = f"is larger than {MAX_PIXELS / 1e6:.0f} million pixels: refused"
FORMATS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP",
    ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP",
}  # fmt: skip
_OPAQUE = ("JPEG", "BMP")
_LONGEST = {"JPEG": 65_535, "WEBP": 16_383}  # side that a format takes
_LEAST = {"BMP": 3.0, "TIFF": 3.0, "PNG": 0.5}  # bytes that a painted pixel takes in a file
BYTES = 14  # of memory for each pixel of a picture on its way, measured
SUFFIXES = {*FORMATS, ".gif", ".ppm"}  # of files taken for pictures when a folder is searched
FILMS = (".mp4", ".mov", ".m4v", ".mkv", ".webm")
# What Pillow warns of is ours to say or to mend. Once and for all, since filters are the whole process's
# and pictures are read on many threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


@dataclass(frozen=True)
class Picture:
    """An upright sRGB picture. rgb: mode RGB; alpha: mode L of the same size, or None."""

    rgb: Image.Image
    alpha: Image.Image | None = None
    jpeg: bool = False


def read_picture(source: str | os.PathLike[str]) -> Picture:
    """Read a picture file, or standard input for "-", as `to_picture` does.

    Raises InputError with the reason; TooLarge before anything is decoded.
    """
    name = "standard input" if str(source) == "-" else str(source)
    try:
        if name == str(source) and count_pixels(source) > MAX_PIXELS:
            raise TooLarge(_TOO_LARGE)
        if str(source) != "-":
            return decode(Path(source).read_bytes())
        if sys.stdin is None:
            raise InputError("is closed")
        return decode(sys.stdin.buffer.read())
    except InputError as error:
        raise type(error)(f"{name}: {error}") from None
    except FileNotFoundError:
        raise InputError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{name}: is a folder, not a picture") from None
    except MemoryError:
        raise InputError(f"{name}: {_NO_ROOM}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: cannot be read ({getattr(error, 'strerror', error)})") from None


def example_photo() -> Path:
    """The path of a photo that ships with the package."""
    packaged = Path(__file__).parents[1] / "examples/photo.jpg"  # where pip puts it
    return packaged if packaged.is_file() else Path(__file__).parents[2] / "examples/content/bridge.jpg"


def example_styles() -> list[Path]:
    """The paths of the paintings that ship with the package."""
    packaged = Path(__file__).parents[1] / "examples/styles"  # where pip puts them
    folder = packaged if packaged.is_dir() else Path(__file__).parents[2] / "examples/style"
    return sorted(folder.glob("*.jpg"))


def example_titles() -> dict[str, tuple[str, str]]:
    """Title and painter of the paintings that ship with the package, by the stem of their files."""
    found = json.loads((example_styles()[0].parent / "titles.json").read_text("utf-8"))
    return {stem: (title, painter) for stem, (title, painter) in found.items()}


def open_map(source: str | Path) -> Image.Image:
    """Open a picture file whose values are labels or colours to be compared: no colour conversion."""
    read_picture(source)  # which says what is wrong with it, if anything
    image = Image.open(source)
    image.load()
    return image


def decode(data: bytes, draft: int | None = None) -> Picture:
    """Decode a picture file's bytes. Raises InputError with the reason, without a name.

    draft: a short side that suffices; JPEGs then decode several times faster at a half, a quarter or an
    eighth of their size, if that is still large enough.
    """
    if not data:
        raise InputError("is empty")
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise Image.DecompressionBombError
            if draft:
                image.draft(None, (draft, draft))
            image.load()
            return to_picture(image)
    except Image.DecompressionBombError:
        raise TooLarge(_TOO_LARGE) from None
    except UnidentifiedImageError:
        raise InputError("is not a picture (or of a kind that Pillow does not read)") from None
    except MemoryError:
        raise InputError(_NO_ROOM) from None
    except Exception as error:  # Pillow's decoders raise nearly anything on broken data
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"is broken ({reason})") from None


def count_pixels(path: str | os.PathLike[str]) -> int:
    """The number of pixels that a picture file declares; 0 if it cannot be read."""
    try:
        with Image.open(path) as image:
            return image.width * image.height
    except Image.DecompressionBombError:
        return MAX_PIXELS + 1
    except Exception:  # `decode` will say what it is
        return 0


def pictures_in(folder: str | Path) -> list[Path]:
    """All picture files in a folder, recursively, sorted. Raises InputError if there are none."""
    found = [p for p in sorted(Path(folder).rglob("*")) if p.suffix.lower() in SUFFIXES and p.is_file()]
    if not found:
        raise InputError(f"{folder}: no pictures in it")
    return found


def to_picture(image: Image.Image) -> Picture:
    """Convert a PIL image, its first frame, to how it is meant to be seen.

    EXIF orientation is applied, ICC profiles are converted to sRGB, 16-bit and float become 8-bit, and
    grey, palette and CMYK become RGB. Invisible pixels get the mean colour of the visible ones, so that
    what is hidden there does not affect the style.
    """
    jpeg, profile = image.format == "JPEG", image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        image = _to_8_bits(image)
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    alpha = image.getchannel("A") if "A" in image.getbands() and image.mode == "RGBA" else None
    rgb = _to_srgb(image.convert("RGB") if alpha else image, profile)
    if alpha is not None:
        rgb = _hide_invisible(rgb, alpha)
    return Picture(rgb, alpha, jpeg)


def with_short_side(size: tuple[int, int], short: int) -> tuple[int, int]:
    """Scale (width, height) to a short side; the long side is rounded. InputError if that is too
    large."""
    scale = short / min(size)
    width, height = (max(1, round(side * scale)) for side in size)
    if scale > 1:
        need = BYTES * width * height
        fits = int(0.9 * short * min(1, free_memory() / need) ** 0.5)
        remedy = f"a short side of {max(1, fits)} fits"
        check_free(need, f"a picture of {width}×{height}", remedy)
    return width, height


def resize_short_side(image: Image.Image, size: int) -> Image.Image:
    """Resize an image to a short side of `size` pixels."""
    wanted = with_short_side(image.size, size)
    if wanted == image.size:
        return image
    try:
        return image.resize(wanted, Image.Resampling.LANCZOS)
    except MemoryError:
        raise InputError("a picture of {}×{} {}".format(*wanted, _NO_ROOM)) from None


def style_image(source: Image.Image, size: int, crop: float) -> Image.Image:
    """A painting as the encoder sees it. crop: the central share of each side that is kept. size: the
    short side to which it is resized."""
    if crop < 1:
        width, height = (max(1, round(side * crop)) for side in source.size)
        left, top = (source.width - width) // 2, (source.height - height) // 2
        source = source.crop((left, top, left + width, top + height))
    return resize_short_side(source, size)


def output_format(path: str | Path) -> str:
    """Pillow's format for an output name; "-" is PNG. Raises InputError for an unknown suffix."""
    if str(path) == "-":
        return "PNG"
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise InputError(f"{path}: cannot tell the format; end it in one of {', '.join(FORMATS)}")
    return FORMATS[suffix]


def check_output(path: str | Path, force: bool, size: tuple[int, int] | None = None) -> None:
    """Raise InputError, before any work, if the output could not be written.

    size: width and height of the output, if they are known.
    """
    kind = output_format(path)
    if size and max(size) > _LONGEST.get(kind, 2**31 - 1):
        sizes = (
            f"{size[0]}×{size[1]}, and {kind} ends at {_LONGEST.get(kind, 2**31 - 1):,} pixels a side"
        )
        raise InputError(f"{path}: would be {sizes}")
    if str(path) == "-":
        return
    path = Path(path)
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder")
        if not path.parent.is_dir():
            raise InputError(f"{path}: there is no folder {path.parent}")
        if path.exists() and not force:
            raise InputError(f"{path}: already there (--force overwrites it)")
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part"):
            pass
        need = size[0] * size[1] * _LEAST.get(kind, 0.1) if size else 0
        if need > (free := shutil.disk_usage(path.parent).free):
            sizes = f"needs about {need / 1e9:,.1f} GB of disk and {free / 1e9:.1f} GB are free"
            raise InputError(f"{path}: {sizes}")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None


def write_picture(path: str | Path, image: Image.Image, quality: int = 95) -> None:
    """Write an sRGB picture atomically in the format of its name; "-" writes PNG to standard output.

    Formats without alpha get a white background. quality: as for `encode_picture`.
    """
    try:
        data = encode_picture(image, output_format(path), quality)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    if str(path) == "-":
        if sys.stdout is None:
            raise InputError("standard output is closed")
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_atomically(path, lambda target: target.write_bytes(data))


def encode_picture(
    image: Image.Image, kind: str, quality: int = 95, metadata: Mapping[str, Any] | None = None
) -> bytes:
    """Encode a picture in one of Pillow's formats. Raises InputError with the reason, without a name.

    quality: of JPEG and WebP, 1 to 100. metadata: from `media.metadata.kept_metadata`. Formats without
    alpha get a white background.
    """
    if kind in _OPAQUE and image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": quality, "subsampling": 0},
        "WEBP": {"quality": quality},
    }
    buffer = io.BytesIO()
    try:
        image.save(buffer, kind, **options.get(kind, {}), **(metadata or {}))
    except (OSError, ValueError) as error:  # WebP ends at 16,383 pixels a side, JPEG at 65,535
        raise InputError(f"cannot be {kind} ({error})") from None
    except MemoryError:
        raise InputError(_NO_ROOM) from None
    return buffer.getvalue()


def _to_8_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.float64)
    if image.mode.startswith("I;16"):
        top = 65535.0
    else:  # 32-bit integers and floats have no agreed range: guess from what is there
        highest = values.max(initial=0)
        top = next((t for t in (1.0, 255.0, 65535.0) if highest <= t), highest)
        if image.mode == "I" and top == 1.0:
            top = 255.0
    scaled = np.nan_to_num(values / top, posinf=1.0).clip(0, 1)
    return Image.fromarray((scaled * 255).round().astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
            assert converted is not None  # as it would be if the image were converted in place
            return converted
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken profile, or one for another mode: the plain conversion is the best left
    return image.convert("RGB")


def _hide_invisible(rgb: Image.Image, alpha: Image.Image) -> Image.Image:
    colours, visible = np.array(rgb), np.asarray(alpha) > 0
    if visible.any() and not visible.all():
        colours[~visible] = colours[visible].mean(axis=0).round().astype(np.uint8)
    return Image.fromarray(colours)

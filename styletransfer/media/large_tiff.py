"""Pictures larger than memory: unpacked to raw pixels on disk and packed again, strip by strip."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import InputError
from .files import GONE, write_atomically

SIDE = {".jpg": 65_535, ".jpeg": 65_535, ".png": 2**31, ".tif": 2**31, ".tiff": 2**31}
"""Formats that can be written in strips, and the longest side that they can have."""
MISSING = "pip install 'styletransfer[large]' reads and writes pictures of this size in strips"
LEVEL = 3  # of deflate: a fifth faster than libtiff's own, and of paintings the file is no larger
MAX_PIXELS = 20_000_000_000  # what is larger is a mistake


def check_large_output(path: str | Path) -> None:
    """Raise InputError unless the output's format can be written in strips."""
    if Path(path).suffix.lower() not in SIDE:
        raise InputError(f"{path}: a picture of this size can be {', '.join(SIDE)}")


def unpack(source: str | Path, raw: Path, size: int | None = None) -> tuple[int, int]:
    """Write a picture's pixels to `raw` as 8-bit RGB rows; returns its height and width.

    Upright sRGB, like `read_picture`, except that hidden colours of transparent pixels stay. size: short
    side, or None. Raises InputError if it cannot be read and OSError if it cannot be written.
    """
    vips = _vips()
    try:
        image = _opened(vips, source)
        if size is not None:
            image = image.resize(size / min(image.width, image.height))
        if image.hasalpha():
            image = image[: image.bands - 1]
        _check_room(raw.parent, image.width, image.height)
        image.rawsave(str(raw))
    except vips.Error as error:
        _check_disk(error)
        raise InputError(f"{source}: is broken ({_reason(error)})") from None
    return image.height, image.width


def pack(painted: Path, path: str | Path, source: str | Path) -> None:
    """Make a painted TIFF from `create_tiff` the output, atomically, with the source's alpha channel if
    the format has one. A TIFF without is moved as it is, not compressed: that would take a tenth as long
    as painting, and what is painted would be a quarter smaller."""
    vips, suffix = _vips(), Path(path).suffix.lower()
    original = _opened(vips, source)
    if suffix in (".tif", ".tiff") and not original.hasalpha():
        write_atomically(path, lambda target: os.replace(painted, target))
        return
    image = vips.Image.new_from_file(str(painted), access="sequential")
    if max(image.width, image.height) > SIDE[suffix]:
        raise InputError(f"{path}: {suffix} ends at {SIDE[suffix]} pixels a side: give another format")
    if original.hasalpha():
        alpha = original[original.bands - 1]
        if (alpha.width, alpha.height) != (image.width, image.height):
            alpha = alpha.resize(image.width / alpha.width, vscale=image.height / alpha.height)
        image = image.bandjoin(alpha.cast("uchar"))

    def write(target: Path) -> None:
        try:
            if suffix == ".png":
                image.pngsave(str(target), compression=4)
            elif suffix in (".jpg", ".jpeg"):
                opaque = image.flatten(background=255) if image.hasalpha() else image
                opaque.jpegsave(str(target), Q=95, subsample_mode="off")
            else:
                image.tiffsave(
                    str(target), compression="deflate", predictor="horizontal", bigtiff=True, level=LEVEL
                )
        except vips.Error as error:
            _check_disk(error)
            raise InputError(f"cannot write {path}: {_reason(error)}") from None

    write_atomically(path, write)


def create_tiff(path: Path, height: int, width: int, rows: int = 16) -> int:
    """Create a TIFF of raw RGB, uint8 (height, width, 3), black, in strips of `rows` rows.

    Returns the number of bytes before the first pixel, for mapping the file. libvips reads a TIFF strip
    by strip, but would map the whole of a raw file into memory.
    """
    try:
        import tifffile
    except ImportError:
        raise InputError(MISSING) from None
    found = tifffile.imwrite(
        path, None, shape=(height, width, 3), dtype="uint8", photometric="rgb", bigtiff=True,
        rowsperstrip=rows, align=4096, metadata=None, software=False, returnoffset=True,
    )  # fmt: skip
    assert found is not None  # as asked for by returnoffset
    return found[0]


def _vips() -> Any:
    try:
        import pyvips
    except (ImportError, OSError):
        raise InputError(MISSING) from None
    pyvips.cache_set_max(0)  # of operations: nothing is done twice here
    return pyvips


def _opened(vips: Any, source: str | Path) -> Any:
    """The picture, upright, sRGB, uchar; strips are read on demand."""
    try:
        image = vips.Image.new_from_file(str(source), access="sequential", fail_on="truncated")
        if image.width * image.height > MAX_PIXELS:
            raise InputError(f"{source}: is larger than {MAX_PIXELS / 1e9:.0f} billion pixels: refused")
        if image.get_typeof("orientation") and image.get("orientation") > 1:
            # Turning needs the whole: libvips unpacks it to a temporary file.
            image = vips.Image.new_from_file(str(source), fail_on="truncated").autorot()
        if image.get_typeof("icc-profile-data"):
            with suppress(vips.Error):  # a broken profile: the plain conversion is the best left
                image = image.icc_transform("srgb", embedded=True)
        return image.colourspace("srgb").cast("uchar")
    except vips.Error as error:
        raise InputError(f"{source}: is not a picture that libvips reads ({_reason(error)})") from None


def _check_room(folder: Path, width: int, height: int) -> None:
    need, free = 2 * 3 * width * height, shutil.disk_usage(folder).free
    if need > free:
        raise InputError(
            f"{folder}: needs {need / 1e9:.1f} GB for a while, and {free / 1e9:.1f} GB are free"
        )


def _check_disk(error: Exception) -> None:
    """Raise OSError if libvips failed because the disk is full or gone."""
    for number in GONE:
        if os.strerror(number) in str(error):
            raise OSError(number, os.strerror(number)) from None


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__

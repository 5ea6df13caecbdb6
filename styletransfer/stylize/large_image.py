"""Stylizing files that are larger than memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..media.files import working_folder
from ..media.large_tiff import check_large_output, pack, unpack
from ..options import StylizeOptions
from ..styles.encode import Style
from .buffer import DiskImageBuffer
from .paint import Progress
from .refine import Watch
from .stylizer import Stylizer


def stylize_file(
    stylizer: Stylizer,
    content: str | Path,
    output: str | Path,
    style: Style | Sequence[Style] | None = None,
    options: StylizeOptions | None = None,
    *,
    progress: Progress | None = None,
    watch: Watch | None = None,
    **keywords: Any,
) -> tuple[int, int]:
    """`Stylizer.stylize` from file to file for any size; returns the result's width and height.

    output: a TIFF, PNG or JPEG file. keywords: options one by one, in place of `options`. Memory does
    not grow with the picture: temporary files beside the output hold 6 bytes per pixel, and its features
    where there is room for them. Needs the extra [large]. Raises InputError for mask and regions, which
    are not supported here.
    """
    options = options or StylizeOptions(**keywords)
    check_large_output(output)
    for name in ("mask", "regions"):
        if getattr(options, name) is not None:
            raise InputError(f"{content}: is too large for {name}")
    try:
        with working_folder(Path(output).parent) as folder:
            height, width = unpack(content, folder / "raw", options.size)
            image = DiskImageBuffer(folder / "raw", height, width)
            painted = stylizer.repaint(image, style, options, progress=progress, watch=watch)
            assert isinstance(painted, DiskImageBuffer)  # of the content's kind
            pack(painted.path, output, content)
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror or error}") from error
    return width, height

"""Stylizing files that do not fit into memory."""

from pathlib import Path

from ..errors import InputError
from ..media.files import working_folder
from ..media.large_tiff import check_large_output, pack, unpack
from .buffer import DiskImageBuffer
from .stylizer import Stylizer


def stylize_file(
    stylizer: Stylizer,
    content: str | Path,
    output: str | Path,
    style=None,
    alpha: float = 1.0,
    **options,
) -> tuple[int, int]:
    """`Stylizer.stylize` from file to file, of any size: TIFF, PNG or JPEG out. Its width and height.

    The pixels lie beside the output while it lasts, 6 bytes for each. Memory does not depend on the
    picture's size. Needs the extra [large]. mask and regions are not to be had here.
    """
    check_large_output(output)
    size = options.pop("size", None)
    for name in ("mask", "regions"):
        if options.get(name) is not None:
            raise InputError(f"{content}: is too large for {name}")
    try:
        with working_folder(Path(output).parent) as folder:
            height, width = unpack(content, folder / "raw", size)
            canvas = DiskImageBuffer(folder / "raw", height, width)
            painted = stylizer.repaint(canvas, style, alpha, **options)
            pack(painted.path, output, content)
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror or error}") from error
    return width, height

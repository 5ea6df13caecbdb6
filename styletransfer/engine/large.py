"""Stylizing files that do not fit into memory."""

import tempfile
from pathlib import Path

from ..errors import InputError
from ..io.large import check_large_output, pack, unpack
from .canvas import DiskCanvas
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
    with tempfile.TemporaryDirectory(dir=Path(output).parent, prefix=".stylize-") as folder:
        height, width = unpack(content, Path(folder) / "raw", size)
        painted = stylizer.repaint(
            DiskCanvas(Path(folder) / "raw", height, width), style, alpha, **options
        )
        pack(painted.path, output, content)
    return width, height

"""What `stylize batch` was asked for: checked before anything is read. No torch here."""

import os
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from ..errors import InputError
from . import common

if TYPE_CHECKING:
    from ..batch.outputs import Layout


class Pick(str, Enum):
    """Which styles for which picture."""

    all = "all"
    random = "random"
    cycle = "cycle"
    match = "match"


class BatchEngine(str, Enum):
    """Where pictures are painted."""

    local = "local"
    ray = "ray"


def check_styles(
    styles: Sequence[str], region_styles: Mapping[str, object], regions: str, weights: str, pick: Pick
) -> None:
    """InputError for styles that are missing, or that do not go together."""
    if not styles and not region_styles:
        raise InputError("no --style given")
    if bool(region_styles) != bool(regions):
        raise InputError("--regions MAP and --region KEY=STYLE go together")
    if weights and pick is not Pick.all:
        raise InputError("--weights makes one style of all: there is nothing to --pick then")


def check_numbers(per_image: int, quality: int, workers: int | None) -> None:
    """InputError for numbers that mean nothing."""
    if per_image < 1:
        raise InputError(f"--per-image is {per_image}: at least 1")
    common.check_quality(quality)
    if workers is not None and not 1 <= workers <= 1000:
        raise InputError(f"--workers is {workers}: 1 to 1000")


def layout_of(format: str, suffix: str, pack: str) -> "Layout":
    """How results are named; InputError for what cannot be written, or is no part of a name."""
    from ..batch.outputs import Layout
    from ..media.image import FORMATS

    if pack not in ("auto", "files") and not (pack.isdigit() and int(pack) > 0):
        raise InputError(f"--pack is {pack!r}: auto, files, or how many to a tar file")
    if "/" in suffix or os.sep in suffix:
        raise InputError(f"--suffix is {suffix!r}: a part of a name, without folders")
    ending = "." + format.lower().lstrip(".") if format else ""
    if ending and ending not in FORMATS:
        raise InputError(f"--format is {format!r}: one of {', '.join(f[1:] for f in FORMATS)}")
    return Layout(ending, suffix, int(pack) if pack.isdigit() else pack)


def check_files(source: str, out: str, styles: Sequence[str], maps: Sequence[str]) -> None:
    """InputError for a DST that cannot be a folder of results, and for files that are not there."""
    if not out:  # a variable of the shell's that is not set, and not a wish for the current folder
        raise InputError("DST is empty: a folder is wanted")
    if os.path.exists(out) and not os.path.isdir(out):
        raise InputError(f"{out}: is a file, and a folder is wanted")
    if os.path.isdir(source) and os.path.realpath(source) == os.path.realpath(out):
        raise InputError(f"{out}: is the folder of the pictures; give another for the results")
    common.read_styles(dict.fromkeys(styles))
    common.check_files(maps)

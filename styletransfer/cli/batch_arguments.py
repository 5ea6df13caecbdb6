"""The arguments of `stylize batch`, and the checks on them before anything is read. No torch here."""

import os
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from ..options import Stats
from . import common, complete

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


Source = Annotated[
    str,
    typer.Argument(
        metavar="SRC",
        help="A folder (searched through), 'pattern/**/*.jpg', tar files 'x-{00..99}.tar', a .txt "
        "list of files, or - for a list on standard input.",
    ),
]
Destination = Annotated[
    str, typer.Argument(metavar="DST", help="A folder, in which SRC's folders come again.")
]
Styles = Annotated[
    list[str] | None,
    typer.Option(
        metavar="STYLE",
        help="A painting, a .style.safetensors code, or a folder: the mean of its works for "
        "--pick all, else works to pick from; repeatable.",
        autocompletion=complete.styles,
    ),
]
Picked = Annotated[Pick, typer.Option(help="Which styles for which picture; see below.")]
PerImage = Annotated[
    int, typer.Option(metavar="K", help="Styles per picture, with --pick random, cycle or match.")
]
Seed = Annotated[int, typer.Option(help="Seed of --pick random and match.")]
Format = Annotated[
    str,
    typer.Option(
        metavar="png|jpg|webp|tif|bmp",
        show_default="each picture's own",
        help="File format of the results.",
    ),
]
Suffix = Annotated[
    str, typer.Option(metavar="TEXT", help="Text added to each name: a.jpg becomes aTEXT.jpg.")
]
Pack = Annotated[
    str,
    typer.Option(
        metavar="auto|files|N",
        help="Results in tar files as they came, in plain files, or N to a tar file.",
    ),
]
SkipExisting = Annotated[
    bool, typer.Option(help="Go on where a run was; without it, paint and replace all.")
]
ForceReplace = Annotated[
    bool, typer.Option("--force", help="Do not ask before --no-skip-existing replaces results.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be done, a JSON object a line.")
]
BlendWeights = Annotated[
    str, typer.Option(metavar="W,W...", help="Blend all styles into one, e.g. 0.7,0.3.")
]
Size = Annotated[
    int | None,
    typer.Option(help="Short side of the results in pixels.", show_default="each picture's size"),
]
Crop = Annotated[
    bool, typer.Option("--crop", help="Crop results to the central square, --size by --size pixels.")
]
Mask = Annotated[
    str, typer.Option(metavar="M.png", help="Where to paint, for pictures of the mask's size.")
]
Regions = Annotated[
    str,
    typer.Option(
        metavar="MAP.png", help="A map that chooses the style, for pictures of the map's size."
    ),
]
Region = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=STYLE", help="The style of one of the map's colours or labels; repeatable."
    ),
]
Tile = Annotated[str, typer.Option(metavar="auto|off|N", help="Paint in tiles of N pixels a side.")]
Statistics = Annotated[Stats, typer.Option(help="Statistics of the whole photo, or of a thumbnail.")]
Engine = Annotated[
    BatchEngine, typer.Option(help="This machine, or a Ray cluster (styletransfer[cluster]).")
]
Address = Annotated[
    str,
    typer.Option(help="Address of the cluster; auto: this node's.", show_default="one of this machine"),
]
Workers = Annotated[
    int | None,
    typer.Option(help="Pictures to work on at once.", show_default="one per core, or per GPU"),
]


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

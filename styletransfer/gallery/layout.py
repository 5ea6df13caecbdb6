"""Labelled sheets of pictures, and the memory check before they are painted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from ..media.image import Picture, with_short_side
from ..media.tensors import describe
from ..styles.code_file import SUFFIX
from ..styles.encode import Style
from ..styles.names import BANK, style_weights
from ..system.host import check_free

GAP = 6


def draw_sheet(
    rows: Sequence[Sequence[Image.Image | None]],
    cell: tuple[int, int],
    columns: Sequence[str] = (),
    labels: Sequence[Sequence[str]] = (),
) -> Image.Image:
    """Draw pictures in rows on white, each cropped to `cell` (width, height); None leaves a gap.

    columns: titles along the top. labels: a line below each picture, as rows of texts.
    """
    text_size = max(11, cell[1] // 14)
    font = ImageFont.load_default(text_size)
    line = text_size + GAP
    top = line if columns else 0
    pitch = cell[0] + GAP, cell[1] + GAP + (line if labels else 0)
    width = max(len(row) for row in rows)
    out = Image.new("RGB", (width * pitch[0] - GAP, top + len(rows) * pitch[1] - GAP), "white")
    draw = ImageDraw.Draw(out)

    def write(text: str, x: int, y: int) -> None:
        while text and draw.textlength(text, font) > cell[0]:
            text = text[:-2] + "…" if len(text) > 1 else ""
        draw.text((x + cell[0] / 2, y + GAP / 2), text, "black", font, anchor="ma")

    for x, title in enumerate(columns):
        write(title, x * pitch[0], 0)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            if picture is not None:
                fitted = ImageOps.fit(picture, cell, Image.Resampling.LANCZOS)
                out.paste(fitted, (x * pitch[0], top + y * pitch[1]))
            if labels and labels[y][x]:
                write(labels[y][x], x * pitch[0], top + y * pitch[1] + cell[1])
    return out


def cell_size(picture: Image.Image, short_side: int) -> tuple[int, int]:
    """Width and height of a cell with this short side and a picture's shape."""
    scale = short_side / min(picture.size)
    return round(picture.width * scale), round(picture.height * scale)


Track = Callable[[Iterable[Any], int], Iterable[Any]]
"""What shows progress: gives the items of an iterable on, of which there will be so many."""


def check_room(photo: Picture, size: int, count: int) -> None:
    """Raise InputError if `count` pictures and their sheet do not fit into memory."""
    width, height = with_short_side(photo.rgb.size, size)
    check_free(8 * width * height * count, f"a sheet of {count} pictures", "fewer, or smaller ones, fit")


def label(style: Style) -> str:
    """The label of a picture in this style."""
    if isinstance(style, Mapping):
        return " + ".join(map(label, style))
    if isinstance(style, str) and (parts := style_weights(style)) != {style: 1.0}:
        return label(parts)
    name = describe(style).removesuffix(SUFFIX).removeprefix(BANK)
    return name.rpartition(".")[0] or name

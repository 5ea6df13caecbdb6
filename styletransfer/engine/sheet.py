"""Many pictures on one: labelled contact sheets."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps

GAP = 6


def draw_sheet(
    rows: Sequence[Sequence[Image.Image | None]],
    cell: tuple[int, int],
    columns: Sequence[str] = (),
    labels: Sequence[Sequence[str]] = (),
) -> Image.Image:
    """Pictures in rows on white, each cut to `cell` (width, height); None leaves a place free.

    columns: titles along the top. labels: a line below each picture, as rows.
    """
    font = ImageFont.load_default(max(11, cell[1] // 14))
    line = font.size + GAP
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
    """A cell of a picture's own shape."""
    scale = short_side / min(picture.size)
    return round(picture.width * scale), round(picture.height * scale)

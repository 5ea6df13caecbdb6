"""The picture in the README: example photos in example styles. python -m benchmarks.gallery OUT"""

import sys
from pathlib import Path

from PIL import Image, ImageOps

from styletransfer import Stylizer
from styletransfer.io.image import read_picture, write_picture

EXAMPLES = Path(__file__).parents[1] / "examples"
PHOTOS = ("bridge", "cat", "mountains", "astronaut")
STYLES = ("starry_night", "great_wave", "composition_viii", "summertime", "lion")
CELL, GAP = (300, 225), 6


def main(out: str) -> None:
    """Write a sheet: styles along the top, photos down the left, each pair where they meet."""
    stylizer = Stylizer()
    codes = [stylizer.style(EXAMPLES / "style" / f"{name}.jpg") for name in STYLES]
    rows = [[None, *(_read("style", name) for name in STYLES)]]
    for name in PHOTOS:
        photo = _read("content", name)
        rows.append([photo, *(stylizer.stylize(photo, code) for code in codes)])

    width, height = (side + GAP for side in CELL)
    sheet = Image.new("RGB", (width * (len(STYLES) + 1) - GAP, height * len(rows) - GAP), "white")
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            if picture is not None:
                cell = ImageOps.fit(picture, CELL, Image.Resampling.LANCZOS)
                sheet.paste(cell, (x * width, y * height))
    write_picture(out, sheet)


def _read(kind: str, name: str) -> Image.Image:
    return read_picture(EXAMPLES / kind / f"{name}.jpg").rgb


if __name__ == "__main__":
    main(sys.argv[1])

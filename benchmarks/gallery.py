"""The pictures in the README: python -m benchmarks.gallery FOLDER

gallery.jpg: example photos in example styles. control.jpg: every control on one of them.
"""

import sys
from pathlib import Path

from PIL import Image

from styletransfer import Stylizer
from styletransfer.engine.sheet import draw_sheet
from styletransfer.io.image import read_picture, write_picture

EXAMPLES = Path(__file__).parents[1] / "examples"
PHOTOS = ("bridge", "cat", "mountains", "astronaut")
STYLES = ("starry_night", "great_wave", "composition_viii", "summertime", "lion")
CELL = (300, 225)


def style(name: str) -> Path:
    return EXAMPLES / "style" / f"{name}.jpg"


def photo(name: str) -> Path:
    return EXAMPLES / "content" / f"{name}.jpg"


def gallery(stylizer: Stylizer) -> Image.Image:
    """Styles along the top, photos down the left, each pair where they meet."""
    codes = [stylizer.style(style(name)) for name in STYLES]
    rows = [[None, *(read_picture(style(name)).rgb for name in STYLES)]]
    for name in PHOTOS:
        painted = stylizer.variations(photo(name), [(code, 1.0) for code in codes])
        rows.append([read_picture(photo(name)).rgb, *painted])
    return draw_sheet(rows, CELL)


def control(stylizer: Stylizer) -> Image.Image:
    """A row for each control."""
    night, wave = stylizer.style(style("starry_night")), stylizer.style(style("great_wave"))
    rows, labels = [], []

    def add(pictures, names) -> None:
        rows.append(list(pictures))
        labels.append(list(names))

    alphas = (0.0, 0.5, 1.0, 1.5)
    looks = [(night, alpha) for alpha in alphas]
    add(stylizer.variations(photo("cat"), looks), [f"--alpha {a:g}" for a in alphas])
    shares = ((1, 0), (2, 1), (1, 2), (0, 1))
    looks = [(stylizer.blend([night, wave], pair), 1.0) for pair in shares]
    add(stylizer.variations(photo("bridge"), looks), [f"--weights {a},{b}" for a, b in shares])
    sizes = (128, 256, 512)
    codes = [stylizer.style(style("summertime"), size) for size in sizes]
    codes.append(stylizer.style(style("summertime"), crop=0.4))
    add(
        stylizer.variations(photo("astronaut"), [(code, 1.0) for code in codes]),
        [*(f"--style-size {size}" for size in sizes), "--style-crop 0.4"],
    )
    colors = (("none", 1.0), ("histogram", 1.0), ("luminance", 1.0), ("luminance", 0.5))
    add(
        (
            stylizer.stylize(
                photo("citrus"), style("starry_night"), preserve_color=how, color_strength=s
            )
            for how, s in colors
        ),
        [f"--preserve-color {how}" + (f", {s:g}" if s < 1 else "") for how, s in colors],
    )
    mask, map = EXAMPLES / "maps" / "coffee-mask.png", EXAMPLES / "maps" / "mountains.png"
    region = {
        "#3060ff": night,
        "#808080": style("composition_viii"),
        "#40c040": style("village_street_auvers"),
    }
    add(
        [
            read_picture(mask).rgb,
            stylizer.stylize(photo("coffee"), wave, mask=mask, feather=6),
            read_picture(map).rgb,
            stylizer.stylize(photo("mountains"), regions=map, region=region, feather=8),
        ],
        ["a mask", "--mask", "a map", "--regions --region …"],
    )
    return draw_sheet(rows, CELL, labels=labels)


def main(folder: str) -> None:
    stylizer = Stylizer()
    write_picture(Path(folder) / "gallery.jpg", gallery(stylizer))
    write_picture(Path(folder) / "control.jpg", control(stylizer))


if __name__ == "__main__":
    main(sys.argv[1])

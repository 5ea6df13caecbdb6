"""The pictures in the README and on the models' cards: python -m benchmarks.gallery EXAMPLES CARDS

In the folder EXAMPLES, gallery.jpg: example photos in example styles; control.jpg: every control on one
of them. In CARDS, MODEL-samples.jpg: other photos in other styles, by every model.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from styletransfer import Stylizer
from styletransfer.gallery.layout import draw_sheet
from styletransfer.media.image import read_picture, write_picture
from styletransfer.styles.encode import Style

EXAMPLES = Path(__file__).parents[1] / "examples"
PHOTOS = ("bridge", "cat", "mountains", "astronaut")
STYLES = ("starry_night", "great_wave", "composition_viii", "summertime", "lion")
CELL, CARD_CELL = (300, 225), (200, 150)
MODELS = ("adain-fast", "adain-vgg", "contextual", "bank")
CARD_PHOTOS = ("bee", "citrus", "coffee", "dandelion")
CARD_STYLES = {  # and what the bank calls them
    "inokashira_snow": "hiroshige",
    "spring": "arcimboldo",
    "village_street_auvers": "vangogh_auvers",
    "great_wave": "hokusai",
}


def style(name: str) -> Path:
    return EXAMPLES / "style" / f"{name}.jpg"


def photo(name: str) -> Path:
    return EXAMPLES / "content" / f"{name}.jpg"


def gallery(stylizer: Stylizer, photos: Sequence[str], styles: Mapping[str, Style], cell=CELL):
    """Styles along the top, photos down the left, each pair where they meet.

    styles: for each example painting by name, what the stylizer is given for it.
    """
    codes = [stylizer.style(given) for given in styles.values()]
    rows = [[None, *(read_picture(style(name)).rgb for name in styles)]]
    for name in photos:
        painted = stylizer.variations(photo(name), [(code, 1.0) for code in codes])
        rows.append([read_picture(photo(name)).rgb, *painted])
    return draw_sheet(rows, cell)


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
    broad = (0.5, 1.0, 2.0, 4.0)
    add(
        (stylizer.stylize(photo("mountains"), night, strokes=s) for s in broad),
        [f"--strokes {s:g}" for s in broad],
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


def main(examples: str, cards: str) -> None:
    stylizer = Stylizer()
    pictures = {name: style(name) for name in STYLES}
    write_picture(Path(examples) / "gallery.jpg", gallery(stylizer, PHOTOS, pictures))
    write_picture(Path(examples) / "control.jpg", control(stylizer))
    for model in MODELS:
        stylizer = Stylizer(model)
        known = bool(stylizer.styles)
        given = {name: f"bank:{own}" if known else style(name) for name, own in CARD_STYLES.items()}
        sheet = gallery(stylizer, CARD_PHOTOS, given, CARD_CELL)
        write_picture(Path(cards) / f"{model}-samples.jpg", sheet)


if __name__ == "__main__":
    main(*sys.argv[1:])

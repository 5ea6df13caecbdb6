"""How much of a shadow the contextual model takes away.

    python -m benchmarks.light [PICTURE.jpg]

Six of the example photos at 512 px, with the left half at a quarter of its light: how far that half is
from what the same model paints of the photo as it was. Prints a table; PICTURE gets one such photo and
what both models paint of it.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from styletransfer import Stylizer
from styletransfer.media.image import read_picture, resize_short_side
from styletransfer.styles.encode import Style

EXAMPLES = Path(__file__).parents[1] / "examples"
PHOTOS = ("bridge", "citrus", "astronaut", "cat", "coffee", "mountains")
STYLE = EXAMPLES / "style" / "starry_night.jpg"
BORDER = 8  # pixels beside the shadow's edge that do not count


def photo(name: str, size: int) -> np.ndarray:
    picture = read_picture(EXAMPLES / "content" / f"{name}.jpg")
    return np.array(resize_short_side(picture.rgb, size))


def shadowed(pixels: np.ndarray) -> np.ndarray:
    dark = pixels.copy()
    dark[:, : pixels.shape[1] // 2] //= 4
    return dark


def apart(stylizer: Stylizer, pixels: np.ndarray, style: Style) -> float:
    """Mean |difference|, of 255, in the half that lies in shadow."""
    lit, dark = (stylizer.stylize(each, style).astype(float) for each in (pixels, shadowed(pixels)))
    return np.abs(lit - dark)[:, : pixels.shape[1] // 2 - BORDER].mean()


def main(path: str | None = None) -> None:
    row = [shadowed(photo("mountains", 384))]
    print("| | " + " | ".join(PHOTOS) + " | mean |")
    print("|---" * (len(PHOTOS) + 2) + "|")
    for name in ("adain-fast", "contextual"):
        stylizer = Stylizer(name, device="cpu", precision="fp32")
        code = stylizer.style(STYLE)
        found = [apart(stylizer, photo(each, 512), code) for each in PHOTOS]
        print(f"| {name} | " + " | ".join(f"{each:.1f}" for each in [*found, np.mean(found)]) + " |")
        row.append(stylizer.stylize(row[0], code))
    if path:
        Image.fromarray(np.concatenate(row, axis=1)).save(path, quality=90)


if __name__ == "__main__":
    main(*sys.argv[1:])

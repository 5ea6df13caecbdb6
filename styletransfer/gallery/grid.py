"""A grid: styles by strengths, or everything between four styles."""

from collections.abc import Sequence

from PIL import Image

from ..errors import InputError
from ..media.tensors import ImageSource, open_picture
from ..options import STYLE_SIZE, StylizeOptions
from ..styles.encode import Style
from ..styles.interpolate import style_square
from ..stylize.stylizer import Stylizer
from .layout import Track, cell_size, check_room, draw_sheet, label


def grid(
    stylizer: Stylizer,
    content: ImageSource,
    styles: Sequence[Style],
    alphas: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
    corners: int | None = None,
    *,
    size: int = 256,
    style_size: int = STYLE_SIZE,
    style_crop: float = 1.0,
    strokes: float = 1.0,
    track: Track = lambda items, count: items,
) -> Image.Image:
    """A labelled grid with a row per style and a column per alpha. Returns a PIL image.

    With `corners` N it is an N×N square between four styles instead: top left, top right, bottom left,
    bottom right. content, style options: as for `Stylizer.stylize`. size: short side of each picture in
    pixels. track: wraps the pictures to show progress. Raises InputError for numbers that do not fit.
    """
    if corners is not None and (corners < 2 or len(styles) != 4):
        raise InputError("corners N takes four styles, and N of at least 2")
    if not styles or not alphas:
        raise InputError("a grid takes at least one style and one strength")
    for alpha in alphas:
        StylizeOptions(
            alpha=alpha, size=size, strokes=strokes, style_size=style_size, style_crop=style_crop
        )
    photo = open_picture(content)
    check_room(photo, size, corners**2 if corners else len(styles) * len(alphas))
    codes = [stylizer.style(style, style_size, style_crop) for style in styles]
    if corners is None:
        cells = [[(code, alpha) for alpha in alphas] for code in codes]
        titles = [f"alpha {alpha:g}" for alpha in alphas]
        labels = [[label(style)] + [""] * (len(alphas) - 1) for style in styles]
    else:
        cells = [[(code, 1.0) for code in row] for row in style_square(codes, corners)]
        titles, labels = [], []
    painted = stylizer.variations(photo, [cell for row in cells for cell in row], size, strokes)
    width = len(cells[0])
    pictures = list(track(painted, len(cells) * width))
    rows = [pictures[i : i + width] for i in range(0, len(pictures), width)]
    return draw_sheet(rows, cell_size(photo.rgb, size), titles, labels)

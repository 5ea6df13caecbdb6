"""One photo in many looks: animations from style to style, grids and contact sheets."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from PIL import Image
from torch import Tensor

from ..errors import InputError
from ..host import check_free
from ..io.image import Picture, with_short_side
from .names import BANK, made_of
from .paths import between, square
from .pictures import Source, describe, open_picture
from .sheet import cell_size, draw_sheet
from .style_code import SUFFIX
from .styles import STYLE_SIZE, Style
from .stylizer import MAX_ALPHA, Stylizer

Track = Callable[[Iterable, int], Iterable]
"""What shows progress: gives the items of an iterable on, of which there will be so many."""


def morph(
    stylizer: Stylizer,
    content: Source,
    styles: Sequence[Style],
    frames: int,
    alpha: float = 1.0,
    *,
    size: int | None = None,
    style_size: int = STYLE_SIZE,
    style_crop: float = 1.0,
    strokes: float = 1.0,
) -> Iterator[Image.Image]:
    """`frames` PIL images on a smooth path through styles; the ends are those of the single styles."""
    if len(styles) < 2 or frames < 2:
        raise InputError("a morph takes at least two styles and two frames")
    _check(alpha)
    if not isinstance(content, Tensor):
        content = open_picture(content)
        if size is not None:
            with_short_side(content.rgb.size, size)  # what is too large is said before all else
    codes = [stylizer.style(style, style_size, style_crop) for style in styles]
    return stylizer.variations(
        content, ((code, alpha) for code in between(codes, frames)), size, strokes
    )


def grid(
    stylizer: Stylizer,
    content: Source,
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
    """A sheet with a row for each style and a column for each strength; or, with corners N, an N×N
    square between four styles: top left, top right, bottom left, bottom right.

    size: short side of each picture.
    """
    if corners is not None and (corners < 2 or len(styles) != 4):
        raise InputError("corners N takes four styles, and N of at least 2")
    if not styles or not alphas:
        raise InputError("a grid takes at least one style and one strength")
    _check(*alphas)
    photo = open_picture(content)
    _check_room(photo, size, corners**2 if corners else len(styles) * len(alphas))
    codes = [stylizer.style(style, style_size, style_crop) for style in styles]
    if corners is None:
        looks = [[(code, alpha) for alpha in alphas] for code in codes]
        titles = [f"alpha {alpha:g}" for alpha in alphas]
        labels = [[_name(style)] + [""] * (len(alphas) - 1) for style in styles]
    else:
        looks = [[(code, 1.0) for code in row] for row in square(codes, corners)]
        titles, labels = [], []
    painted = stylizer.variations(photo, [look for row in looks for look in row], size, strokes)
    width = len(looks[0])
    pictures = list(track(painted, len(looks) * width))
    rows = [pictures[i : i + width] for i in range(0, len(pictures), width)]
    return draw_sheet(rows, cell_size(photo.rgb, size), titles, labels)


def sheet(
    stylizer: Stylizer,
    content: Source,
    styles: Sequence[Style],
    columns: int = 5,
    alpha: float = 1.0,
    *,
    size: int = 256,
    style_size: int = STYLE_SIZE,
    style_crop: float = 1.0,
    strokes: float = 1.0,
    track: Track = lambda items, count: items,
    on_error: Callable[[InputError], None] | None = None,
) -> Image.Image:
    """A contact sheet: the photo in every style, with the styles' names.

    on_error: called for a style that cannot be used, which is then left out; without it, raises.
    """
    if columns < 1:
        raise InputError(f"columns is {columns}: at least 1")
    _check(alpha)
    photo, names = open_picture(content), []
    _check_room(photo, size, len(styles))

    def looks():
        for style in track(styles, len(styles)):
            try:
                code = stylizer.style(style, style_size, style_crop)
            except InputError as error:
                if on_error is None:
                    raise
                on_error(error)
                continue
            names.append(_name(style))
            yield code, alpha

    pictures = list(stylizer.variations(photo, looks(), size, strokes))
    if not pictures:
        raise InputError("none of the styles can be used")
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    labels = [names[i : i + columns] for i in range(0, len(names), columns)]
    return draw_sheet(rows, cell_size(photo.rgb, size), labels=labels)


def _check(*alphas: float) -> None:
    for alpha in alphas:
        if not 0 <= alpha <= MAX_ALPHA:
            raise InputError(f"alpha is {alpha:g}: it goes from 0 to 1, to {MAX_ALPHA:g} to exaggerate")


def _check_room(photo: Picture, size: int, count: int) -> None:
    """InputError if so many pictures, and a sheet with them on it, do not fit into memory."""
    width, height = with_short_side(photo.rgb.size, size)
    check_free(8 * width * height * count, f"a sheet of {count} pictures", "fewer, or smaller ones, fit")


def _name(style: Style) -> str:
    if isinstance(style, Mapping):
        return " + ".join(map(_name, style))
    if isinstance(style, str) and (parts := made_of(style)) != {style: 1.0}:
        return _name(parts)
    name = describe(style).removesuffix(SUFFIX).removeprefix(BANK)
    return name.rpartition(".")[0] or name

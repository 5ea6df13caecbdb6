"""A contact sheet: one photo in many styles, to choose from."""

from collections.abc import Callable, Sequence

from PIL import Image

from ..errors import InputError
from ..media.tensors import ImageSource, open_picture, to_array
from ..options import STYLE_SIZE, StylizeOptions
from ..styles.encode import Style
from ..stylize.content import open_content
from ..stylize.stylizer import Stylizer
from .layout import Track, cell_size, check_room, draw_sheet, label


def sheet(
    stylizer: Stylizer,
    content: ImageSource,
    styles: Sequence[Style],
    columns: int = 5,
    alpha: float = 1.0,
    *,
    size: int = 256,
    style_size: int = STYLE_SIZE,
    style_crop: float = 1.0,
    strokes: float = 1.0,
    refine: int = 0,
    track: Track = lambda items, count: items,
    on_error: Callable[[InputError], None] | None = None,
) -> Image.Image:
    """A contact sheet: the photo in every style, labelled with the styles' names. Returns a PIL image.

    content, style options: as for `Stylizer.stylize`. columns: pictures per row. size: short side of
    each picture in pixels. track: wraps the styles to show progress. on_error: called with the error of
    a style that cannot be used, which is then left out; without it the error is raised.
    """
    if columns < 1:
        raise InputError(f"columns is {columns}: at least 1")
    options = StylizeOptions(
        alpha=alpha, size=size, strokes=strokes, style_size=style_size, style_crop=style_crop,
        refine=refine,
    )  # fmt: skip
    photo, names, pictures = open_picture(content), [], []
    image = open_content(photo, size).image
    check_room(photo, size, len(styles))
    for style in track(styles, len(styles)):
        try:
            painted = stylizer.repaint(image, style, options)
        except InputError as error:
            if on_error is None:
                raise
            on_error(error)
            continue
        names.append(label(style))
        pictures.append(Image.fromarray(to_array(painted.pixels)))
    if not pictures:
        raise InputError("none of the styles can be used")
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    labels = [names[i : i + columns] for i in range(0, len(names), columns)]
    return draw_sheet(rows, cell_size(photo.rgb, size), labels=labels)

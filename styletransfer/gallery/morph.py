"""An animation from style to style."""

from collections.abc import Iterator, Sequence

from PIL import Image
from torch import Tensor

from ..errors import InputError
from ..media.image import with_short_side
from ..media.tensors import ImageSource, open_picture
from ..options import STYLE_SIZE, StylizeOptions
from ..styles.encode import Style
from ..styles.interpolate import morph_path
from ..stylize.stylizer import Stylizer


def morph(
    stylizer: Stylizer,
    content: ImageSource,
    styles: Sequence[Style],
    frames: int,
    alpha: float = 1.0,
    *,
    size: int | None = None,
    style_size: int = STYLE_SIZE,
    style_crop: float = 1.0,
    strokes: float = 1.0,
) -> Iterator[Image.Image]:
    """Yield `frames` PIL images on a smooth path through the styles, from the first to the last.

    content, style options: as for `Stylizer.stylize`; styles: at least two. Raises InputError for fewer.
    """
    if len(styles) < 2 or frames < 2:
        raise InputError("a morph takes at least two styles and two frames")
    options = StylizeOptions(
        alpha=alpha, size=size, strokes=strokes, style_size=style_size, style_crop=style_crop
    )
    if not isinstance(content, Tensor):
        content = open_picture(content)
        if size is not None:
            with_short_side(content.rgb.size, size)  # what is too large is said before all else
    codes = [stylizer.style(style, options.style_size, options.style_crop) for style in styles]
    path = ((code, options.alpha) for code in morph_path(codes, frames))
    return stylizer.variations(content, path, options.size, options.strokes)

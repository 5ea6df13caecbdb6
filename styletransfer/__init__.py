"""Repaint any photo in any painting's style.

from styletransfer import Stylizer
Stylizer().stylize("photo.jpg", "painting.jpg").save("out.png")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import InputError
from .options import StylizeOptions
from .system.allocator import keep_memory
from .version import __version__

if TYPE_CHECKING:
    from .gallery.contact_sheet import sheet
    from .gallery.grid import grid
    from .gallery.morph import morph
    from .models.weights import load_model
    from .styles.code import StyleCode
    from .stylize.stylizer import Stylizer

__all__ = [
    "InputError", "StyleCode", "StylizeOptions", "Stylizer", "__version__", "grid", "keep_memory",
    "load_model", "morph", "sheet",
]  # fmt: skip

_WHERE = {
    "Stylizer": ".stylize.stylizer",
    "StyleCode": ".styles.code",
    "grid": ".gallery.grid",
    "load_model": ".models.weights",
    "morph": ".gallery.morph",
    "sheet": ".gallery.contact_sheet",
}


def __getattr__(name: str) -> Any:
    # Torch takes seconds to import; `stylize --help` and wrong file names should not wait for it.
    if name in _WHERE:
        try:
            return getattr(import_module(_WHERE[name], __name__), name)
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            raise ImportError(f"{name} needs torch: pip install torch torchvision") from None
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

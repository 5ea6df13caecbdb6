"""Repaint any photo in any painting's style.

from styletransfer import Stylizer
Stylizer().stylize("photo.jpg", "painting.jpg").save("out.png")
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .allocator import keep_memory
from .errors import InputError

if TYPE_CHECKING:
    from .engine.showing import grid, morph, sheet
    from .engine.style_code import StyleCode
    from .engine.stylizer import Stylizer
    from .io.weights import load_model

__version__ = "0.2.0"
__all__ = ["InputError", "StyleCode", "Stylizer", "grid", "keep_memory", "load_model", "morph", "sheet"]

_WHERE = {
    "Stylizer": ".engine.stylizer",
    "StyleCode": ".engine.style_code",
    "grid": ".engine.showing",
    "load_model": ".io.weights",
    "morph": ".engine.showing",
    "sheet": ".engine.showing",
}


def __getattr__(name: str):
    # Torch takes seconds to import; `stylize --help` and wrong file names should not wait for it.
    if name in _WHERE:
        return getattr(import_module(_WHERE[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

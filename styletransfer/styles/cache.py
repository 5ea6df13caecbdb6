"""A cache of style codes on disk, keyed by a hash of what they were made of. No torch here."""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from platformdirs import user_cache_path

from ..errors import InputError
from .code_file import SUFFIX, CodeFile

if TYPE_CHECKING:
    from .code import StyleCode

Code = TypeVar("Code", "StyleCode", CodeFile)

VARIABLE = "STYLETRANSFER_CACHE"
LIMIT = 2000  # codes of some KB each; the least recently used are removed first


def cache_folder() -> Path | None:
    """$STYLETRANSFER_CACHE, or the user's cache folder: on Linux $XDG_CACHE_HOME/styletransfer, by
    default ~/.cache/styletransfer. None, which means no cache, if that variable is set but empty."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        return user_cache_path("styletransfer", appauthor=False)
    return Path(folder) if folder else None


def remembered(
    picture: np.ndarray,
    about: str,
    name: str,
    make: Callable[[], Code],
    load: Callable[[Path], Code],
    check: Callable[[Code], None] = lambda code: None,
) -> Code:
    """The code of a picture from the cache, or from make(), which is then cached.

    about: everything besides the picture that the code depends on. name: the style's name in the code.
    load: reads a code's file. check: raises InputError for a cached code that cannot be right; it is
    made anew.
    """
    folder = cache_folder()
    if folder is None:
        return make()
    key = hashlib.sha256(f"{about} {tuple(picture.shape)}".encode())
    key.update(picture.data)
    path = folder / f"{key.hexdigest()[:40]}{SUFFIX}"
    with suppress(InputError, OSError):  # not there, or not whole
        code = load(path)
        check(code)
        os.utime(path)
        return replace(code, styles={name: 1.0})
    code = make()
    with suppress(InputError, OSError):  # a cache that cannot be written is none
        folder.mkdir(parents=True, exist_ok=True)
        code.save(path)
        _forget(folder)
    return code


def _forget(folder: Path) -> None:
    codes = list(folder.glob(f"*{SUFFIX}"))
    if len(codes) > LIMIT:
        codes.sort(key=lambda path: path.stat().st_mtime)
        for path in codes[: len(codes) - LIMIT * 9 // 10]:
            path.unlink(missing_ok=True)

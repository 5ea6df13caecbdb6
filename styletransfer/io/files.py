"""Writing files so that nothing is ever half-written, and locking them."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..errors import InputError


def write_atomically(path: str | Path, write: Callable[[Path], None]) -> None:
    """Call write(temporary path beside `path`), then rename: readers see all of it or none.

    Keeps the permissions a plain `open` would give. Raises InputError where it cannot be written.
    """
    path = Path(path)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}-", suffix=".part")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def lock(file: int) -> None:
    """Lock an open file until it is closed or the process ends, however; OSError if another has it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

"""The studio's temporary folder: gone when it closes, or, if it was killed, when the next one opens."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PREFIX = "style-studio-"
YOUNG = 60  # seconds: a folder of a studio that is just opening may not be locked yet


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that only this user reads; first those that killed studios left are removed."""
    for old in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_if_left(old)
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        lock = _lock(name)
        try:
            yield Path(name)
        finally:
            if lock is not None:
                os.close(lock)


def _lock(folder: str | Path) -> int | None:
    """A lock that ends with this process, however it ends; None if somebody has it."""
    if fcntl is None:
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _remove_if_left(folder: Path) -> None:
    try:
        if time.time() - folder.stat().st_mtime < YOUNG:
            return
        lock = _lock(folder)
    except OSError:  # another user's, or gone by now
        return
    if lock is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)

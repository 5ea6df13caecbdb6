"""The studio's temporary folder: gone when it closes, or, if it was killed, when the next one opens."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import lock_descriptor

PREFIX = "style-studio-"
YOUNG = 60  # seconds: a folder of a studio that is just opening may not be locked yet


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that only this user reads; first those that killed studios left are removed."""
    for old in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_if_left(old)
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        handle = _locked(name)
        try:
            yield Path(name)
        finally:
            if handle is not None:
                os.close(handle)


def _locked(folder: str | Path) -> int | None:
    """The folder, open and locked; None if somebody has it, or it does not open (Windows: none does)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        if lock_descriptor(handle, blocking=False):
            return handle
    except OSError:  # no locks are to be had here
        pass
    os.close(handle)
    return None


def _remove_if_left(folder: Path) -> None:
    try:
        if time.time() - folder.stat().st_mtime < YOUNG:
            return
    except OSError:  # gone by now
        return
    handle = _locked(folder)
    if handle is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)

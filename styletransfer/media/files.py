"""Writing files so that nothing is ever half-written."""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import InputError

WORKING = ".stylize-"  # begins the names of working folders
MARK = b"stylize works here; what is left of it may go\n"  # in the lock of each
FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the quota is used up"}
GONE = {**FULL, errno.EROFS: "cannot be written any more", errno.ENODEV: "is gone"}
"""Errors of a disk, not of one file: whatever is written next meets them too."""


def write_atomically(path: str | Path, write: Callable[[Path], object]) -> None:
    """Call write(temporary path beside `path`), then rename: readers see all of it or none.

    Keeps the permissions a plain `open` would give. Raises InputError where it cannot be written.
    """
    path = Path(path)
    try:
        temporary = _beside(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
    try:
        write(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """A text in UTF-8, as `write_atomically` writes."""
    write_atomically(path, lambda target: target.write_text(text, "utf-8"))


def _beside(path: Path) -> Path:
    """A new empty file beside `path`, opened plainly: its permissions can be had in no other way
    without changing the whole process's umask for a moment."""
    while True:
        temporary = path.parent / f".{path.stem[:40]}-{os.urandom(4).hex()}.part"
        with suppress(FileExistsError):
            os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666))
            return temporary


@contextmanager
def working_folder(parent: str | Path) -> Iterator[Path]:
    """A folder in `parent` for what is needed for a while, locked for as long as it is.

    What a killed process left there of its own is cleared away first.
    """
    clear_abandoned(parent)
    folder, file = _locked_folder(Path(parent))
    try:
        yield folder
    finally:
        os.close(file)
        shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned(parent: str | Path) -> None:
    """Remove the working folders in `parent` whose owners do not live any more, and nothing else."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            ours = re.fullmatch(re.escape(WORKING) + r"\w{8}", entry.name)
            if ours and entry.is_dir(follow_symlinks=False) and _is_abandoned(Path(entry.path)):
                shutil.rmtree(entry.path, ignore_errors=True)


def _locked_folder(parent: Path) -> tuple[Path, int]:
    """A new folder and its locked lock file, which says whose it is only once it is locked: so nobody
    clears away what is just being made."""
    from filelock import lock_descriptor  # which no plain picture needs: only now

    while True:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=WORKING))
        file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if lock_descriptor(file, blocking=False):
                os.write(file, MARK)
                return folder, file
        except OSError:  # no locks are to be had here, and without one nobody will clear it away
            return folder, file
        os.close(file)  # somebody was looking whether it is abandoned
        shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    from filelock import lock_descriptor

    try:
        file = os.open(folder / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        if not lock_descriptor(file, blocking=False):
            return False  # its owner lives
        return os.read(file, len(MARK) + 1) == MARK
    except OSError:
        return False
    finally:
        os.close(file)

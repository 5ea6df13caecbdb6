"""Writing files so that none is ever half-written."""

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
    """Call write(temporary path beside `path`), then rename it: readers see all of the file or none of
    it.

    The file gets the permissions that a plain `open` gives. Raises InputError if it cannot be written.
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
    """Write a text in UTF-8, atomically."""
    write_atomically(path, lambda target: target.write_text(text, "utf-8"))


def reserve(file: int, length: int) -> None:
    """Give an open file this many bytes on disk, and raise OSError now if there is no room for them:
    writing to a mapped file would kill the process."""
    os.ftruncate(file, length)
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file, 0, length)
        except OSError as error:
            if error.errno in FULL:  # any other error: this file system cannot reserve space
                raise


def reserved(folder: Path, prefix: str, length: int) -> Path:
    """Create a file of this many bytes under a name of its own, with `reserve`."""
    handle, path = tempfile.mkstemp(prefix=prefix, dir=folder)
    with open(handle, "wb") as file:
        reserve(file.fileno(), length)
    return Path(path)


def _beside(path: Path) -> Path:
    """Create an empty file beside `path` with plain `open`, the only way to get the usual permissions
    without changing the umask of the whole process."""
    while True:
        temporary = path.parent / f".{path.stem[:40]}-{os.urandom(4).hex()}.part"
        with suppress(FileExistsError):
            os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666))
            return temporary


@contextmanager
def working_folder(parent: str | Path) -> Iterator[Path]:
    """A temporary folder in `parent`, locked while it is in use, as a context manager. Folders that
    killed processes of ours left there are removed first."""
    clear_abandoned(parent)
    folder, file = _locked_folder(Path(parent))
    try:
        yield folder
    finally:
        os.close(file)
        shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned(parent: str | Path) -> None:
    """Remove the working folders in `parent` whose processes have ended, and nothing else."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            ours = re.fullmatch(re.escape(WORKING) + r"\w{8}", entry.name)
            if ours and entry.is_dir(follow_symlinks=False) and _is_abandoned(Path(entry.path)):
                shutil.rmtree(entry.path, ignore_errors=True)


def _locked_folder(parent: Path) -> tuple[Path, int]:
    """Create a folder with a lock file, which is locked before it gets its name: nobody can remove a
    folder that is just being made."""
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

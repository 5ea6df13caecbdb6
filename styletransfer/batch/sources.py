"""The pictures to paint: from folders, patterns, lists and tar files. No torch here."""

import os
import re
import stat
import sys
import tarfile
from collections.abc import Iterator
from glob import glob
from pathlib import PurePosixPath
from typing import NamedTuple

from braceexpand import braceexpand

from ..errors import InputError
from ..media.image import SUFFIXES
from .ledger import WORK, read_manifest

LISTS = (".txt", ".lst", ".list")
Seen = tuple[tuple[int, int], ...]


class SourceImage(NamedTuple):
    """A picture to be painted: a file, or a member of a tar file.

    name: relative to the source, with "/" between folders; for a member, the tar file's name comes
    first. path: of the file. tar: the tar file's part of the name, or empty. offset, size: the member's
    bytes. problem: why it cannot be read, if that is already known.
    """

    name: str
    path: str
    tar: str = ""
    offset: int = 0
    size: int = -1
    problem: str = ""

    @property
    def inner(self) -> str:
        """The name within the tar file, or the whole name."""
        return self.name[len(self.tar) + 1 :] if self.tar else self.name

    def read(self) -> tuple[bytes, str]:
        """The file's bytes and their stamp. Raises InputError with the reason, without the name."""
        if self.problem:
            raise InputError(self.problem)
        try:
            if not stat.S_ISREG(os.stat(self.path).st_mode):
                raise InputError("is not a plain file")  # a pipe would be waited for, for ever
            with open(self.path, "rb") as file:
                stamp = self._stamp(os.fstat(file.fileno()))
                file.seek(self.offset)
                return file.read(self.size), stamp
        except OSError as error:
            raise InputError(self._reason(error)) from None

    def stamp(self) -> str:
        """A text that changes whenever the file is written; empty if it cannot be read."""
        try:
            return self._stamp(os.stat(self.path))
        except OSError:
            return ""

    def _stamp(self, found: os.stat_result) -> str:
        place = f"{self.offset}+{self.size}" if self.tar else str(found.st_size)
        return f"{place}@{found.st_mtime_ns}"

    def _reason(self, error: OSError) -> str:
        if isinstance(error, FileNotFoundError):
            return "is a link to nothing" if os.path.islink(self.path) else "is not there any more"
        return f"cannot be read ({error.strerror})"


class Found(NamedTuple):
    """The pictures, sorted by name, and the number of other files among them."""

    items: list[SourceImage]
    others: int


def find_items(source: str, leave_out: str = "") -> Found:
    """Find every picture of a source.

    source: a folder (searched recursively), a picture, a tar file, a pattern with *, ** or {000..099}, a
    text file with a name per line (or separated by NUL bytes), or "-", such a list on standard input.
    leave_out: a folder that is not searched, since results go there. InputError if there are no
    pictures.
    """
    search = _Search(os.path.realpath(leave_out) if leave_out else "")
    if source == "-":
        search.listed(sys.stdin.buffer.read(), "")
    elif os.path.isdir(source):
        search.folder(source, "")
    elif not os.path.lexists(source):
        search.pattern(source)
    elif source.lower().endswith(LISTS):
        with open(source, "rb") as file:
            search.listed(file.read(), os.path.dirname(source))
    else:
        search.file(source, os.path.basename(source))
    if not search.items:
        raise InputError(f"{source}: no pictures in it")
    # By name; a name that is there twice (tar files may hold one again) counts as its last.
    items = {item.name: item._replace(path=os.path.abspath(item.path)) for item in search.items}
    return Found([items[name] for name in sorted(items)], search.others)


class _Search:
    def __init__(self, leave_out: str):
        self.items: list[SourceImage] = []
        self.others, self.leave_out = 0, leave_out
        self.results: tuple[int, int] | None = None  # the folder to leave out, by whatever name
        if os.path.isdir(leave_out):
            status = os.stat(leave_out)
            self.results = status.st_dev, status.st_ino

    def folder(self, path: str, name: str) -> None:
        """Search a folder recursively, following links, but not into a folder that encloses them."""
        left: list[tuple[str, str, Seen]] = [(path, name, ())]
        while left:
            path, name, above = left.pop()
            try:
                found = os.stat(path)
                here = (found.st_dev, found.st_ino)
                if here in above:
                    self.items.append(
                        SourceImage(name, path, problem="is a link to a folder that it is in")
                    )
                if here in (*above, self.results):
                    continue
                with os.scandir(path) as entries:
                    inside = [
                        (e.name, os.path.isdir(e.path) if e.is_symlink() else e.is_dir())
                        for e in entries
                    ]
            except OSError as error:
                self.items.append(
                    SourceImage(name, path, problem=f"cannot be searched ({error.strerror})")
                )
                continue
            for each, is_folder in inside:
                inner, whole = f"{name}/{each}" if name else each, os.path.join(path, each)
                if not is_folder:
                    self.file(whole, inner)
                elif each != WORK:  # what another batch has in hand there
                    left.append((whole, inner, (*above, here)))

    def file(self, path: str, name: str) -> None:
        suffix = os.path.splitext(name)[1].lower()
        if suffix == ".tar":
            try:
                self.tar(path, name)
            except InputError as error:
                reason = str(error).removeprefix(f"{path}: ")
                self.items.append(SourceImage(name, path, problem=f"is {reason}"))
        elif suffix in SUFFIXES and not os.path.basename(name).startswith("._"):  # macOS's own
            self.items.append(SourceImage(name, path))
        elif os.path.islink(path) and not os.path.exists(path):
            self.items.append(SourceImage(name, path))  # perhaps it led to a whole folder of pictures
        else:
            self.others += 1

    def tar(self, path: str, name: str) -> None:
        for member in tar_members(path):
            inner = str(PurePosixPath(member.name)).lstrip("/")
            if not is_picture(inner):
                self.others += 1
                continue
            out = ".." in PurePosixPath(inner).parts
            problem = "leads out of the tar file" if out else ""
            place = member.offset_data, member.size
            self.items.append(SourceImage(f"{name}/{inner}", path, name, *place, problem))

    def pattern(self, pattern: str) -> None:
        try:
            patterns = list(braceexpand(pattern))
        except ValueError:
            patterns = [pattern]
        found = sorted({p for each in patterns for p in glob(each, recursive=True)})
        if not found:
            raise InputError(f"{pattern}: no such file or folder")
        base = os.path.dirname(re.split(r"[*?\[{]", pattern, maxsplit=1)[0]) or "."
        chosen = [p for p in found if not (os.path.isdir(p) and "**" in pattern)]  # its files match too
        wholly = base == "." and any(map(os.path.isabs, chosen))  # {/a,/b}/*: it is of two folders
        if wholly or any(os.path.relpath(path, base).split(os.sep)[0] == ".." for path in chosen):
            base = _common(chosen)
        for path in self._without_results(chosen):
            name = os.path.relpath(path, base).replace(os.sep, "/")
            if os.path.isdir(path):
                self.folder(path, "" if name == "." else name)
            else:
                self.file(path, name)

    def _without_results(self, paths: list[str]) -> list[str]:
        """Leave out results of earlier runs in the destination, unless there is nothing else."""
        inside = {
            path: full.removeprefix(self.leave_out + os.sep).replace(os.sep, "/")
            for path in paths
            if (full := _place(path)).startswith(self.leave_out + os.sep)
        }
        if not self.leave_out or not inside:
            return paths
        ours = {done.tar or done.output for done in read_manifest(self.leave_out).values()}
        return [path for path in paths if inside.get(path) not in ours] or paths

    def listed(self, data: bytes, folder: str) -> None:
        lines = data.split(b"\0") if b"\0" in data else data.splitlines()
        paths = [os.path.join(folder, os.fsdecode(line)) for line in lines if line.strip()]
        if not paths:
            raise InputError("the list is empty")
        # Below the list's own folder if all of them are, else below what they have in common.
        whole = [os.path.abspath(path) for path in paths]
        base = os.path.abspath(folder or ".")
        if not all(path.startswith(base.rstrip(os.sep) + os.sep) for path in whole):
            base = _common(whole)
        for path, full in zip(paths, whole):
            name = os.path.relpath(full, base).replace(os.sep, "/")
            if os.path.isdir(path):
                self.folder(path, name)
            elif name.lower().endswith(".tar"):
                self.tar(path, name)
            else:  # somebody asked for it, whatever its suffix
                self.items.append(SourceImage(name, path))


def _place(path: str) -> str:
    """The path with links in its folders resolved, but not the last part."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def _common(paths: list[str]) -> str:
    """The deepest folder that contains all of the paths."""
    return os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])


def tar_members(path: str) -> Iterator[tarfile.TarInfo]:
    """Yield the regular files of an uncompressed tar file; InputError if it is not one."""
    try:
        with tarfile.open(path, "r:") as tar:
            yield from (member for member in tar if member.isfile())
    except (tarfile.TarError, OSError) as error:
        raise InputError(f"{path}: not a readable tar file ({error})") from None


def is_picture(name: str) -> bool:
    """Whether a file name has a picture's suffix."""
    return os.path.splitext(name)[1].lower() in SUFFIXES

"""Checks of the destination: results must not overwrite their sources or leave their folder. No
torch."""

import os
import stat
from collections.abc import Iterable, Sequence

from ..errors import InputError
from .ledger import WORK
from .outputs import Task, name_key

FileId = tuple[int, int]  # device and inode: the same for the same file


def check_sources(tasks: Sequence[Task], folder: str, given: Iterable[str] = ()) -> None:
    """Raise InputError if a result would replace a file that is read.

    given: files that are read besides the pictures. Files are compared by device and inode, since names
    may differ for the same file (links, upper and lower case).
    """
    there: dict[FileId, str] = {}
    whole = [task for task in tasks if not task.item.problem]
    for name in dict.fromkeys(task.tar or target.name for task in whole for target in task.targets):
        for file in _file_ids(os.path.join(folder, name)):
            there[file] = name
    if not there:
        return
    for path in dict.fromkeys([*given, *(task.item.path for task in tasks)]):
        for file in _file_ids(path):
            if file in there:
                raise InputError(
                    f"{os.path.join(folder, there[file])}: this result would replace {path}, which is "
                    "read; give another folder for the results"
                )


def _file_ids(path: str) -> set[FileId]:
    """The ids of a file, or of a link and of the file that it points to; empty if there is none."""
    found: set[FileId] = set()
    for status_of in (os.lstat, os.stat):
        try:
            status = status_of(path)
        except (OSError, ValueError):
            continue
        if not stat.S_ISDIR(status.st_mode):
            found.add((status.st_dev, status.st_ino))
    return found


class DestinationCheck:
    """Tells which results cannot be written where they should go.

    names: of all results, relative to the folder.
    """

    def __init__(self, folder: str, names: Iterable[str]):
        self.folder, self.root = folder, os.path.realpath(folder)
        self.parents: dict[str, str] = {}
        self.wanted: set[str] = set()
        for parent in {name.rpartition("/")[0] for name in names}:
            while parent and (key := name_key(parent)) not in self.wanted:
                self.wanted.add(key)
                parent = parent.rpartition("/")[0]

    def problem(self, name: str) -> str:
        """Why a result cannot be written under this name; empty if it can."""
        if name_key(name) in self.wanted:
            return "a folder of that name is wanted for other results"
        parent = name.rpartition("/")[0]
        if parent not in self.parents:
            self.parents[parent] = self._parent_problem(parent)
        if self.parents[parent]:
            return self.parents[parent]
        try:
            if stat.S_ISDIR(os.lstat(os.path.join(self.folder, name)).st_mode):
                return "a folder of that name is there"
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            return f"cannot be a file's name ({getattr(error, 'strerror', error)})"
        return ""

    def _parent_problem(self, parent: str) -> str:
        if parent.split("/")[0] == WORK:
            return f"{WORK} is for what is in hand"
        path = os.path.join(self.folder, parent)
        try:
            real = os.path.realpath(path)
            while not os.path.lexists(path):
                path = os.path.dirname(path)
        except (OSError, ValueError) as error:
            return f"cannot be a folder's name ({getattr(error, 'strerror', error)})"
        if os.path.commonpath([real, self.root]) != self.root:
            return "its folder is not in that of the results"
        return "" if os.path.isdir(path) else f"{path} is a file, and a folder is wanted"

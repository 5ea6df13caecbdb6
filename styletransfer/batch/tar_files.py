"""Results in tar files, each of which appears once all its results are done."""

import io
import os
import tarfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from ..errors import InputError
from ..media.files import GONE
from .ledger import Done, Failure, Ledger, stopped
from .outputs import Task
from .sources import is_picture, tar_members


class Tars:
    """The tar files of a destination; results wait in the working folder until their file is complete.

    tasks: all tasks of the run, done or not. mirrored: whether a tar file mirrors one of the source, so
    that its other members, such as labels, are copied.
    """

    def __init__(self, ledger: Ledger, tasks: Sequence[Task], mirrored: bool):
        self.ledger, self.mirrored = ledger, mirrored
        self.tasks: dict[str, list[Task]] = {}
        for task in tasks:
            if task.tar:
                self.tasks.setdefault(task.tar, []).append(task)
        self.left = {tar: sum(len(t.targets) for t in of_tar) for tar, of_tar in self.tasks.items()}
        self.sizes = {tar: _sizes(ledger.folder / tar) for tar in self.tasks}
        self.parts = set(os.listdir(ledger.work)) if self.tasks else set()
        ours = {done.tar for done in ledger.done.values()} if self.tasks else set()
        for tar in self.sizes:
            if os.path.isfile(ledger.folder / tar) and tar not in ours:
                raise InputError(f"{ledger.folder / tar}: is already there, and not of our making")

    def has(self, done: Done) -> bool:
        """Whether a result is in its tar file, or waiting for it."""
        inner = done.output[len(done.tar) + 1 :]
        return done.part in self.parts or self.sizes.get(done.tar, {}).get(inner) == done.bytes

    def finished(self, tar: str, count: int) -> Failure | None:
        """Count finished or failed results; with the last of a tar file, write it. Returns a Failure if
        the file cannot be written; its results then keep waiting."""
        if tar:
            self.left[tar] -= count
            if count and not self.left[tar]:
                return self._pack(tar)
        return None

    def _pack(self, tar: str) -> Failure | None:
        ledger = self.ledger
        done = {t.name: ledger.done.get(t.name) for task in self.tasks[tar] for t in task.targets}
        parts = [d.part for d in done.values() if d and (ledger.work / d.part).exists()]
        target = ledger.folder / tar
        if not parts:
            return None
        temporary = ledger.work / f"tmp-{uuid4().hex}.tar"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tarfile.open(temporary, "w") as file:
                self._fill(file, tar, done)
            os.replace(temporary, target)
            for part in parts:
                (ledger.work / part).unlink()
        except (OSError, tarfile.TarError, InputError) as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in GONE:
                raise stopped(ledger.folder, error) from None
            return Failure(tar, f"cannot be put together ({' '.join(str(error).split())})")
        return None

    def _fill(self, file: tarfile.TarFile, tar: str, done: dict[str, Done | None]) -> None:
        tasks = self.tasks[tar]
        old = self.ledger.folder / tar
        before = tarfile.open(old, "r:") if old.exists() else None
        names = set(before.getnames()) if before else set()
        written: set[str] = set()

        def add(task: Task) -> None:
            for target in task.targets:
                inner, result = target.name[len(tar) + 1 :], done[target.name]
                part = self.ledger.work / result.part if result else None
                if part and part.exists():
                    data = part.read_bytes()
                elif before and result and inner in names and (file_in := before.extractfile(inner)):
                    data = file_in.read()
                else:
                    continue
                info = tarfile.TarInfo(inner)
                info.size = len(data)
                file.addfile(info, io.BytesIO(data))
                written.add(inner)

        if not self.mirrored:
            for task in tasks:
                add(task)
        else:
            # In the source's order, so that a picture stays beside its label.
            source = next(task.item.path for task in tasks)
            at = {task.item.offset: task for task in tasks}
            with open(source, "rb") as data:
                for member in tar_members(source):
                    if member.offset_data in at:
                        add(at[member.offset_data])
                    elif not is_picture(member.name):
                        data.seek(member.offset_data)
                        file.addfile(member, io.BytesIO(data.read(member.size)))
                        written.add(member.name)
        if before:
            for member in before:  # what else came to lie in it
                if member.name not in written:
                    file.addfile(member, before.extractfile(member) if member.isfile() else None)
            before.close()


def _sizes(path: Path) -> dict[str, int]:
    return {member.name: member.size for member in tar_members(str(path))} if path.is_file() else {}

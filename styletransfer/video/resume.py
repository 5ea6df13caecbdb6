"""The folder beside the result in which a film's pieces accumulate, so that a crash costs little.

A folder is ours only if it holds our manifest, which it does from the moment it becomes visible until it
is removed. Only files that we wrote are ever deleted from it.
"""

import glob
import hashlib
import json
import os
import re
import zipfile
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from filelock import FileLock, Timeout

from ..errors import InputError
from ..media.animation import frame_name
from ..media.clip import Frame
from ..media.files import write_atomically, write_text
from ..media.image import SUFFIXES

MANIFEST, LOCK = "manifest.json", "lock"
_OURS = re.compile(r"(piece-\d{7,}\.npz|state-\d{5,}\.npz|frame-\d{5,}\.png|probe(\.\w+)?|result)")
_UNFINISHED = re.compile(r"\.(piece-\d{7,}|state-\d{5,}|frame-\d{5,}|probe|manifest)-\w{8}\.part")


Record = dict[str, Any]
"""What the manifest holds: the plan, the pieces, whether the film is damaged, the result's identity."""


class ResumableJob:
    """The folder OUTPUT.parts: finished pieces, the plan they belong to, and the state to resume from.

    As a context manager it locks the folder. Raises InputError if another process uses it, if the folder
    is not ours, or if it holds a run with another plan and `force` is not given.
    """

    def __init__(self, output: Path, plan: dict[str, Any], force: bool):
        self.output, self.folder = output, parts_of(output)
        self.file = self.folder / MANIFEST
        self.record = _new_record(plan)
        try:
            found = self._enter()
            try:
                self._resume(found, force)
            except BaseException:
                self.__exit__()
                raise
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be used ({error.strerror})") from None

    def __enter__(self) -> "ResumableJob":
        return self

    def __exit__(self, *_: object) -> None:
        if not self.record["pieces"]:
            self.remove()
        self.lock.release()

    @property
    def frames(self) -> int:
        return sum(self.pieces("frames"))

    @property
    def last(self) -> Fraction | None:
        """The time of the last finished frame, in the clip's own time."""
        return Fraction(self.record["pieces"][-1]["last"]) if self.record["pieces"] else None

    @property
    def end(self) -> Fraction:
        return Fraction(self.record["pieces"][-1]["end"])

    @property
    def damaged(self) -> bool:
        """Whether the source of the finished pieces was damaged."""
        return bool(self.record["damaged"])

    @property
    def finished(self) -> bool:
        """Whether the result is in place, so that only this folder has to be removed."""
        return bool(self.record.get("result") == _identity(self.output))

    def pieces(self, key: str) -> list[Any]:
        return [piece[key] for piece in self.record["pieces"]]

    def state(self) -> dict[str, np.ndarray]:
        """The state of the stages after the last piece; empty before the first."""
        if not self.record["pieces"]:
            return {}
        with np.load(self.folder / self.record["pieces"][-1]["state"]) as stored:
            return {key: stored[key] for key in stored.files}

    def save(self, frame: Frame, state: dict[str, np.ndarray], piece: Record, damaged: bool) -> None:
        """Record a finished piece, up to this frame, and the state to resume from."""
        number = len(self.record["pieces"])
        name = f"state-{number:05d}.npz"
        write_atomically(self.folder / name, lambda target: _save_arrays(target, state))
        end = frame.shown[-1] + frame.duration
        marks = {"state": name, "last": str(frame.time), "end": str(end)}
        self.record["pieces"].append(piece | marks)
        self.record["damaged"] |= damaged
        self._write()
        if number:
            (self.folder / f"state-{number - 1:05d}.npz").unlink(missing_ok=True)

    def discard(self, target: Path) -> None:
        """Remove a file of this folder, or a folder of frames in it, if it is there."""
        if target.is_dir():
            for frame in target.iterdir():
                frame.unlink()
            target.rmdir()
        else:
            target.unlink(missing_ok=True)

    def mark(self, result: Path, damaged: bool) -> None:
        """Record that the result is complete under this temporary name and only has to be renamed."""
        self.record["result"] = _identity(result)
        self.record["damaged"] |= damaged
        self._write()

    def remove(self) -> None:
        """Delete what we wrote, and the folder if it is then empty."""
        with suppress(OSError):  # what is left is ours, and harms nobody
            self._clear()
            folder = self.folder
            if set(os.listdir(folder)) <= {MANIFEST, LOCK}:
                # Out of sight first: a folder that is to be seen without its manifest would be nobody's.
                folder = folder.rename(_hidden_name(self.output))
            _remove_hidden(folder)

    def _resume(self, found: Record, force: bool) -> None:
        """Resume from the manifest that was found, or start anew."""
        new, self.record = self.record, found
        other = found["pieces"] and found["plan"] != new["plan"]
        broken = "" if other or self.finished else _broken(self.folder, found)
        cleared = broken and "result" in found  # its result was made, and then taken elsewhere
        if other and not force:
            raise InputError(_other_plan(self.folder, found["plan"], new["plan"]))
        if broken and not cleared and not force:
            raise InputError(f"{self.folder}: {broken} is broken: give --force to start anew")
        there = any(self.output.iterdir()) if self.output.is_dir() else os.path.lexists(self.output)
        if there and not force and not self.finished:  # say, since another run has just made it
            raise InputError(f"{self.output}: already there (--force overwrites it)")
        if other or broken or not found["pieces"]:
            self.record = new
            self._write()
            self._clear()

    def _enter(self) -> Record:
        """Create the folder if needed, lock it, and read its manifest."""
        while True:
            if not os.path.lexists(self.folder):
                self._make()
            try:
                read_record(self.folder)
                self.lock = FileLock(self.folder / LOCK, blocking=False)
                self.lock.acquire()
                found = read_record(self.folder)
                self._sweep()
                return found
            except Timeout:
                raise InputError(f"{self.folder}: another stylize video is at work there") from None
            except (InputError, FileNotFoundError):
                if os.path.lexists(self.folder):
                    raise
                # Who had it was just finishing.

    def _make(self) -> None:
        new = _hidden_name(self.output)
        new.mkdir()
        try:
            (new / MANIFEST).write_text(json.dumps(self.record, indent=1))
            new.rename(self.folder)
        except OSError:
            was_there = new.exists()  # else another run had it swept away
            _remove_hidden(new)
            if was_there and not os.path.lexists(self.folder):  # else another was quicker
                raise

    def _sweep(self) -> None:
        """Remove leftovers of runs that were killed while creating or removing the work folder."""
        for entry in self.folder.parent.glob(f".{glob.escape(self.output.name[:40])}-????????.parts"):
            if set(os.listdir(entry)) <= {MANIFEST, LOCK}:
                _remove_hidden(entry)

    def _clear(self) -> None:
        for name in os.listdir(self.folder):
            if _OURS.fullmatch(name) or _UNFINISHED.fullmatch(name):
                self.discard(self.folder / name)

    def _write(self) -> None:
        write_text(self.file, json.dumps(self.record, indent=1))


def parts_of(output: Path) -> Path:
    """The folder in which a result's pieces accumulate."""
    named = output if output.name not in ("", "..") else os.path.abspath(output)
    return Path(f"{named}.parts")


def read_record(folder: Path) -> Record:
    """Read a work folder's manifest. Raises InputError if the folder is not ours."""
    try:
        if folder.is_symlink() or not folder.is_dir():
            raise ValueError
        record = json.loads((folder / MANIFEST).read_text())
        if not isinstance(record["plan"]["format"], int):
            raise ValueError
        for piece in record["pieces"]:
            if not {"frames", "state", "last", "end"} <= piece.keys():
                raise ValueError
        return {"damaged": False, **record}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise InputError(
            f"{folder}: is not a work folder of this program: move it away, or give another OUT"
        ) from None


def check_source(content: Path, output: Path) -> None:
    """Raise InputError if the result or its work folder would replace its own source."""
    for path in (output, parts_of(output)):
        if path.exists() and path.samefile(content):
            raise InputError(f"{path}: is the film itself: give another OUT")


def is_finished(output: Path) -> bool:
    """Whether a run that completed this result was killed before it could remove its work folder."""
    try:
        return bool(read_record(parts_of(output)).get("result") == _identity(output))
    except InputError:
        return False


def content_digest(path: Path) -> str:
    """SHA-256 of a file, or of all pictures in a folder and their names."""
    if path.is_file():
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    found = hashlib.sha256()
    pictures = (p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    for picture in sorted(pictures):
        found.update(f"{picture.name} {content_digest(picture)}\n".encode())
    return found.hexdigest()


def _new_record(plan: dict[str, Any]) -> Record:
    return {"plan": plan, "pieces": [], "damaged": False}


def _identity(path: Path) -> list[int]:
    """An identity that survives renaming, but changes when the file or folder is written."""
    if not path.exists():
        return []
    found = path.stat()
    inode = [found.st_dev, found.st_ino]
    return inode if path.is_dir() else [*inode, found.st_size, found.st_mtime_ns]


def _hidden_name(output: Path) -> Path:
    """A temporary name beside the result, for creating and removing the work folder."""
    return parts_of(output).with_name(f".{output.name[:40]}-{uuid4().hex[:8]}.parts")


def _remove_hidden(folder: Path) -> None:
    """Remove a work folder's manifest and lock, and the folder if it is then empty."""
    for name in (MANIFEST, LOCK):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def _broken(folder: Path, record: Record) -> str:
    """Which piece is not as it was written, if any; empty if all are. A disk may lose what it was
    given."""
    pieces = record["pieces"]
    archives: list[str] = [piece["file"] for piece in pieces if "file" in piece]
    states: list[str] = [piece["state"] for piece in pieces[-1:]]
    if pieces and not archives:  # pictures
        for name in (frame_name(n) for n in range(sum(piece["frames"] for piece in pieces))):
            if not (folder / name).is_file() or not (folder / name).stat().st_size:
                return name
    for name in archives + states:
        try:
            with zipfile.ZipFile(folder / name) as file:
                if file.testzip():
                    return name
        except (OSError, zipfile.BadZipFile):
            return name
    return ""


def _other_plan(folder: Path, found: dict[str, Any], wanted: dict[str, Any]) -> str:
    differ = [key for key in wanted if found.get(key) != wanted[key]]
    what = {"styles": "styles", "input": "another film", "model": "another model"}
    why = ", ".join(dict.fromkeys(what.get(key, "other options") for key in differ))
    return f"{folder} is of an unfinished run with {why}: give --force to start anew, or another OUT"


def _save_arrays(target: Path, arrays: dict[str, Any]) -> None:
    with open(target, "wb") as file:
        np.savez(file, **arrays)

"""What is done, written down so that nothing that happens to the process can lose it.

A result is written to DST/.stylize, then its line to DST/manifest.jsonl, then it is renamed to where it
belongs. Whoever comes after a kill finds either no line, and paints the picture; or a line, and the
result in its place or still in DST/.stylize, from where it is renamed then. So nothing is made twice,
and nothing is ever half there. Results for a tar file stay in DST/.stylize until it is whole.
"""

import errno
import json
import os
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError
from ..io.files import lock

WORK = ".stylize"
SYNC = 5.0  # seconds between the moments at which the manifest is forced to the disk
FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the quota is used up"}
FATAL = {**FULL, errno.EROFS: "cannot be written any more", errno.ENODEV: "is gone"}


class Done(NamedTuple):
    """A result, as its line in the manifest has it.

    output: relative to the destination; if in a tar file, tar is that file and output starts with it.
    input: the picture's name; hash: SHA-256 of its file; stamp: changes when that is written.
    style: its label; style_id: changes with the style's files; options: JSON, what else the result
    depends on. bytes, output_hash: of the result's file. seconds: of reading, painting and encoding.
    """

    output: str
    tar: str
    input: str
    hash: str
    stamp: str
    style: str
    style_id: str
    options: str
    bytes: int
    output_hash: str
    seconds: float
    seed: int | None = None

    @property
    def part(self) -> str:
        """What its file is called in the working folder."""
        return part_name(self.output, self.output_hash)

    def line(self) -> bytes:
        return _line(self._asdict() | {"options": json.loads(self.options)})


class Failure(NamedTuple):
    """A picture (or, if output is given, one of its results) that could not be made, and why."""

    input: str
    error: str
    output: str = ""

    def line(self) -> bytes:
        return _line({key: value for key, value in self._asdict().items() if value})


class Stop(InputError):
    """What ends the whole run, since the next picture would meet it too."""


class Ledger:
    """The manifest of a destination, its failures and its lock.

    A context in which no other process may write to the destination; InputError if one does, or if
    it cannot be written.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.work = self.folder / WORK

    def __enter__(self) -> "Ledger":
        try:
            self.work.mkdir(parents=True, exist_ok=True)
            self.lock = _locked(self.work / "lock", self.folder)
            self.manifest = Appended(self.folder / "manifest.jsonl")
            self.failures = Appended(self.folder / "failures.jsonl", afresh=True)
            self.done = read_manifest(self.folder)
            self._recover()
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be written ({error.strerror})") from None
        return self

    def __exit__(self, *_) -> None:
        for file in (self.manifest, self.failures):
            file.close()
            if not file.length:
                file.path.unlink(missing_ok=True)
        self._recover()  # what was given up goes
        if os.listdir(self.work) == ["lock"]:
            (self.work / "lock").unlink()
            self.work.rmdir()
        os.close(self.lock)

    def add(self, done: Done) -> None:
        """Write a result down and, if it is not for a tar file, put it in its place."""
        try:
            self.manifest.write(done.line())
            self.done[done.output] = done
            if not done.tar:
                self._place(done)
        except OSError as error:
            raise stopped(self.folder, error) from None

    def fail(self, failure: Failure) -> None:
        try:
            self.failures.write(failure.line())
        except OSError as error:
            raise stopped(self.folder, error) from None

    def _recover(self) -> None:
        """Put what a killed run had written down into its place, and clear away the rest."""
        parts = set(os.listdir(self.work)) - {"lock"}
        for done in self.done.values() if parts else ():
            if done.part in parts:
                parts.remove(done.part)
                if not done.tar:
                    self._place(done)
        for name in parts:
            (self.work / name).unlink()

    def _place(self, done: Done) -> None:
        target = self.folder / done.output
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(self.work / done.part, target)


class Appended:
    """A file of lines that only ever grows, by whole lines."""

    def __init__(self, path: Path, afresh: bool = False):
        self.path, self.synced = path, time.monotonic()
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | (os.O_TRUNC if afresh else 0), 0o666)
        self.length = os.lseek(self.file, 0, os.SEEK_END)
        torn = _torn(self.file, self.length)
        if torn:  # the kill came in the middle of it: what it tells of is not in its place yet
            self.length -= torn
            os.ftruncate(self.file, self.length)

    def write(self, line: bytes) -> None:
        os.lseek(self.file, self.length, os.SEEK_SET)
        try:
            left = memoryview(line)
            while left:
                left = left[os.write(self.file, left) :]
        except OSError:
            os.ftruncate(self.file, self.length)
            raise
        self.length += len(line)
        if time.monotonic() - self.synced > SYNC:
            os.fsync(self.file)
            self.synced = time.monotonic()

    def close(self) -> None:
        os.close(self.file)


def read_manifest(folder: str | Path) -> dict[str, Done]:
    """The last line for each output; lines that say nothing (a broken disk's) are passed over."""
    found: dict[str, Done] = {}
    try:
        file = open(Path(folder) / "manifest.jsonl", "rb")
    except FileNotFoundError:
        return found
    with file:
        for line in file:
            try:
                values = json.loads(line)
                # A million lines share few of these.
                values["options"] = sys.intern(as_json(values["options"]))
                for key in ("style", "style_id", "tar"):
                    values[key] = sys.intern(values[key])
                done = Done(*(values[key] for key in Done._fields))
                if not all(isinstance(text, str) for text in (*done[:8], done.output_hash)):
                    continue
            except (ValueError, KeyError, TypeError):
                continue
            found[done.output] = done
    return found


def as_json(options: dict) -> str:
    """Options as they are compared."""
    return json.dumps(options, sort_keys=True)


def part_name(output: str, output_hash: str) -> str:
    """What a result that is not in its place yet is called; the same only if it is the same file."""
    name = sha256(output.encode(errors="surrogateescape")).hexdigest()
    return f"{name[:24]}-{output_hash[:24]}.part"


def stopped(folder: str | Path, error: OSError) -> Stop:
    """What to say if a destination cannot be written to."""
    why = FATAL.get(error.errno, f"cannot be written ({error.strerror})")
    remedy = "make room" if error.errno in FULL else "mend that"
    return Stop(f"{folder}: {why}; {remedy} and give the same command again, it goes on from here")


def _line(values: dict) -> bytes:
    return json.dumps(values).encode() + b"\n"  # ASCII: names that are not text survive it


def _torn(file: int, length: int) -> int:
    """How many bytes there are after the last line's end."""
    start, tail = length, b""
    while start and b"\n" not in tail:
        size = min(start, 65_536)
        start -= size
        tail = os.pread(file, size, start) + tail
    return len(tail) - (tail.rfind(b"\n") + 1)


def _locked(path: Path, folder: Path) -> int:
    """An open file that is locked for as long as the process lives; InputError if another has it."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            lock(file)
            if os.path.exists(path) and os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        except OSError as error:
            os.close(file)
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise InputError(f"{folder}: another stylize batch is writing there") from None
        os.close(file)  # the other process was just finishing, and took its lock file away

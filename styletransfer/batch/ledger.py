"""The ledger: what is done, written down so that no crash can lose it.

A result is written to DST/.stylize, then its line to DST/manifest.jsonl, then it is moved to its place.
After a crash there is either no line, and the picture is painted again; or there is a line, and the
result is in its place or still in DST/.stylize, from where it is moved. So nothing is painted twice and
nothing is ever half-written. Results for a tar file stay in DST/.stylize until the tar file is complete.
"""

import builtins
import errno
import json
import os
import re
import shutil
import sys
import time
import zlib
from contextlib import suppress
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from filelock import lock_descriptor

from ..errors import InputError
from ..media.files import FULL, GONE, WORKING

WORK = ".stylize"
SYNC = 5.0  # seconds between the moments at which the manifest is forced to the disk
OURS = re.compile(  # names in the working folder that are ours, and those of ours that are folders
    rf"[0-9a-f]{{24}}-[0-9a-f]{{24}}\.part|\.?tmp-[0-9a-f]{{32}}(-\w+)?(\.\w+)?|{re.escape(WORKING)}\w{{8}}"
)
CHECK = re.compile(rb', "check": "([0-9a-f]{8})"}\n')  # ends a line: the CRC-32 of what is before it


class Done(NamedTuple):
    """A finished result: a line of the manifest.

    output: its path relative to the destination; in a tar file it starts with `tar`, that file's name.
    input: the picture's name. hash: SHA-256 of its file. stamp: changes when that is written. style: the
    style's label. style_id: changes with the style's files. options: JSON of all else that the result
    depends on. bytes, output_hash: size and SHA-256 of the result. seconds: for reading, painting and
    encoding. source: the picture's path; empty in lines of earlier versions.
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
    source: str = ""

    @property
    def part(self) -> str:
        """The name of its file in the working folder."""
        return part_name(self.output, self.output_hash)

    def line(self) -> builtins.bytes:
        return _line(self._asdict() | {"options": json.loads(self.options)})


class Failure(NamedTuple):
    """A picture, or only the result `output` of it, that could not be painted, and why."""

    input: str
    error: str
    output: str = ""

    def line(self) -> bytes:
        return _line({key: value for key, value in self._asdict().items() if value})


Outcome = Done | Failure


class Stop(InputError):
    """An error that ends the whole run, because the next picture would meet it too."""


class Ledger:
    """The manifest of a destination, its list of failures, and its lock, as a context manager.

    Raises InputError on entering if another process writes to the destination, or it cannot be written.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.work = self.folder / WORK
        self.failures: Appended | None = None  # from `begin` on

    def __enter__(self) -> "Ledger":
        try:
            self.lock = _locked(self.work, self.folder)
            try:
                _check_ours(self.folder / "failures.jsonl", b'{"input": ')
                _check_ours(self.folder / "manifest.jsonl", b'{"output": ')
                self.manifest = Appended(self.folder / "manifest.jsonl")
                self.done = read_manifest(self.folder)
                self._recover()
            except BaseException:
                self._leave()
                raise
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be written ({error.strerror})") from None
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self.manifest, self.failures):
            if file:
                file.close()
        with suppress(OSError):  # the next run does it
            self._recover()  # what was given up goes
        self._leave()

    def begin(self) -> None:
        """Clear the failures of the previous run: those pictures are tried again."""
        try:
            self.failures = Appended(self.folder / "failures.jsonl", afresh=True)
        except OSError as error:
            raise stopped(self.folder, error) from None

    def add(self, done: Done, replace: bool = True) -> Failure | None:
        """Record a result and move it to its place, unless it is for a tar file. replace: a file there.

        Returns a Failure if it cannot be put there; raises `Stop` if nothing can be written any more.
        """
        line, before = done.line(), self.done.get(done.output)
        try:
            self.manifest.write(line)
            self.done[done.output] = done
            if not done.tar:
                self._place(done, replace)
        except OSError as error:
            if error.errno in GONE or not self.manifest.undo(line):
                raise stopped(self.folder, error) from None
            self._forget(done, before)
            return Failure(done.input, f"cannot be put in its place ({error.strerror})", done.output)
        return None

    def fail(self, failure: Failure) -> None:
        assert self.failures, "a run begins before anything fails in it"
        try:
            self.failures.write(failure.line())
        except OSError as error:
            raise stopped(self.folder, error) from None

    def _recover(self) -> None:
        """Move results that a killed run had recorded to their places, and delete its other
        leftovers."""
        parts = {name for name in os.listdir(self.work) if OURS.fullmatch(name)}
        for done in list(self.done.values()) if parts else ():
            if done.part in parts:
                parts.remove(done.part)
                try:
                    if not done.tar:
                        self._place(done)
                except OSError as error:
                    if error.errno in GONE:
                        raise
                    self._forget(done)
        for name in parts:
            _remove(self.work / name)

    def _forget(self, done: Done, before: Done | None = None) -> None:
        """Undo the record of a result and delete its file."""
        del self.done[done.output]
        if before:
            self.done[done.output] = before
        _remove(self.work / done.part)

    def _place(self, done: Done, replace: bool = True) -> None:
        target = self.folder / done.output
        target.parent.mkdir(parents=True, exist_ok=True)
        if not replace and os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "a file that is not ours came there meanwhile")
        os.replace(self.work / done.part, target)

    def _leave(self) -> None:
        """Release the lock, and remove the working folder if it is empty."""
        with suppress(OSError):  # it is not empty, or somebody else has just begun
            if not any(map(OURS.fullmatch, os.listdir(self.work))):
                (self.work / "lock").unlink()
                self.work.rmdir()
        os.close(self.lock)


class Appended:
    """An append-only file of whole lines; removed when it is closed empty."""

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

    def undo(self, line: bytes) -> bool:
        """Remove the last line if it is this one; whether it was."""
        start = self.length - len(line)
        if start < 0 or os.pread(self.file, len(line), start) != line:
            return False
        os.ftruncate(self.file, start)
        self.length = start
        return True

    def close(self) -> None:
        with suppress(OSError):  # a full disk may say so only now
            os.close(self.file)
            if not self.length:
                self.path.unlink(missing_ok=True)


def read_manifest(folder: str | Path) -> dict[str, Done]:
    """Read the last line for each output; damaged lines are skipped."""
    found: dict[str, Done] = {}
    try:
        file = open(Path(folder) / "manifest.jsonl", "rb")
    except FileNotFoundError:
        return found
    with file:
        for line in file:
            try:
                done = _parsed(line)
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
            found[done.output] = done
    return found


def _parsed(line: bytes) -> Done:
    """Parse a line of the manifest; ValueError, KeyError, TypeError or RecursionError if it is
    damaged."""
    check = CHECK.search(line, max(0, len(line) - 32))  # earlier versions wrote none
    if check and int(check[1], 16) != zlib.crc32(line[: check.start()]):
        raise ValueError
    values = {"source": "", **json.loads(line)}
    # A million lines share few of these.
    values["options"] = sys.intern(as_json(values["options"]))
    for key in ("style", "style_id", "tar"):
        values[key] = sys.intern(values[key])
    done = Done(*(values[key] for key in Done._fields))
    for text in (done.output, done.input, done.hash, done.stamp, done.output_hash):
        if b"\0" in os.fsencode(text):
            raise ValueError
    path = PurePosixPath(done.output)
    if type(done.bytes) is not int or path.is_absolute() or ".." in path.parts or not path.name:
        raise ValueError
    return done


def as_json(options: dict[str, Any]) -> str:
    """Options as canonical JSON, for comparison."""
    return json.dumps(options, sort_keys=True)


def part_name(output: str, output_hash: str) -> str:
    """The name of a result in the working folder, made of its path and its content."""
    name = sha256(output.encode(errors="surrogateescape")).hexdigest()
    return f"{name[:24]}-{output_hash[:24]}.part"


def stopped(folder: str | Path, error: OSError) -> Stop:
    """The `Stop` for a destination that cannot be written to, with what to do about it."""
    why = GONE.get(error.errno or 0, f"cannot be written ({error.strerror})")
    remedy = "make room" if error.errno in FULL else "mend that"
    return Stop(f"{folder}: {why}; {remedy} and give the same command again, it goes on from here")


def _line(values: dict[str, Any]) -> bytes:
    text = json.dumps(values)[:-1].encode()  # ASCII: names that are not text survive it
    return text + f', "check": "{zlib.crc32(text):08x}"}}\n'.encode()


def _check_ours(path: Path, start: bytes) -> None:
    """Raise InputError if a file exists and none of its lines starts like one of ours."""
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not of our making; move it, or give another folder")
    with suppress(FileNotFoundError), open(path, "rb") as file:
        first = file.readline(4096)
        ours = start.startswith(first) or first.startswith(start)
        if not ours and not any(line.startswith(start) for line in file):
            raise InputError(f"{path}: is not of our making; move it, or give another folder")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _torn(file: int, length: int) -> int:
    """The number of bytes after the last complete line."""
    start, tail = length, b""
    while start and b"\n" not in tail:
        size = min(start, 65_536)
        start -= size
        tail = os.pread(file, size, start) + tail
    return len(tail) - (tail.rfind(b"\n") + 1)


def _locked(work: Path, folder: Path) -> int:
    """Open and lock the lock file until the process ends; InputError if another process has it."""
    path = work / "lock"
    for left in reversed(range(1000)):
        try:
            work.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except (FileNotFoundError, FileExistsError):
            if not left or work.is_file():
                raise
            continue  # another process was just finishing, and took the folder away
        try:
            if not lock_descriptor(file, blocking=False):
                os.close(file)
                break
            if os.path.exists(path) and os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        except FileNotFoundError:
            pass  # or its lock file
        except OSError:
            os.close(file)
            raise
        os.close(file)
    raise InputError(f"{folder}: another stylize batch is writing there")

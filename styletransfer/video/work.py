"""The folder beside the result in which a film grows, piece by piece, so that a crash costs little."""

import hashlib
import json
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..io.clip import Frame
from ..io.files import write_atomically


class Work:
    """The folder OUTPUT.parts: finished pieces, what was asked for, and how to go on."""

    def __init__(self, output: Path, plan: dict, force: bool):
        self.folder = output.with_name(output.name + ".parts")
        self.file = self.folder / "manifest.json"
        self.record = {"plan": plan, "pieces": []}
        try:
            if self.file.exists():
                found = json.loads(self.file.read_text())
                if found["plan"] == plan:
                    self.record = found
                elif force:
                    shutil.rmtree(self.folder)
                else:
                    raise InputError(_other_plan(self.folder, found["plan"], plan))
            self.folder.mkdir(exist_ok=True)
            self._write()
        except (OSError, ValueError, KeyError) as error:
            reason = getattr(error, "strerror", None) or "not a work folder of this program"
            raise InputError(f"{self.folder}: cannot be used ({reason})") from None

    def __enter__(self) -> "Work":
        return self

    def __exit__(self, *_) -> None:
        if not self.record["pieces"]:
            self.remove()

    @property
    def frames(self) -> int:
        return sum(piece["frames"] for piece in self.record["pieces"])

    @property
    def last(self) -> Fraction | None:
        """The time of the last frame that is done, in the clip's own time."""
        return Fraction(self.record["pieces"][-1]["last"]) if self.record["pieces"] else None

    @property
    def end(self) -> Fraction:
        return Fraction(self.record["pieces"][-1]["end"])

    def pieces(self, key: str) -> list:
        return [piece[key] for piece in self.record["pieces"]]

    def state(self) -> dict[str, np.ndarray]:
        """What the stages left behind after the last piece; nothing before the first."""
        if not self.record["pieces"]:
            return {}
        with np.load(self.folder / self.record["pieces"][-1]["state"]) as stored:
            return {key: stored[key] for key in stored.files}

    def save(self, frame: Frame, state: dict[str, np.ndarray], piece: dict) -> None:
        """A piece is done, up to this frame: from here it goes on."""
        number = len(self.record["pieces"])
        name = f"state-{number:05d}.npz"
        write_atomically(self.folder / name, lambda target: _save_arrays(target, state))
        end = frame.shown[-1] + frame.duration
        marks = {"state": name, "last": str(frame.time), "end": str(end)}
        self.record["pieces"].append(piece | marks)
        self._write()
        if number:
            (self.folder / f"state-{number - 1:05d}.npz").unlink(missing_ok=True)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self) -> None:
        write_atomically(self.file, lambda target: target.write_text(json.dumps(self.record, indent=1)))


def content_digest(path: Path) -> str:
    """SHA-256 of a file, or of all files of a folder and their names."""
    if path.is_file():
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    found = hashlib.sha256()
    for file in sorted(p for p in path.iterdir() if p.is_file()):
        found.update(f"{file.name} {content_digest(file)}\n".encode())
    return found.hexdigest()


def _other_plan(folder: Path, found: dict, wanted: dict) -> str:
    differ = [key for key in wanted if found.get(key) != wanted[key]]
    what = {"styles": "styles", "input": "another film", "model": "another model"}
    why = ", ".join(dict.fromkeys(what.get(key, "other options") for key in differ))
    return f"{folder} is of an unfinished run with {why}: give --force to start anew, or another OUT"


def _save_arrays(target: Path, arrays: dict[str, np.ndarray]) -> None:
    with open(target, "wb") as file:
        np.savez(file, **arrays)

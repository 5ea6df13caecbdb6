"""The choice of styles for each picture. No torch here."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePath, PurePosixPath
from typing import NamedTuple

from ..errors import InputError
from ..media.image import SUFFIXES
from ..styles.names import BANK, style_weights

SUFFIX = ".style.safetensors"


class ChosenStyle(NamedTuple):
    """A style that can be chosen.

    label: its name in the names of results. parts: files or folders of pictures, with weights. identity:
    changes when the files do. name: relative to the folder that was given, without suffix. former: the
    identity that earlier versions used.
    """

    label: str
    parts: tuple[tuple[str, float], ...]
    identity: str
    name: str
    former: str = ""


_Found = tuple[str, tuple[tuple[str, float], ...], str, str]  # name, parts, identity, former
Chooser = Callable[[str, int], list[int]]
"""From a picture's name and its position to the numbers of its styles."""


def find_styles(
    given: Sequence[str], rule: str, weights: Sequence[float] | None = None
) -> list[ChosenStyle]:
    """Find the styles to choose from.

    A folder is one style for --pick all, the mean of its pictures, as for a single picture; otherwise it
    is a collection of styles. weights: blend everything that is given into one style.
    """
    found: list[_Found] = []
    if weights is not None:
        blended: dict[str, float] = {}
        for text, weight in zip(given, weights):
            parts = style_weights(text)
            for part, inner in parts.items():
                blended[part] = blended.get(part, 0.0) + weight * inner / sum(parts.values())
        found.append(_blend("+".join(map(_label, given)), blended))
    else:
        for text in given:
            if os.path.isdir(text) and rule != "all":
                found += _each(text)
            else:
                found.append(_blend(_label(text), style_weights(text)))
    labels = _distinct([PurePosixPath(name).name for name, *_ in found])
    return [
        ChosenStyle(label, parts, identity, name, former)
        for label, (name, parts, identity, former) in zip(labels, found)
    ]


def chooser(styles: Sequence[ChosenStyle], rule: str, count: int, seed: int) -> Chooser:
    """A function that chooses `count` different styles for a picture (all of them for --pick all).

    A random choice depends only on the seed and the picture's name, not on other pictures or on who
    paints it. The function raises InputError for a picture that no style matches.
    """
    everything = list(range(len(styles)))
    if rule == "all":
        return lambda name, position: everything
    if rule != "match" and count > len(styles):
        raise InputError(f"--per-image is {count}, and there are {len(styles)} styles to choose from")
    if rule == "cycle":
        return lambda name, position: [(position * count + i) % len(styles) for i in range(count)]
    if rule == "random":
        ordered = sorted(everything, key=lambda i: (styles[i].name, styles[i].label))
        return lambda name, position: draw(ordered, count, seed, name)
    groups: dict[str, list[int]] = {}
    for index, style in enumerate(styles):
        path = PurePosixPath(style.name)
        for key in dict.fromkeys([style.name, path.name, *map(str, path.parents), *path.parent.parts]):
            groups.setdefault(key, []).append(index)

    def matching(name: str, position: int) -> list[int]:
        path = PurePosixPath(name)
        folders = [str(parent) for parent in path.parents][:-1]
        keys = [str(path.with_suffix("")), path.stem]
        for key in [*keys, *folders, *(PurePath(folder).name for folder in folders)]:
            if key in groups:
                if key in keys and key == styles[groups[key][0]].name:
                    return groups[key][:1]
                return draw(groups[key], min(count, len(groups[key])), seed, name)
        raise InputError("no style has its name or the name of a folder it is in")

    return matching


def draw(choices: Sequence[int], count: int, seed: int, name: str) -> list[int]:
    """Draw `count` different choices, by a hash of seed and name."""
    found: list[int] = []
    moved: dict[int, int] = {}
    for turn in range(count):
        text = f"{seed}\0{turn}\0{name}".encode(errors="surrogateescape")
        left = len(choices) - turn
        number = int.from_bytes(hashlib.sha256(text).digest()[:8]) % left
        found.append(choices[moved.get(number, number)])
        moved[number] = moved.get(left - 1, left - 1)  # the last one left takes its place
    return found


def absolute(parts: Mapping[str, float]) -> dict[str, float]:
    """The parts of a style with absolute paths, valid in every process."""
    return {part if _learned(part) else os.path.abspath(part): weight for part, weight in parts.items()}


def _blend(label: str, parts: Mapping[str, float]) -> _Found:
    def known(of: Callable[[str], str]) -> str:
        if len(parts) == 1:
            return of(next(iter(parts)))
        return _joined([f"{of(part)} {weight}" for part, weight in parts.items()])

    return label, tuple(absolute(parts).items()), known(identity), known(former_identity)


def _learned(part: str) -> bool:
    return part.startswith(BANK) and not os.path.exists(part)


def _label(text: str) -> str:
    """The label of a style: the names of its parts, without folders and suffixes."""
    names = (name.removeprefix(BANK) if _learned(name) else name for name in style_weights(text))
    return "+".join(_stem(os.path.basename(name.rstrip("/"))) for name in names)


def _each(folder: str) -> list[_Found]:
    """Every style in a folder, as a style of its own."""
    names, paths = zip(*_within(folder))
    return [
        (name, ((os.path.abspath(path), 1.0),), identity, _size(path))
        for name, path, identity in zip(names, paths, _identities(paths))
    ]


def _within(folder: str) -> list[tuple[str, str]]:
    """Name and path of every style in a folder, recursively."""
    found = []
    for path, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        for file in sorted(files):
            whole = os.path.join(path, file)
            picture = os.path.splitext(file)[1].lower() in SUFFIXES or file.endswith(SUFFIX)
            if picture and not file.startswith("._") and os.path.isfile(whole):
                found.append((_stem(os.path.relpath(whole, folder).replace(os.sep, "/")), whole))
    if not found:
        raise InputError(f"{folder}: no pictures in it")
    return found


def identity(path: str) -> str:
    """A hash of a file's content, or of all files in a folder; for a learned style its name."""
    if _learned(path):
        return path
    if os.path.isdir(path):
        names, paths = zip(*_within(path))
        return _joined([f"{name} {each}" for name, each in zip(names, _identities(paths))])
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def former_identity(path: str) -> str:
    """`identity` as earlier versions computed it: from the sizes of a folder's files."""
    if _learned(path) or not os.path.isdir(path):
        return identity(path)
    return _joined([f"{name} {_size(whole)}" for name, whole in _within(path)])


def _identities(paths: Sequence[str]) -> list[str]:
    with ThreadPoolExecutor() as pool:  # hashing leaves Python to the others
        return list(pool.map(identity, paths))


def _size(path: str) -> str:
    return f"{os.path.getsize(path)} bytes"


def _joined(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode(errors="surrogateescape")).hexdigest()[:16]


def _stem(name: str) -> str:
    return name.removesuffix(SUFFIX) if name.endswith(SUFFIX) else os.path.splitext(name)[0]


def _distinct(labels: Sequence[str]) -> list[str]:
    """Make labels unique, ignoring case."""
    used: set[str] = set()
    found = []
    for label in labels:
        new, number = label, 1
        while new.casefold() in used:
            number += 1
            new = f"{label}-{number}"
        used.add(new.casefold())
        found.append(new)
    return found

"""What the results are called. No torch here."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from ..errors import InputError
from ..media.image import FORMATS
from .sources import SourceImage
from .style_choice import Chooser, ChosenStyle

LONGEST = 255  # bytes of a name, in nearly every file system


class Target(NamedTuple):
    """A picture to be made. name: where, relative to the destination; within a tar file its name comes
    first. style: the number of its style."""

    name: str
    style: int


class Task(NamedTuple):
    """A picture and what is to be made of it; problem says why nothing can be."""

    item: SourceImage
    targets: list[Target]
    tar: str = ""
    problem: str = ""


class Layout(NamedTuple):
    """How results are named. format: of all, a suffix, or empty for the source's own. suffix: put
    after each stem. pack: as the source is ("auto"), plain "files", or so many to a tar file."""

    format: str = ""
    suffix: str = ""
    pack: str | int = "auto"


def plan(
    items: Sequence[SourceImage],
    styles: Sequence[ChosenStyle],
    choose: Chooser,
    layout: Layout,
    several: bool,
) -> list[Task]:
    """What is to be made of each picture, every result with a name of its own.

    several: a picture gets more than one style, so that theirs are part of the names.
    """
    chosen: list[list[int] | str] = []
    for position, item in enumerate(items):
        try:
            chosen.append(choose(item.inner, position))
        except InputError as error:
            chosen.append(str(error))
    names = _names(items, chosen, [s.label for s in styles], layout, several)
    tasks = []
    for item, styles_of, tar in zip(items, chosen, _tars(items, layout)):
        if isinstance(styles_of, str):
            tasks.append(Task(item, [], tar, problem=styles_of))
        else:
            tasks.append(Task(item, [Target(next(names), style) for style in styles_of], tar))
    return tasks


def _tars(items: Sequence[SourceImage], layout: Layout) -> Iterator[str]:
    for position, item in enumerate(items):
        if layout.pack == "auto":
            yield item.tar
        else:
            yield "" if layout.pack == "files" else f"shard-{position // int(layout.pack):06d}.tar"


def _names(
    items: Sequence[SourceImage],
    chosen: Sequence[list[int] | str],
    labels: Sequence[str],
    layout: Layout,
    several: bool,
) -> Iterator[str]:
    """The names, in order. Where two would be the same, also to a file system that takes upper and
    lower case for the same, the source's suffix stays in them, and if need be a hash comes in."""

    def each() -> Iterator[tuple[SourceImage, str, str]]:
        for item, styles_of, tar in zip(items, chosen, _tars(items, layout)):
            for style in [] if isinstance(styles_of, str) else styles_of:
                yield item, labels[style] if several else "", f"{tar}/" if tar else ""

    counts = Counter(name_key(tar + _name(item, label, layout)) for item, label, tar in each())
    used: set[str] = set()
    for item, label, tar in each():
        name = tar + _name(item, label, layout)
        if counts[name_key(name)] > 1:
            name = tar + _name(item, label, layout, whole=True)
            if name_key(name) in counts or name_key(name) in used:
                mark = sha256(item.name.encode(errors="surrogateescape")).hexdigest()[:10]
                name = tar + _name(item, label, layout, whole=True, mark=mark)
            used.add(name_key(name))
        yield name


def _name(item: SourceImage, label: str, layout: Layout, whole: bool = False, mark: str = "") -> str:
    """Within the tar file, if there is one. whole: with the source's suffix left in it."""
    path = item.inner
    if item.tar and layout.pack != "auto":
        path = f"{item.tar.removesuffix('.tar')}/{path}"
    folder, slash, name = path.rpartition("/")
    stem, before = os.path.splitext(name)
    if layout.format and FORMATS[layout.format] == FORMATS.get(before.lower()):
        suffix = before  # .JPEG stays .JPEG
    else:
        suffix = layout.format or (before if before.lower() in FORMATS else ".png")
    parts = [name if whole else stem, layout.suffix, f"-{label}" if label else ""]
    return folder + slash + _cut("".join(parts) + (f"-{mark}" if mark else "") + suffix)


def _cut(name: str) -> str:
    """A name that file systems take: the middle of a longer one becomes a hash."""
    data = os.fsencode(name)
    if len(data) <= LONGEST:
        return name
    stem, suffix = os.path.splitext(name)
    mark = f"-{sha256(data).hexdigest()[:10]}"
    limit = LONGEST - len(mark) - len(os.fsencode(suffix))
    return os.fsencode(stem)[:limit].decode(errors="ignore") + mark + suffix


def name_key(name: str) -> str:
    """The same for names that some file systems take for the same."""
    return unicodedata.normalize("NFC", name).casefold()

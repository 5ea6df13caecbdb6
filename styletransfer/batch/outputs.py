"""The names of results. No torch here."""

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
    """A result to be made.

    name: its path relative to the destination; in a tar file, that file's name comes first. style: the
    number of its style.
    """

    name: str
    style: int


class Task(NamedTuple):
    """A picture and the results to make of it; `problem` says why none can be made."""

    item: SourceImage
    targets: list[Target]
    tar: str = ""
    problem: str = ""


class Layout(NamedTuple):
    """How results are named and packed.

    format: the suffix of all results; empty keeps the source's. suffix: appended to each stem. pack:
    "auto" packs as the source is packed, "files" not at all, a number that many results per tar file.
    """

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
    """Plan the results of each picture, each with a unique name.

    several: whether pictures get more than one style, whose labels then become part of the names.
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
    """The names in order. Names that are equal, even only on a case-insensitive file system, keep the
    source's suffix, and get a hash if that is not enough."""

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
    """The name within the tar file, if there is one. whole: keep the source's suffix in it."""
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
    """A name that file systems accept: if it is too long its middle is replaced by a hash."""
    data = os.fsencode(name)
    if len(data) <= LONGEST:
        return name
    stem, suffix = os.path.splitext(name)
    mark = f"-{sha256(data).hexdigest()[:10]}"
    limit = LONGEST - len(mark) - len(os.fsencode(suffix))
    return os.fsencode(stem)[:limit].decode(errors="ignore") + mark + suffix


def name_key(name: str) -> str:
    """A key that is equal for names that some file systems consider equal."""
    return unicodedata.normalize("NFC", name).casefold()

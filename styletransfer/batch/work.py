"""What a run is to do: its pictures, their styles, and where each result goes. No torch here."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .destination import check_sources
from .outputs import Layout, Task, plan
from .sources import find_items
from .style_choice import ChosenStyle, chooser, find_styles


class Selection(NamedTuple):
    """Which styles for which picture. given: pictures, codes and folders, of which `rule` ("all",
    "random", "cycle" or "match") chooses `per_image` for each picture. weights: all of them are one."""

    given: Sequence[str]
    rule: str = "all"
    per_image: int = 1
    seed: int = 0
    weights: Sequence[float] | None = None


class Work(NamedTuple):
    """tasks: one for each picture, done or not. styles: those that their targets count. others: how
    many files lay between the pictures."""

    tasks: list[Task]
    styles: list[ChosenStyle]
    others: int


def find_work(
    source: str, folder: str, selection: Selection, layout: Layout, read: Iterable[str] = ()
) -> Work:
    """source: as `sources.find_items` takes it. folder: for the results. read: files that are read
    beside the pictures.

    InputError if there are no pictures or not enough styles, or if a result would replace what is read.
    """
    given, rule, per_image, seed, weights = selection
    styles = find_styles(given, rule, weights)
    found = find_items(source, folder)
    choose = chooser(styles, rule, per_image, seed) if styles else _regions_alone
    several = len(styles) > 1 if rule == "all" else per_image > 1
    tasks = plan(found.items, styles, choose, layout, several)
    check_sources(tasks, folder, read)
    return Work(tasks, styles, found.others)


def _regions_alone(name: str, position: int) -> list[int]:
    """A `Chooser` of no style: regions have theirs."""
    return [-1]

"""The work of a run: pictures, their styles, and the names of the results. No torch here."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .destination import check_sources
from .outputs import Layout, Task, plan
from .sources import find_items
from .style_choice import ChosenStyle, chooser, find_styles


class Selection(NamedTuple):
    """Which styles each picture gets.

    given: pictures, codes and folders. rule: "all", "random", "cycle" or "match". per_image: styles per
    picture. weights: blend all that is given into one style.
    """

    given: Sequence[str]
    rule: str = "all"
    per_image: int = 1
    seed: int = 0
    weights: Sequence[float] | None = None


class Work(NamedTuple):
    """The tasks of a run, one per picture; the styles, which targets refer to by number; and the number
    of other files among the pictures."""

    tasks: list[Task]
    styles: list[ChosenStyle]
    others: int


def find_work(
    source: str, folder: str, selection: Selection, layout: Layout, read: Iterable[str] = ()
) -> Work:
    """Find the pictures and styles of a run and plan its results.

    source: as for `sources.find_items`. folder: for the results. read: files that are read besides the
    pictures. Raises InputError if there are no pictures or too few styles, or a result would replace a
    file that is read.
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
    """A `Chooser` for runs without a style, whose regions bring their own."""
    return [-1]

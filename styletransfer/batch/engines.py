"""What paints the tasks of a run: this machine, or a cluster. No torch until something is painted."""

from collections.abc import Callable, Iterator, Sequence

from .ledger import Outcome
from .outputs import Task
from .settings import BatchSettings
from .style_choice import ChosenStyle

Engine = Callable[[Sequence[Task], Callable[[], bool]], Iterator[tuple[Task, Outcome]]]
"""Paints tasks: gives every outcome as it comes, in no order, until it is told to stop."""


def local_engine(
    settings: BatchSettings, styles: Sequence[ChosenStyle], workers: int | None = None
) -> Engine:
    """This machine. workers: pictures that are worked on at once; one to a core, if not given."""

    def paint(tasks: Sequence[Task], wanted: Callable[[], bool]) -> Iterator[tuple[Task, Outcome]]:
        from ..system.host import cores
        from .local import paint_all
        from .worker import BatchPainter

        return paint_all(tasks, BatchPainter(settings, styles), workers or cores(), wanted)

    return paint


def ray_engine(
    settings: BatchSettings,
    styles: Sequence[ChosenStyle],
    workers: int | None = None,
    address: str = "",
) -> Engine:
    """A Ray cluster. workers: painters; one to a GPU or else to a CPU, if not given. address: "auto"
    for that of this node; empty starts one here for the time being."""

    def paint(tasks: Sequence[Task], wanted: Callable[[], bool]) -> Iterator[tuple[Task, Outcome]]:
        from .ray_cluster import paint_all

        return paint_all(tasks, settings, styles, address, workers, wanted)

    return paint

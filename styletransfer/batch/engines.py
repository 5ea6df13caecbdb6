"""The engines that can paint a run: this machine, or a Ray cluster. No torch until painting begins."""

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
    """An engine that paints on this machine. workers: pictures worked on at once; one per core by
    default."""

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
    """An engine that paints on a Ray cluster.

    workers: painters; by default one per GPU, or else per CPU. address: "auto" for this node's cluster;
    empty starts a temporary one here.
    """

    def paint(tasks: Sequence[Task], wanted: Callable[[], bool]) -> Iterator[tuple[Task, Outcome]]:
        from .ray_cluster import paint_all

        return paint_all(tasks, settings, styles, address, workers, wanted)

    return paint

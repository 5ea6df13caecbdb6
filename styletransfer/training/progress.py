"""Training with a progress bar."""

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .distributed import ProcessGroup
from .entries import Skipped
from .loop import train
from .session import Execution, Session


def train_with_progress(
    session: Session, group: ProcessGroup, execution: Execution = Execution()
) -> dict[str, Skipped]:
    """Train to the last step with a progress bar on stderr, or a line every 100 steps if that is no
    terminal; returns what `loop.train` does."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[losses]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True, quiet=not group.leads)
    hidden = not (console.is_terminal and group.leads)
    steps, first = session.recipe.steps, session.saved.step if session.saved else 0
    with Progress(*columns, console=console, disable=hidden) as progress:
        bar = progress.add_task("training", total=steps, losses="", completed=first)

        def report(line: dict[str, Any]) -> None:
            shown = " ".join(f"{k} {v:.3f}" for k, v in line.items() if isinstance(v, float))
            shown = shown.replace("samples_per_second", "samples/s")
            progress.update(bar, completed=line["step"], losses=shown)
            if not console.is_terminal and line["step"] % 100 == 0:
                console.print(f"step {line['step']} of {steps}: {shown}", soft_wrap=True)

        return train(session, group, execution, report)

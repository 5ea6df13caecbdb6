"""A training run as the user sees it: a folder with its settings, a progress bar, and its end."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..device import pick_device
from ..errors import InputError
from ..io.files import write_atomically
from ..nn.stylizer import Config
from .checkpoint import read_state
from .data import Entry, find_pictures
from .recipe import Recipe
from .trainer import train


@dataclass(frozen=True)
class Session:
    """Everything one call of `stylize train` needs."""

    run: Path
    config: Config
    recipe: Recipe
    content: list[Entry]
    style: list[Entry]
    first: int = 0
    init: str | None = None

    def train(self, device: str, workers: int | None) -> dict[str, int]:
        """Train to the last step with a progress bar on standard error; broken pictures by kind."""
        place = pick_device(device)
        if workers is None:
            cores = os.cpu_count() or 1
            workers = min(16, cores - 1) if place.type == "cuda" else 0
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[losses]}"),
            TimeRemainingColumn(),
        )
        console = Console(stderr=True)
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            bar = progress.add_task("training", total=self.recipe.steps, losses="", completed=self.first)

            def report(line: dict) -> None:
                shown = " ".join(f"{k} {v:.3f}" for k, v in line.items() if isinstance(v, float))
                shown = shown.replace("samples_per_second", "samples/s")
                progress.update(bar, completed=line["step"], losses=shown)
                if not console.is_terminal and line["step"] % 100 == 0:
                    console.print(f"step {line['step']} of {self.recipe.steps}: {shown}")

            return train(
                self.config,
                self.recipe,
                self.content,
                self.style,
                self.run,
                resume=self.first > 0,
                init=self.init,
                device=place,
                workers=workers,
                report=report,
            )


def new_session(
    config: Mapping,
    recipe: Mapping,
    content: Sequence[str],
    style: Sequence[str],
    run: Path,
    init: str | None,
) -> Session:
    """A new run in an empty or new folder; writes RUN/run.json with its sources."""
    try:
        settings = Config(**config)
    except ValueError as error:
        raise InputError(str(error)) from None
    photos, paintings = find_pictures(content), find_pictures(style)
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{run}: cannot be made a folder ({error.strerror})") from None
    sources = {"content": [_absolute(s) for s in content], "style": [_absolute(s) for s in style]}
    write_atomically(run / "run.json", lambda path: path.write_text(json.dumps(sources, indent=1)))
    return Session(run, settings, Recipe(**recipe), photos, paintings, init=init)


def resumed_session(run: Path, changes: Mapping) -> Session:
    """The session that goes on with a run, some numbers of its recipe changed."""
    _, first, _, recipe, config = read_state(run)
    try:
        sources = json.loads((run / "run.json").read_text())
        content, style = find_pictures(sources["content"]), find_pictures(sources["style"])
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{run}: its run.json cannot be read ({error})") from None
    recipe = replace(recipe, **changes)
    if first >= recipe.steps:
        raise InputError(f"{run}: is done, at step {first}; --steps N above that prolongs it")
    return Session(run, config, recipe, content, style, first)


def _absolute(source: str) -> str:
    return str(Path(source).absolute())

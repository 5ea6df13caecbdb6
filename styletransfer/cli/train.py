"""stylize train: photos and paintings in, a model out."""

import inspect
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from ..training.recipe import NETWORK, Recipe, read_recipe, recipes
from . import common, complete

if TYPE_CHECKING:
    from ..training.distributed import ProcessGroup
    from ..training.session import Execution, Session

app = common.app()

EPILOG = """Examples:

  stylize train --content photos --style paintings --out run

  stylize train --resume run --steps 40000

  stylize train --recipe classic --content 'coco/*.tar' --style 'wikiart/*.tar' --out classic

  torchrun --nproc-per-node=8 -m styletransfer train --batch-size 64 --content ... --out run
"""


def recipe_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command one option for every value of a recipe, read into its argument `changes`."""
    network, recipe = read_recipe()
    shown = {**network, **vars(recipe)}
    kinds = {
        **dict.fromkeys(NETWORK, str),
        **Recipe.__annotations__,
        "zoom": str,
        "blocks": int,
        "drafts": int,
        "grain": float,
    }
    helps = NETWORK | {f.name: f.metadata["help"] for f in fields(Recipe)}

    def run(**options: Any) -> int:
        changes = {name: options.pop(name) for name in helps}
        changes = {name: _parse(name, v) for name, v in changes.items() if v is not None}
        return command(changes=changes, **options)

    parameters = dict(inspect.signature(command).parameters)
    del parameters["changes"]
    for name, text in helps.items():
        value = shown[name]
        default = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        option = typer.Option(help=text, show_default=default, rich_help_panel="The recipe")
        parameters[name] = inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[kinds[name] | None, option],
        )
    setattr(run, "__signature__", inspect.Signature(list(parameters.values())))  # noqa: B010, for mypy
    run.__annotations__ = {name: p.annotation for name, p in parameters.items()}
    run.__doc__, run.__name__ = command.__doc__, command.__name__
    return run


def _parse(name: str, value: Any) -> Any:
    """Lists are given with commas between."""
    item = {
        "taps": str,
        "joint": str,
        "convolutions": int,
        "scale": int,
        "zoom": float,
        "strengths": float,
    }.get(name)
    if item is None:
        return value
    try:
        return [item(part.strip()) for part in value.split(",") if part.strip()]
    except ValueError:
        raise InputError(f"--{name} is {value!r}: numbers with commas between are wanted") from None


@app.command(epilog=EPILOG)
@recipe_options
def train(
    *,
    content: Annotated[
        list[str] | None,
        typer.Option(metavar="SRC", help="Photos: a folder, tar shards, a pattern, a URL; repeatable."),
    ] = None,
    style: Annotated[
        list[str] | None, typer.Option(metavar="SRC", help="Paintings, given in the same way.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="RUN", help="A new folder for this run.")] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Go on with a run, exactly where its last checkpoint was."),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Start from a model's network and weights.",
            autocompletion=complete.models,
        ),
    ] = None,
    recipe: Annotated[
        str, typer.Option(help=f"{', '.join(recipes())}, or a TOML file like them.")
    ] = "default",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Try a few steps; print counts, speed, memory, time.")
    ] = False,
    device: common.Device = "auto",
    workers: Annotated[
        int | None, typer.Option(help="Processes that decode pictures.", show_default="by cores")
    ] = None,
    resident: Annotated[
        bool, typer.Option("--resident", help="Decode all pictures once, and crop on the device.")
    ] = False,
    compile: Annotated[
        bool | None, typer.Option(help="torch.compile the network.", show_default="on CUDA")
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write RUN/tensorboard, too.")
    ] = False,
    as_json: common.Json = False,
    changes: dict[str, Any],
) -> int:
    """Train a decoder on your own photos and paintings.

    RUN gets checkpoint-*.safetensors (each a model for --model), samples-*.jpg to look at,
    metrics.jsonl with a line a step, curve.png of its losses, skipped.tsv with the pictures that
    could not be used, and state.safetensors for --resume, which keeps the run's recipe and sources;
    --steps may prolong it. Ctrl-C saves a checkpoint first.
    """
    _check(content, style, out, resume, init, recipe, dry_run, workers, changes)

    from ..device import can_compile, enough_memory
    from ..training import session as sessions
    from ..training.distributed import join

    with join(device) as group, enough_memory(group.device, "a smaller --batch-size or --crop"):
        if resume is None:
            session = sessions.new_session(recipe, changes, content or [], style or [], out, init)
            if group.leads and not dry_run:
                sessions.write_sources(session, content or [], style or [])
        else:
            session = sessions.resumed_session(resume, changes, group)
        execution = sessions.Execution(
            workers=_default_workers(group.device.type) if workers is None else workers,
            resident=resident,
            compile=can_compile(group.device) if compile is None else compile,
            tensorboard=tensorboard,
        )
        if dry_run:
            _print_estimate(session, group, execution, as_json)
        else:
            _train(session, group, execution, as_json)
    return 0


def _check(
    content: list[str] | None,
    style: list[str] | None,
    out: Path | None,
    resume: Path | None,
    init: str | None,
    recipe: str,
    dry_run: bool,
    workers: int | None,
    changes: dict[str, Any],
) -> None:
    """InputError for options that do not go together; the arguments are those of `train`."""
    if resume is None:
        if not content or not style or out is None and not dry_run:
            raise InputError("give --content SRC, --style SRC and --out RUN (or --resume RUN)")
        if out and (out / "state.safetensors").exists():
            raise InputError(f"{out}: holds a run already; --resume {out} goes on with it")
    elif content or style or out or init or recipe != "default":
        raise InputError("--resume takes sources, folder and recipe from the run: leave them out")
    elif set(changes) - {"steps", "checkpoint_every"}:
        raise InputError("--resume keeps the run's recipe: only --steps and --checkpoint-every go")
    if workers is not None and workers < 0:
        raise InputError(f"--workers is {workers}: 0 or more")


def _default_workers(device: str) -> int:
    """Processes that decode pictures: one for each core but one of a process with a GPU; without one the
    network needs them all."""
    cores = (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    return max(0, min(16, cores - 1)) if device == "cuda" else 0


def _print_estimate(
    session: "Session", group: "ProcessGroup", execution: "Execution", as_json: bool
) -> None:
    from ..training.estimate import estimate

    expected = estimate(session, group, execution)
    if group.leads:
        record = {**asdict(expected), "samples_per_second": expected.samples_per_second}
        print(json.dumps(record) if as_json else expected)


def _train(session: "Session", group: "ProcessGroup", execution: "Execution", as_json: bool) -> None:
    """Train, and say on standard error what there is, what was left out, and how to go on."""
    from ..training.progress import train_with_progress

    def say(line: str) -> None:
        if group.leads:
            print(line, file=sys.stderr)

    resumable = f"stylize train --resume {session.run} goes on from the last checkpoint"
    say(session.describe())
    try:
        skipped = train_with_progress(session, group, execution)
    except KeyboardInterrupt:
        if (session.run / "state.safetensors").exists():
            say(f"stopped; {resumable}")
        raise
    except InputError as error:
        if (session.run / "state.safetensors").exists():
            raise InputError(f"{error} ({resumable})") from None
        raise
    if any(skipped.values()):
        counts = ", ".join(f"{len(names)} of {kind}" for kind, names in skipped.items())
        say(f"could not be used: {counts}; {session.run / 'skipped.tsv'} names them")
    if group.leads:
        model = session.run / f"checkpoint-{session.recipe.steps:06d}.safetensors"
        left_out = {kind: len(names) for kind, names in skipped.items()}
        common.print_result(str(model), as_json, steps=session.recipe.steps, skipped=left_out)

"""stylize train: photos and paintings in, a model out."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from ..training.recipe import Recipe

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class EncoderName(str, Enum):
    oxford = "vgg19-oxford"
    vgg16 = "vgg16"
    vgg19 = "vgg19"


class Bottleneck(str, Enum):
    adain = "adain"
    instance = "instance"


@app.command()
def train(
    content: Annotated[
        list[str] | None,
        typer.Option(metavar="SRC", help="Photos: a folder, a tar shard or a pattern; repeatable."),
    ] = None,
    style: Annotated[list[str] | None, typer.Option(metavar="SRC", help="Paintings, likewise.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="RUN", help="A new folder for this run.")] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Go on with a run, exactly where its last checkpoint was."),
    ] = None,
    init: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Start from a model's weights.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Batches to train on.", show_default=str(Recipe.steps))
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Pairs of crops in a batch.", show_default=str(Recipe.batch_size))
    ] = None,
    crop: Annotated[
        int | None,
        typer.Option(help="Side of the crops, a multiple of 8.", show_default=str(Recipe.crop)),
    ] = None,
    checkpoint_every: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Steps between checkpoints.", show_default=str(Recipe.checkpoint_every)
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="At its highest: warm-up before, cosine after.", show_default=str(Recipe.learning_rate)
        ),
    ] = None,
    reconstruct: Annotated[
        int | None,
        typer.Option(help="Steps of plain reconstruction first.", show_default=str(Recipe.reconstruct)),
    ] = None,
    content_weight: Annotated[
        float | None,
        typer.Option(help="To look like the photo.", show_default=str(Recipe.content_weight)),
    ] = None,
    style_weight: Annotated[
        float | None,
        typer.Option(
            help="To have the painting's means and deviations.", show_default=str(Recipe.style_weight)
        ),
    ] = None,
    gram_weight: Annotated[
        float | None, typer.Option(help="To have its texture.", show_default=str(Recipe.gram_weight))
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of weights and crops.", show_default=str(Recipe.seed))
    ] = None,
    encoder: Annotated[
        EncoderName,
        typer.Option(help="The original VGG-19, or torchvision's (downloads 0.5 GB once)."),
    ] = EncoderName.oxford,
    bottleneck: Annotated[
        Bottleneck,
        typer.Option(help="adain: any style; instance: plain IN, one style, learned."),
    ] = Bottleneck.adain,
    taps: Annotated[
        str,
        typer.Option(help="Where the bottleneck acts; relu4_1 alone is the classic network."),
    ] = "relu3_1,relu4_1",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    workers: Annotated[
        int | None, typer.Option(help="Processes that decode pictures.", show_default="by cores")
    ] = None,
) -> int:
    """Train a decoder on your own photos and paintings.

    RUN gets checkpoint-*.safetensors (each a model for --model), samples-*.jpg to look at,
    metrics.jsonl with a line a step, and state.safetensors for --resume. With --resume the
    recipe and the sources are the run's own; --steps may prolong it.
    """
    given = {
        "steps": steps,
        "batch_size": batch_size,
        "crop": crop,
        "checkpoint_every": checkpoint_every,
        "learning_rate": learning_rate,
        "reconstruct": reconstruct,
        "content_weight": content_weight,
        "style_weight": style_weight,
        "gram_weight": gram_weight,
        "seed": seed,
    }
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        if value < 0 or value == 0 and name in ("steps", "batch_size", "crop", "checkpoint_every"):
            raise InputError(f"--{name.replace('_', '-')} is {value:g}: it must be above 0")
    if crop is not None and (crop % 8 or crop < 16):
        raise InputError(f"--crop is {crop}: it must be a multiple of 8, at least 16")
    if resume is None:
        if not content or not style or out is None:
            raise InputError("give --content SRC, --style SRC and --out RUN (or --resume RUN)")
        if (out / "state.safetensors").exists():
            raise InputError(f"{out}: holds a run already; --resume {out} goes on with it")
    elif content or style or out or init:
        raise InputError("--resume takes sources, folder and weights from the run: leave them out")
    elif set(given) - {"steps", "checkpoint_every"}:
        raise InputError("--resume keeps the run's recipe: only --steps and --checkpoint-every go")

    from ..training.session import new_session, resumed_session

    if resume is None:
        settings = {"encoder": encoder.value, "bottleneck": bottleneck.value}
        settings["taps"] = [tap.strip() for tap in taps.split(",")]
        session = new_session(settings, given, content, style, out, init)
    else:
        session = resumed_session(resume, given)
    where = session.run
    print(f"{len(session.content)} photos, {len(session.style)} paintings", file=sys.stderr)
    try:
        broken = session.train(device, workers)
    except KeyboardInterrupt:
        print(
            f"stopped; stylize train --resume {where} goes on from the last checkpoint", file=sys.stderr
        )
        raise
    skipped = ", ".join(f"{count} of {kind}" for kind, count in broken.items())
    print(f"broken pictures skipped: {skipped}", file=sys.stderr)
    print(where / f"checkpoint-{session.recipe.steps:06d}.safetensors")
    return 0

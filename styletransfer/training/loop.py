"""The training loop, to be read from top to bottom."""

import time

from ..models.weights import save_model
from ..system.interrupt import Interrupt
from .checkpoint import save_state
from .curve import save_curve
from .distributed import ProcessGroup
from .entries import Skipped, save_skipped
from .log import Log, Report
from .samples import save_samples
from .session import Execution, Session
from .setup import TrainingSetup, set_up
from .step import train_step


def train(
    session: Session,
    group: ProcessGroup,
    execution: Execution = Execution(),
    report: Report = lambda line: None,
) -> dict[str, Skipped]:
    """Train a network; write checkpoints, samples and metrics.jsonl into the session's folder.

    A session with a saved state resumes exactly there, and its losses are those of a run that never
    stopped (only a remote stream starts a new epoch). report: called with each line of metrics.jsonl.
    Returns the content and style pictures that could not be used, with reasons. Ctrl-C saves the state
    and then raises KeyboardInterrupt.
    """
    setup = set_up(session, group, execution)
    state, recipe, log = setup.state, setup.recipe, None
    if group.leads:
        log = Log(session.run, state.step, recipe.batch_size, execution.tensorboard, report)
    with Interrupt() as interrupt:
        while state.step < recipe.steps:
            started = time.perf_counter()
            batch, skipped = next(setup.batches)
            waited = time.perf_counter() - started
            for kind, names in skipped.items():
                state.skipped[kind] |= names

            losses = group.mean(train_step(setup, batch.to_float(group.device)))
            stop = group.agree(interrupt.wanted, state.step)
            if log:
                log.add(state.step, losses, waited)
            if stop or state.step % recipe.checkpoint_every == 0 or state.step == recipe.steps:
                state.skipped = group.merge(state.skipped)
                if log:
                    save_checkpoint(session, setup, log)
            if stop:
                group.broadcast(None)  # no process leaves before the leader has written
                raise KeyboardInterrupt
    return state.skipped


def save_checkpoint(session: Session, setup: TrainingSetup, log: Log) -> None:
    """Write the model, its sample grid, and the state to resume from."""
    assert setup.samples is not None  # as in the process that leads
    log.flush()  # which stops if a loss is not finite: what is saved is good
    run, state = session.run, setup.state
    save_model(run / f"checkpoint-{state.step:06d}.safetensors", state.ema)
    samples = run / f"samples-{state.step:06d}.jpg"
    save_samples(samples, state.ema, setup.samples)
    save_curve(run / "curve.png", [run])
    save_skipped(run / "skipped.tsv", state.skipped)
    save_state(run, state, setup.recipe)
    log.picture(samples, state.step)

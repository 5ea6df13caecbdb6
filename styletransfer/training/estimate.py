"""What a run will cost, measured on a few steps that write nothing."""

import resource
import sys
import time
from dataclasses import dataclass, replace

import torch

from .distributed import ProcessGroup
from .session import Execution, Session
from .setup import set_up
from .step import train_step
from .trainable import trainable_parameters


@dataclass(frozen=True)
class Estimate:
    """Measurements of a few steps.

    step_seconds: one step whose data is ready. data_seconds: loading one batch with nothing else
    running. overlapped: whether worker processes load while a step runs. memory: bytes, of the GPU or of
    the process.
    """

    pictures: str
    steps: int
    batch_size: int
    crop: int
    trained: int
    step_seconds: float
    data_seconds: float
    overlapped: bool
    memory: int
    place: str

    @property
    def waiting_seconds(self) -> float:
        """Seconds that each step waits for its data."""
        return max(0.0, self.data_seconds - self.step_seconds) if self.overlapped else self.data_seconds

    @property
    def samples_per_second(self) -> float:
        return self.batch_size / (self.step_seconds + self.waiting_seconds)

    def __str__(self) -> str:
        hours = self.steps * self.batch_size / self.samples_per_second / 3600
        took = f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
        return "\n".join(
            [
                f"pictures  {self.pictures}",
                f"network   {self.trained / 1e6:.2f} million weights to train",
                f"memory    {self.memory / 1e9:.1f} GB of {self.place}",
                f"speed     {self.samples_per_second:.1f} samples/s: a batch of {self.batch_size} at "
                f"{self.crop} px takes {self.step_seconds:.3f} s, decoding it {self.data_seconds:.3f} s",
                f"time      {took} for {self.steps} steps",
            ]
        )


def estimate(session: Session, group: ProcessGroup, execution: Execution, steps: int = 5) -> Estimate:
    """Time `steps` steps after two for warm-up, and the loading of as many batches by itself."""
    recipe = replace(session.recipe, steps=10**9, reconstruct=0, reconstruct_every=0)
    setup = set_up(replace(session, recipe=recipe), group, execution)
    for _ in range(2 * execution.workers + 1):  # what the workers have ready before anybody waits
        loaded, _skipped = next(setup.batches)
    batch = loaded.to_float(group.device)
    count = max(steps, 4 * execution.workers)
    started = time.perf_counter()
    for _ in range(count):
        next(setup.batches)
    data_seconds = (time.perf_counter() - started) / count

    def timed(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            train_step(setup, batch)
        if group.device.type == "cuda":
            torch.cuda.synchronize()
        return (time.perf_counter() - started) / count

    timed(2)
    cuda = group.device.type == "cuda"
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    step_seconds = timed(steps)
    # ru_maxrss is in KiB on Linux and in bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Estimate(
        pictures=session.describe(),
        steps=session.recipe.steps,
        batch_size=recipe.batch_size,
        crop=recipe.crop,
        trained=sum(p.numel() for p in trainable_parameters(setup.state.net)),
        step_seconds=step_seconds,
        data_seconds=data_seconds,
        overlapped=execution.workers > 0 and not execution.resident,
        memory=torch.cuda.max_memory_allocated() if cuda else peak,
        place=torch.cuda.get_device_name() if cuda else "this process",
    )

"""The log of a run: metrics.jsonl, and TensorBoard beside it."""

import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from ..errors import InputError
from ..media.files import write_atomically

Report = Callable[[dict[str, Any]], None]


class Log:
    """Appends one JSON object per step. Losses are fetched many at a time, since each fetch stalls a
    GPU.

    first: the step that the run starts at; lines of an earlier process from there on are dropped.
    report: called with each line once it is written.
    """

    def __init__(self, run: Path, first: int, batch_size: int, tensorboard: bool, report: Report):
        self.path, self.batch_size, self.report = run / "metrics.jsonl", batch_size, report
        kept = []
        if first and self.path.is_file():
            kept = [s for s in self.path.read_text().splitlines() if _step(s) <= first]
        text = "".join(f"{line}\n" for line in kept)

        def write(target: Path) -> None:
            target.write_text(text)

        write_atomically(self.path, write)
        self.board = _board(run / "tensorboard", first) if tensorboard else None
        self.waiting: list[tuple[int, dict[str, Tensor]]] = []
        self.since, self.waited = time.perf_counter(), 0.0

    def add(self, step: int, losses: Mapping[str, Tensor], waited: float) -> None:
        """Add the losses of one step, scalars. waited: seconds that were spent waiting for its data."""
        self.waiting.append((step, dict(losses)))
        self.waited += waited
        if time.perf_counter() - self.since > 1:
            self.flush()

    def flush(self) -> None:
        """Write what has accumulated. Raises InputError at the first loss that is not finite."""
        if not self.waiting:
            return
        values = [{k: v.item() for k, v in losses.items()} for _, losses in self.waiting]
        now = time.perf_counter()
        speed = {
            "samples_per_second": round(len(values) * self.batch_size / (now - self.since), 2),
            "waiting": round(self.waited / (now - self.since), 3),
        }
        lines = [{"step": step, **value, **speed} for (step, _), value in zip(self.waiting, values)]
        self.waiting, self.since, self.waited = [], now, 0.0
        try:
            with open(self.path, "a") as file:
                file.writelines(json.dumps(line) + "\n" for line in lines)
        except OSError as error:
            raise InputError(f"cannot write {self.path}: {error.strerror}") from None
        for line in lines:
            for name, value in line.items():
                if not math.isfinite(value):
                    raise InputError(f"the {name} is {value} at step {line['step']}: stopped")
                if self.board and name != "step":
                    self.board.add_scalar(name, value, line["step"])
            self.report(line)

    def picture(self, path: Path, step: int) -> None:
        """Show a picture file in TensorBoard."""
        if self.board:
            self.board.add_image("samples", np.asarray(Image.open(path)), step, dataformats="HWC")
            self.board.flush()


def _step(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except ValueError:  # cut off where the process was killed
        return 1 << 60


def _board(folder: Path, first: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise InputError("--tensorboard needs it: pip install 'styletransfer[tensorboard]'") from None
    return SummaryWriter(str(folder), purge_step=first)

"""How fast training is, and how far from what the device can multiply.

python -m benchmarks.training --content SRC --style SRC [--device cuda] [--resident] [--compile]

Adds a row to benchmarks/training.md, replacing the one of the same device and settings.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from styletransfer.device import fast_dtype
from styletransfer.training.distributed import ProcessGroup, join
from styletransfer.training.estimate import estimate
from styletransfer.training.session import Execution, Session, new_session
from styletransfer.training.setup import set_up
from styletransfer.training.step import train_step

TABLE = Path("benchmarks/training.md")
HEAD = """# How fast training is

`python -m benchmarks.training`: the default recipe, steps timed with their data at hand and the
loading of data timed alone. waiting: the share of a step that its data is late, with loading beside
it. limit: the rate of the convolutions and matrix products of a step against a large square matrix
product in the same precision on the same device, measured at the same time.

| device | settings | samples/s | waiting | TFLOP a step | TFLOP/s | product, TFLOP/s | limit |
|---|---|---|---|---|---|---|---|
"""


def matmul_rate(device: torch.device) -> float:
    """FLOP/s of a large square matrix product in the precision that training uses."""
    side = 8192 if device.type == "cuda" else 2048
    a, b = (torch.randn(side, side, device=device, dtype=fast_dtype(device)) for _ in range(2))

    def timed(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            a @ b
        if device.type == "cuda":
            torch.cuda.synchronize()
        return (time.perf_counter() - started) / count

    timed(3)
    return 2 * side**3 / timed(10)


def step_flops(session: Session, group: ProcessGroup) -> int:
    """FLOP of one step's convolutions and matrix products, forward and backward."""
    recipe = replace(session.recipe, reconstruct=0, reconstruct_every=0)
    setup = set_up(replace(session, recipe=recipe), group)
    batch, _ = next(setup.batches)
    with FlopCounterMode(display=False) as counter:
        train_step(setup, batch.to_float(group.device))
    return counter.get_total_flops()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--content", nargs="+", required=True)
    parser.add_argument("--style", nargs="+", required=True)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--crop", type=int, default=256)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--resident", action="store_true")
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    changes = {"batch_size": options.batch_size, "crop": options.crop}
    session = new_session("default", changes, options.content, options.style, None, None)
    with join(options.device) as group:
        flops = step_flops(session, group)
        execution = Execution(options.workers, options.resident, options.compile)
        steps = 20 if group.device.type == "cuda" else 5
        found = estimate(session, group, execution, steps)
        limit = matmul_rate(group.device)
    whole = found.step_seconds + found.waiting_seconds
    rate = flops / whole
    name = (
        f"{torch.cuda.get_device_name()}"
        if group.device.type == "cuda"
        else f"CPU, {torch.get_num_threads()} threads"
    )
    settings = f"{options.batch_size} × {options.crop} px, {str(fast_dtype(group.device))[6:]}"
    settings += f", {options.workers} workers" if options.workers else ""
    settings += ", resident" * options.resident + ", compiled" * options.compile
    key = f"| {name} | {settings} |"
    waiting = found.waiting_seconds / whole
    row = (
        f"{key} {found.samples_per_second:.1f} | {waiting:.1%} | {flops / 1e12:.2f} "
        f"| {rate / 1e12:.2f} | {limit / 1e12:.2f} | {rate / limit:.0%} |\n"
    )
    kept = TABLE.read_text().removeprefix(HEAD).splitlines(True) if TABLE.exists() else []
    TABLE.write_text(HEAD + "".join(line for line in kept if not line.startswith(key)) + row)
    print(row, end="")


if __name__ == "__main__":
    main()

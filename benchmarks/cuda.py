"""What a GPU makes of it, in one command of less than ten minutes.

    python -m benchmarks.cuda [OUT.md] [--device cuda] [--small]

The tests that are marked `cuda`, if there is a GPU; milliseconds of a picture on the device, plain, as a
CUDA graph and by torch.compile, and its share of what the device can do; and pictures a second of a
folder, JPEG to JPEG, decoded and encoded by nvJPEG through torchvision where there is a GPU.
--device cpu --small runs all of it through in a minute, to see that it does: its numbers say nothing.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor
from torchvision.io import decode_jpeg, encode_jpeg, read_file
from torchvision.transforms.functional import resize

from styletransfer import Stylizer
from styletransfer.models.padding import pad_to_multiple
from styletransfer.models.statistics import Statistics

from . import speed

EXAMPLES = Path(__file__).parents[1] / "examples"
STYLE = EXAMPLES / "style" / "starry_night.jpg"
GOALS = {  # milliseconds, by model, width and height
    ("adain-fast", 1024, 1024): 2.0,
    ("adain-fast", 4096, 2160): 16.7,
    ("adain-vgg", 1024, 1024): 8.0,
}


def milliseconds(paint: Callable[[], object], device: torch.device, runs: int) -> float:
    """The median of so many runs, each until the device is done."""
    found = []
    for _ in range(runs + 3):  # the first ones choose algorithms and ask for memory
        start = time.perf_counter()
        paint()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        found.append(1e3 * (time.perf_counter() - start))
    return statistics.median(found[3:])


def captured(paint: Callable[[], Tensor]) -> Callable[[], object]:
    """The same as a CUDA graph: launched as one."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            paint()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        paint()
    return graph.replay


def ways(stylizer: Stylizer, x: Tensor) -> Iterator[tuple[str, Callable[[], Callable[[], object]]]]:
    """Every way to paint x, (1, 3, H, W), on its device: what gets ready, and gives what paints."""
    net, cuda = stylizer.net, x.device.type == "cuda"
    code = {
        tap: Statistics(*(part.to(x.device) for part in parts))
        for tap, parts in stylizer.style(STYLE).statistics.items()
    }

    def painter(network: Callable[..., Tensor]) -> Callable[[], Tensor]:
        return torch.inference_mode()(lambda: network(x, code))

    yield "plain", lambda: painter(net)
    if cuda:
        yield "graph", lambda: captured(painter(net))
    yield "compiled", lambda: painter(torch.compile(net, backend="inductor" if cuda else "eager"))


def network_rows(device: str, sizes: dict[tuple[str, int, int], float], runs: int) -> list[str]:
    """Rows of a table: each model and size in each way, its share of the device's rates, its goal."""
    name, dtype, matmul, copy = speed.rates(device)
    lines = [
        f"{name}: {matmul / 1e12:.2f} TFLOP/s of a {dtype} product, {copy / 1e9:.0f} GB/s of a copy.",
        "",
        "| model | size | way | ms | of matmul | of copy | goal, ms |",
        "|---" * 7 + "|",
    ]
    for (model, width, height), goal in sizes.items():
        stylizer = Stylizer(model, device)
        x = pad_to_multiple(torch.rand(1, 3, height, width, device=stylizer.device))
        x = x.contiguous(memory_format=torch.channels_last)
        _, flops, moved = speed.costs(model, width, height)
        for way, ready in ways(stylizer, x):
            try:
                taken = milliseconds(ready(), stylizer.device, runs)
            except Exception as error:  # of one way: all others are wanted while the device is there
                lines.append(
                    f"| {model} | {width}×{height} | {way} | {str(error).splitlines()[0]} | | | |"
                )
                continue
            shares = (
                flops / taken * 1e3 / matmul,
                moved * stylizer.net.dtype.itemsize / taken * 1e3 / copy,
            )
            cells = f"{taken:.2f} | {shares[0]:.0%} | {shares[1]:.0%} | {goal:g}"
            lines.append(f"| {model} | {width}×{height} | {way} | {cells} |")
            print(lines[-1], file=sys.stderr)
    return lines


def folder_line(device: str, side: int, count: int) -> str:
    """Pictures a second from JPEG bytes to JPEG bytes, the device decoding and encoding."""
    stylizer = Stylizer(device=device)
    code, place = stylizer.style(STYLE), stylizer.device
    paths = sorted(EXAMPLES.glob("content/*.jpg"))
    files = [encode_jpeg(resize(decode_jpeg(read_file(str(p))), [side, side])) for p in paths]

    def repaint(data: Tensor) -> Tensor:
        photo = decode_jpeg(data, device=str(place))
        painted = stylizer.stylize(photo[None].float() / 255, code)
        return encode_jpeg((painted[0] * 255).round().to(torch.uint8))

    for data in files[:3]:
        repaint(data)
    start = time.perf_counter()
    done = [repaint(files[i % len(files)]) for i in range(count)]
    if place.type == "cuda":
        torch.cuda.synchronize(place)
    rate = len(done) / (time.perf_counter() - start)
    return (
        f"{rate:.1f} pictures a second of {side}×{side}, JPEG to JPEG, one after the other on {place}."
    )


def tests_line() -> str:
    """What came of the tests for a GPU."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "cuda", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, capture_output=True, text=True)
    print(done.stdout, file=sys.stderr)
    return f"Tests marked `cuda`: {done.stdout.strip().splitlines()[-1].strip('= ')}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    sizes = {(model, 64, 96): goal for (model, *_), goal in GOALS.items()} if given.small else GOALS
    arguments = f" --device {given.device}" * (given.device != "cuda") + " --small" * given.small
    command = f"`python -m benchmarks.cuda{arguments}`"
    lines = ["# On a GPU", "", f"{command}, with torch {torch.__version__}.", ""]
    lines += network_rows(given.device, sizes, 2 if given.small else 30)
    lines += ["", folder_line(given.device, *((96, 4) if given.small else (1024, 200)))]
    if given.device.startswith("cuda"):
        lines += ["", tests_line()]
    text = "\n".join([*lines, ""])
    given.out.write_text(text) if given.out else print(text)


if __name__ == "__main__":
    main()

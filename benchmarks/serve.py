"""How the server does under load: `python -m benchmarks.serve`. Needs locust (`pip install locust`).

Clients ask for pictures as fast as they are answered; each answer is decoded and looked at. A server of
its own for each size; its memory is that of its process alone.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from . import asked

ROOT = Path(__file__).parents[1]


def memory(process: int) -> tuple[float, float]:
    """MB that a process has now, and had at most."""
    text = Path(f"/proc/{process}/status").read_text()
    now, most = (int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M)[1]) for name in ("VmRSS", "VmHWM"))
    return now / 1024, most / 1024


def loaded(url: str, size: int, given: argparse.Namespace) -> dict:
    """Have locust ask: what it counted of the pictures."""
    command = [sys.executable, "-m", "locust", "-f", "benchmarks/serve_client.py", "--headless"]
    command += ["--host", url, "-u", str(given.clients), "-r", str(given.clients)]
    command += ["--json", "--stop-timeout", "60", "--loglevel", "ERROR"]
    environment = os.environ | {"SIZE": str(size), "REQUESTS": str(given.requests)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return next(row for row in json.loads(done.stdout) if row["name"] == "stylize")


def within(share: float, counts: dict[str, int]) -> str:
    """The seconds within which a share was answered. counts: by milliseconds, as locust rounds them."""
    times = sorted(float(time) for time, count in counts.items() for _ in range(count))
    return f"{times[min(len(times) - 1, int(share * len(times)))] / 1000:.3g}"


def measured(size: int, given: argparse.Namespace) -> tuple[list[str], bool]:
    """A row of the table, and whether all was answered."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "log")
        with path.open("wb") as log:
            command = [sys.executable, "-m", "styletransfer", "serve", "--port", "0"]
            server = subprocess.Popen(
                [*command, "--device", given.device], cwd=ROOT, stdout=subprocess.PIPE, stderr=log
            )
            url = server.stdout.readline().decode().strip()
            try:
                before, _ = memory(server.pid)
                start = time.perf_counter()
                row = loaded(url, size, given)
                seconds = time.perf_counter() - start
                after, most = memory(server.pid)
            finally:
                server.send_signal(signal.SIGTERM)
                code = server.wait()
        quiet = b"Traceback" not in path.read_bytes()
    answered = row["num_requests"] - row["num_failures"]
    lost = given.requests - answered
    times = [within(share, row["response_times"]) for share in (0.5, 0.95, 1)]
    sizes = [f"{each:.0f}" for each in (before, after, most)]
    rate = f"{given.requests / seconds:.1f}"
    return [
        str(size),
        str(answered),
        str(lost or "none"),
        *times,
        rate,
        *sizes,
    ], not lost and quiet and not code


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512], help="short sides of photos")
    given = parser.parse_args()
    if find_spec("locust") is None:
        sys.exit("needs locust: pip install locust")
    rows = [measured(size, given) for size in given.sizes]
    said = f"{len(os.sched_getaffinity(0))} cores" if given.device == "cpu" else given.device
    print(f"`python -m benchmarks.serve{asked(parser, given)}`: {given.clients} clients, {said}.\n")
    print("| short side | answered | lost | p50, s | p95, s | longest, s | pictures/s "
          "| memory before, MB | after | most |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|")
    for row, _ in rows:
        print(f"| {' | '.join(row)} |")
    return 0 if all(good for _, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""`stylize web` and its visitors, all at once: they preview, paint, stop, leave in the middle, and send
what is no picture, with the requests that the page sends.

    python -m benchmarks.soak_studio [--jobs 200] [--visitors 8]

Prints a table; exit code 1 if anything differs from what it should be.
"""

import argparse
import asyncio
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from PIL import Image

from styletransfer.media.image import example_styles
from styletransfer.styles.code import StyleCode
from styletransfer.styles.code_file import SUFFIX
from styletransfer.styles.names import DEFAULT_MODEL

from . import asked
from .uploads import HOSTILE, WRONG, brushed, photo

QUARTERS = 4  # after each, when all is quiet, the server's memory is measured
FLAT = 1.1  # how much more memory the last may take than the first
PATIENCE = 300  # seconds for an answer; who waits longer has lost the job
KINDS = {  # of jobs: how often, and what may come of them
    "preview": (6, {"a picture"}),
    "paint": (4, {"a picture"}),
    "folder": (1, {"a picture"}),
    "frame": (3, {"a picture"}),
    "code": (2, {"a picture"}),
    "own painting": (2, {"a picture"}),
    "stop": (3, {"stopped", "a picture"}),  # if it came too late
    "stop waiting": (2, {"stopped", "a picture"}),
    "leave": (3, {"left"}),
    "hostile photo": (4, {"one line"}),
    "hostile painting": (2, {"one line"}),
    "hostile value": (2, {"one line"}),
}
COLORS = ("none", "luminance", "histogram")
STYLES = [path.stem for path in example_styles()]


class Refused(Exception):
    """The server says no, in these words."""


@dataclass
class Visitor:
    """Somebody with the page open; outcomes: of each job, by kind."""

    client: httpx.AsyncClient
    rng: random.Random
    outcomes: list[tuple[str, str]] = field(default_factory=list)
    token: str = ""
    told: "asyncio.Queue[dict]" = field(default_factory=asyncio.Queue)

    async def visit(self, kinds: list[str]) -> None:
        """Open the page, have jobs done one after the other, and leave."""
        alive = self.open()
        try:
            for kind in kinds:
                try:
                    outcome = await asyncio.wait_for(self.job(kind), PATIENCE)
                except Refused as error:
                    outcome = judged(str(error))
                except (httpx.HTTPError, TimeoutError) as error:
                    outcome = f"lost: {error or type(error).__name__}"
                self.outcomes.append((kind, outcome))
                if outcome == "left":
                    alive.cancel()
                    alive = self.open()
        finally:
            alive.cancel()
            await self.client.post(f"/v/{self.token}/leave")

    def open(self) -> asyncio.Task:
        """The page, opened anew."""
        self.token, self.told = f"{self.rng.getrandbits(128):032x}", asyncio.Queue()
        return asyncio.create_task(self.listen())

    async def listen(self) -> None:
        async with self.client.stream("GET", f"/v/{self.token}/events", timeout=None) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    await self.told.put(json.loads(line.removeprefix("data: ")))

    async def post(self, path: str, **given) -> dict:
        answer = await self.client.post(f"/v/{self.token}/{path}", **given)
        if answer.status_code in (403, 404, 405, 410, 413, 415, 422, 429):
            raise Refused(answer.json()["error"])
        answer.raise_for_status()
        if not answer.content:
            return {}
        return answer.json() if "json" in answer.headers["content-type"] else {"data": answer.content}

    async def send(self, role: str, given: tuple[str, bytes], of: str = "") -> str:
        """A file: what it is called from then on."""
        name, data = given
        id = f"{self.rng.getrandbits(64):x}"
        params = {"role": role, "name": name, "photo": of}
        await self.post(f"files/{id}", content=data, params=params)
        return id

    async def job(self, kind: str) -> str:
        """Ask for something as the page does: what came of it."""
        hostile = kind.startswith("hostile") and self.rng.choice(HOSTILE)
        photos = [await self.send("photo", (hostile if kind == "hostile photo" else photo)(self.rng))]
        if kind == "folder":
            photos += [await self.send("photo", photo(self.rng)) for _ in range(2)]
        styles = self.rng.sample(STYLES, 2)
        if kind in ("hostile painting", "own painting"):
            make = hostile if kind == "hostile painting" else photo
            styles[0] = await self.send("style", make(self.rng))
        options = {
            "alpha": round(self.rng.uniform(0, 2), 2),
            "style_size": self.rng.choice([128, 256, 512]),
            "strokes": self.rng.choice([1, 2]),
            "preserve_color": self.rng.choice(COLORS),
        }
        if len(photos) == 1 and self.rng.random() < 0.3:
            options["mask"] = await self.send("mask", brushed(self.rng), photos[0])
        if kind == "hostile value":
            options |= [self.rng.choice(WRONG)]
        wish = {
            "model": DEFAULT_MODEL, "photos": photos, "options": options,
            "styles": [{"id": styles[0], "share": 70}, {"id": styles[1], "share": 30}],
        }  # fmt: skip
        if kind == "code":
            return await self.code(wish)
        if kind == "frame":
            return await self.frame(wish)
        full = {"folder": "folder", "paint": "picture", "stop": "picture", "stop waiting": "picture"}
        job = await self.post(f"jobs/{full.get(kind, 'preview')}", json=wish)
        if kind == "leave":
            await asyncio.sleep(self.rng.uniform(0, 1))
            await self.post("leave")
            return "left"
        return await self.completed(job["id"], {"stop": "working", "stop waiting": "waiting"}.get(kind))

    async def completed(self, id: str, stop_at: str | None) -> str:
        """What came of a job. stop_at: the state at which to press Stop."""
        async for said in self.news(id):
            if said["state"] == stop_at:
                stop_at = None
                await self.post(f"stop/{id}")
            if said["state"] == "failed":
                return judged(said["error"])
            if said["state"] == "stopped":
                return "stopped"
            if said["state"] == "done":
                break
        data = await self.fetch(said["result"].get("file") or said["result"]["shown"])
        if said["kind"] != "folder":
            with Image.open(io.BytesIO(data)) as image:
                image.load()
        return "a picture"

    async def news(self, id: str) -> AsyncIterator[dict]:
        while True:
            said = await self.told.get()
            if said.get("id") == id:
                yield said

    async def code(self, wish: dict) -> str:
        found = await self.post("codes", json=wish)
        with tempfile.NamedTemporaryFile(suffix=SUFFIX) as copy:
            Path(copy.name).write_bytes(await self.fetch(found["file"]))
            assert StyleCode.load(copy.name).styles
        return "a picture"

    async def frame(self, wish: dict) -> str:
        _, data = photo(self.rng)
        found = await self.post("frames", content=data, params={"asked": json.dumps(wish)})
        Image.open(io.BytesIO(found["data"])).load()
        return "a picture"

    async def fetch(self, name: str) -> bytes:
        answer = await self.client.get(f"/v/{self.token}/results/{name}")
        answer.raise_for_status()
        return answer.content


def judged(error: str) -> str:
    """Whether an error is one clear line."""
    clear = error and error.count("\n") == 0 and "/" not in error and "Error" not in error
    return "one line" if clear else f"unclear: {error!r}"


async def soak(url: str, server: psutil.Process, given: argparse.Namespace):
    """The outcomes of all jobs, and the server's memory after each quarter of them."""
    rng, memory, outcomes = random.Random(given.seed), [], []
    often = [kind for kind, (count, _) in KINDS.items() for _ in range(count)]
    kinds = [often[number % len(often)] for number in range(given.jobs)]
    rng.shuffle(kinds)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, limits=limits) as client:
        for quarter in range(QUARTERS):
            share = kinds[quarter::QUARTERS]
            visits = []
            for number in range(given.visitors):
                visitor = Visitor(client, random.Random(rng.random()))
                visits.append(visitor.visit(share[number :: given.visitors]))
                outcomes.append(visitor.outcomes)
            await asyncio.gather(*visits)
            await asyncio.sleep(6)  # memory is given back
            memory.append(server.memory_info().rss)
    return [each for found in outcomes for each in found], memory


def open_studio(folder: Path, log) -> tuple[subprocess.Popen, str]:
    """A studio in a process of its own, whose temporary files lie in a folder; and its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "styletransfer", "web", "--port", str(port), "--device", "cpu"]
    environment = os.environ | {"TMPDIR": str(folder), "STYLETRANSFER_CACHE": ""}
    studio = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment)
    studio.stdout.readline()
    return studio, f"http://127.0.0.1:{port}"


def rows(outcomes: list[tuple[str, str]], memory: list[int], log: str, left: int, code: int):
    """What was looked at, what was found, and whether that is as it should be."""
    wrong = Counter((kind, came) for kind, came in outcomes if came not in KINDS[kind][1])
    for (kind, came), count in wrong.items():
        print(f"{kind}: {came} ({count})", file=sys.stderr)
    of = Counter(came for _, came in outcomes)
    sent = Counter(kind for kind, _ in outcomes)
    stops = [came for kind, came in outcomes if kind.startswith("stop")]
    hostile = sum(count for kind, count in sent.items() if kind.startswith("hostile"))
    lost = sum(came.startswith("lost") for _, came in outcomes)
    yield "jobs asked for", f"{len(outcomes)}", True
    yield "answered with a picture", f"{of['a picture']}", not wrong
    yield "hostile, and refused with one clear line", f"{of['one line']} of {hostile}", not wrong
    late = stops.count("a picture")
    yield "stopped; done before that", f"{of['stopped']}; {late}", of["stopped"] > late
    yield "left in the middle", f"{of['left']}", True
    yield "lost", f"{lost}", not lost
    tracebacks = log.count("Traceback (most recent call last)")
    yield "tracebacks in the server's log", f"{tracebacks}", not tracebacks
    each = ", ".join(f"{size / 1e6:.0f}" for size in memory)
    after = ", ".join(str(len(outcomes) * (n + 1) // QUARTERS) for n in range(QUARTERS))
    flat = f"{each}: at most {FLAT - 1:.0%} more at the end than after the first"
    yield f"memory of the server after {after} jobs, MB", flat, memory[-1] <= FLAT * memory[0]
    yield "files left behind after closing", f"{left or 'none'}", not left and code == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name, "tmp"), Path(name, "log")
        folder.mkdir()
        with log.open("wb") as file:
            studio, url = open_studio(folder, file)
            try:
                found = asyncio.run(soak(url, psutil.Process(studio.pid), given))
            finally:
                studio.send_signal(signal.SIGTERM)
                code = studio.wait()
        text, left = log.read_text(errors="replace"), len(list(folder.rglob("*")))
    table = list(rows(*found, text, left, code))
    options = asked(parser, given)
    print(f"`python -m benchmarks.soak_studio{options}`: {given.visitors} visitors at once.\n")
    print("| | | as it should be |\n|---|---|---|")
    for what, came, good in table:
        print(f"| {what} | {came} | {'yes' if good else '**no**'} |")
    if "Traceback" in text:
        print(text[-4000:], file=sys.stderr)
    return 0 if all(good for *_, good in table) else 1


if __name__ == "__main__":
    sys.exit(main())

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
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
import psutil
from PIL import Image

from styletransfer.styles.code import StyleCode
from styletransfer.styles.code_file import SUFFIX

from . import asked
from .uploads import HOSTILE, WRONG, brushed, photo

QUARTERS = 4  # after each, when all is quiet, the server's memory is measured
FLAT = 1.1  # how much more memory the last may take than the first
PATIENCE = 300  # seconds for an answer; who waits longer has lost the job
KINDS = {  # of jobs: how often, and what may come of them
    "preview": (6, {"a picture"}),
    "paint": (4, {"a picture"}),
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


@dataclass
class Page:
    """What the page knows of its server: its parts by name, and the numbers of what it can ask for."""

    url: str
    parts: dict[int, dict]
    inputs: list[int]
    jobs: dict[str, int]

    @classmethod
    async def load(cls, client: httpx.AsyncClient, url: str) -> "Page":
        config = (await client.get(f"{url}/config")).json()
        parts = {part["id"]: part for part in config["components"]}
        jobs, inputs = {}, []
        wanted = {
            ("strength", "input"): "preview",
            ("paint", "click"): "paint",
            ("stop", "click"): "stop",
            ("own-style", "upload"): "own",
        }
        for each in config["dependencies"]:
            for target, event in each["targets"]:
                name = parts.get(target, {}).get("props", {}).get("elem_id")
                if (name, event) in wanted and each["backend_fn"]:
                    jobs[wanted[name, event]] = each["id"]
                    inputs = each["inputs"] if name == "paint" else inputs
        return cls(url, parts, inputs, jobs)

    def values(self, **changes) -> list:
        """What the page sends: its parts' values, some of them changed."""
        props = [self.parts[number]["props"] for number in self.inputs]
        return [changes.get(each.get("elem_id"), each.get("value")) for each in props]


@dataclass
class Visitor:
    """Somebody with the page open; outcomes: of each job, by kind."""

    client: httpx.AsyncClient
    page: Page
    rng: random.Random
    session: str
    outcomes: list[tuple[str, str]] = field(default_factory=list)

    async def visit(self, kinds: list[str]) -> None:
        """Open the page, have jobs done one after the other, and leave."""
        alive = asyncio.create_task(self.stay())
        try:
            for kind in kinds:
                try:
                    outcome = await asyncio.wait_for(self.job(kind), PATIENCE)
                except (httpx.HTTPError, TimeoutError) as error:
                    outcome = f"lost: {error or type(error).__name__}"
                self.outcomes.append((kind, outcome))
                if outcome == "left":
                    alive.cancel()
                    self.session = f"{self.rng.getrandbits(64):x}"
                    alive = asyncio.create_task(self.stay())
        finally:
            alive.cancel()

    async def stay(self) -> None:
        """What tells the server that the page is open."""
        url = f"{self.page.url}/gradio_api/heartbeat/{self.session}"
        async with self.client.stream("GET", url) as answer:
            async for _ in answer.aiter_lines():
                pass

    async def job(self, kind: str) -> str:
        """Ask for something as the page does: what came of it."""
        if kind == "hostile painting":
            return await self.add(self.rng.choice(HOSTILE))
        if kind == "own painting" and (outcome := await self.add(photo)) != "a picture":
            return outcome
        hostile = kind == "hostile photo"
        changes = {
            "photo": await self.send((self.rng.choice(HOSTILE) if hostile else photo)(self.rng)),
            "strength": round(self.rng.uniform(0, 2), 2),
            "style-size": self.rng.choice([128, 256, 512]),
            "strokes": self.rng.choice([1, 2]),
            "colors": self.rng.choice(COLORS),
        }
        if not hostile and self.rng.random() < 0.3:
            layer = await self.send(brushed(self.rng))
            changes["brush"] = {"background": None, "layers": [layer], "composite": layer}
        if kind == "hostile value":
            name, value = self.rng.choice(WRONG)
            changes[name] = value
        full = kind in ("paint", "stop", "stop waiting") or hostile and self.rng.random() < 0.5
        name = "paint" if full else "preview"
        event = await self.join(name, self.page.values(**changes))
        if kind == "leave":
            return await self.leave()
        return await self.answer(name, event, kind)

    async def add(self, make) -> str:
        """Give a painting of one's own."""
        file = await self.send(make(self.rng))
        event = await self.join("own", [None, None, [file]])
        said = await self.completed(event)
        return said if isinstance(said, str) else "a picture"

    async def send(self, given: tuple[str, bytes]) -> dict:
        """Upload a file: what is said of it from then on."""
        name, data = given
        url = f"{self.page.url}/gradio_api/upload"
        answer = await self.client.post(url, files={"files": (name, data)})
        answer.raise_for_status()
        (path,) = answer.json()
        return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    async def join(self, name: str, data: list) -> str:
        """Take a place in the queue."""
        body = {"data": data, "fn_index": self.page.jobs[name], "session_hash": self.session}
        answer = await self.client.post(f"{self.page.url}/gradio_api/queue/join", json=body)
        answer.raise_for_status()
        return answer.json()["event_id"]

    async def leave(self) -> str:
        """Close the page a moment after the job was asked for."""
        url, after = f"{self.page.url}/gradio_api/queue/data", self.rng.uniform(0, 1)
        with suppress(TimeoutError):
            async with (
                asyncio.timeout(after),
                self.client.stream("GET", url, params={"session_hash": self.session}) as answer,
            ):
                async for _ in answer.aiter_lines():
                    pass
        return "left"

    async def completed(self, event: str, stop_at: str = "", name: str = "") -> dict | str:
        """The answer to a job, or what an error says. stop_at: the message at which to press Stop."""
        url, said = f"{self.page.url}/gradio_api/queue/data", None
        async with self.client.stream("GET", url, params={"session_hash": self.session}) as answer:
            async for line in answer.aiter_lines():
                message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                if message.get("event_id") != event:
                    continue
                if message["msg"] == stop_at:
                    stop_at = ""
                    await self.stop(event, name)
                if message["msg"] == "process_completed":
                    said = said or message
        if said is None:
            return "lost: the connection ended"
        if not said["success"]:
            return judged(said["output"].get("error"))
        return said["output"] or "stopped"

    async def stop(self, event: str, name: str) -> None:
        """Press Stop."""
        await self.join("stop", [])
        body = {"event_id": event, "session_hash": self.session, "fn_index": self.page.jobs[name]}
        (await self.client.post(f"{self.page.url}/gradio_api/cancel", json=body)).raise_for_status()

    async def answer(self, name: str, event: str, kind: str) -> str:
        stop_at = {"stop": "process_starts", "stop waiting": "estimation"}.get(kind, "")
        said = await self.completed(event, stop_at, name)
        if isinstance(said, str):
            return said
        pair, *rest = said["data"]
        files = [pair[1]] + ([rest[0]["value"]] if name == "paint" else [])
        for file in files:
            with Image.open(io.BytesIO(await self.fetch(file))) as image:
                image.load()
        if kind == "code":
            with tempfile.NamedTemporaryFile(suffix=SUFFIX) as copy:
                value = rest[0]["value"] if "value" in rest[0] else rest[0]
                Path(copy.name).write_bytes(await self.fetch(value))
                assert StyleCode.load(copy.name).styles
        return "a picture"

    async def fetch(self, file: dict | str) -> bytes:
        path = file["path"] if isinstance(file, dict) else file
        answer = await self.client.get(f"{self.page.url}/gradio_api/file={quote(path)}")
        answer.raise_for_status()
        return answer.content


def judged(error: str | None) -> str:
    """Whether an error is one clear line; or the answer to a Stop that came as the job began."""
    if error == "Stopped.":
        return "stopped"
    clear = error and error.count("\n") == 0 and "/" not in error and "Error" not in error
    return "one line" if clear else f"unclear: {error!r}"


async def soak(url: str, server: psutil.Process, given: argparse.Namespace):
    """The outcomes of all jobs, and the server's memory after each quarter of them."""
    rng, memory, outcomes = random.Random(given.seed), [], []
    often = [kind for kind, (count, _) in KINDS.items() for _ in range(count)]
    kinds = [often[number % len(often)] for number in range(given.jobs)]
    rng.shuffle(kinds)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=PATIENCE, limits=limits) as client:
        page = await Page.load(client, url)
        for quarter in range(QUARTERS):
            share = kinds[quarter::QUARTERS]
            visits = []
            for number in range(given.visitors):
                session = f"{rng.getrandbits(64):x}"
                visitor = Visitor(client, page, random.Random(rng.random()), session)
                visits.append(visitor.visit(share[number :: given.visitors]))
                outcomes.append(visitor.outcomes)
            await asyncio.gather(*visits)
            await asyncio.sleep(2)  # who left is noticed
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
    flat = f"{each}: at most {FLAT - 1:.0%} more at the end"
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

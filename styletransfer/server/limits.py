"""The server's limits, and how it refuses what exceeds them. No torch here."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import InputError

DRAINED = 4  # times the limit: so much of a body that is refused is still read, and thrown away
DRAINING = 5.0  # seconds that this may take


class Refused(Exception):
    """A request that is not served: its HTTP status, and one line that says why."""

    def __init__(self, status: int, line: str):
        super().__init__(line)
        self.status, self.line = status, line


@dataclass(frozen=True)
class Limits:
    """What `stylize serve` is given, by its options' names. max_megabytes: of a request, all its files
    together. max_megapixels: of a picture, given or painted. timeout: seconds from a request's
    beginning to its answer. queue: how many requests are received, waiting or painted at once.
    InputError for a limit that would refuse everything."""

    max_megabytes: float = 50
    max_megapixels: float = 25
    timeout: float = 120
    queue: int = 32

    def __post_init__(self) -> None:
        for field in fields(self):
            if not 0 < (value := getattr(self, field.name)) < math.inf:
                raise InputError(f"--{field.name.replace('_', '-')} is {value:g}: it must be above 0")

    @property
    def bytes(self) -> int:
        """Of a request."""
        return int(self.max_megabytes * 1e6)

    def check_pixels(self, name: str, size: tuple[int, int]) -> None:
        """Refused if a picture of this width and height has too many pixels."""
        if size[0] * size[1] > self.max_megapixels * 1e6:
            found = f"{name} has {size[0] * size[1] / 1e6:.1f} megapixels"
            raise Refused(413, f"{found}: at most {self.max_megapixels:g} are taken here")

    def check_resized(self, name: str, size: tuple[int, int], short_side: int | None) -> None:
        """Refused if a picture would have too many pixels with another short side, unless None."""
        scale = short_side / min(size) if short_side else 1.0
        if (millions := size[0] * size[1] * scale**2 / 1e6) > self.max_megapixels:
            found = f"{name} would have {millions:,.1f} megapixels"
            raise Refused(422, f"{found}: at most {self.max_megapixels:g} are painted here")


class Admission:
    """Counts accepted requests until they are answered. taken: how many there are. closing: whether
    new ones are refused."""

    def __init__(self, most: int):
        self.most, self.taken, self.closing = most, 0, False

    def check(self) -> None:
        """Refused if the queue is full, or the server closing."""
        if self.closing:
            raise Refused(503, "the server is closing: it finishes what it has and takes no more")
        if self.taken >= self.most:
            raise Refused(429, f"{self.most} requests are waiting already: try again later")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for one request inside the `with`."""
        self.check()
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


class LimitBody:
    """Middleware that reads no more of a request than the limit.

    What is left of a body when it is answered is read and thrown away, up to a point: many clients
    send all of it before they look at the answer, and would find the connection broken.
    """

    def __init__(self, app: ASGIApp, limit: int):
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        declared = int(length) if length.isdigit() else 0
        body = _Body(receive, self.limit, declared)
        polite = headers.get("expect", "").lower() == "100-continue"  # waits for our word to send

        async def send_after_body(message: Message) -> None:
            if message["type"] == "http.response.start" and not (polite and not body.count):
                await body.drain()
            await send(message)

        await self.app(scope, body.receive, send_after_body)


class _Body:
    """A request's body as it arrives. count: bytes so far."""

    def __init__(self, receive: Receive, limit: int, declared: int):
        self.next, self.limit, self.declared = receive, limit, declared
        self.count, self.ended = 0, False

    async def receive(self) -> Message:
        """The next part of it; Refused if that makes too much, or if too much was declared."""
        if self.declared <= self.limit:
            message = await self._read()
            if self.count <= self.limit:
                return message
        raise Refused(413, f"the request is larger than {self.limit / 1e6:g} MB")

    async def drain(self) -> None:
        """Read what is left, and throw it away."""
        try:
            async with asyncio.timeout(DRAINING):
                while not self.ended and self.count < DRAINED * self.limit:
                    await self._read()
        except TimeoutError:
            pass

    async def _read(self) -> Message:
        message = await self.next()
        self.count += len(message.get("body", b""))
        self.ended = self.ended or not message.get("more_body", False)  # or the client has left
        return message

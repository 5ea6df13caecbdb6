"""Counters and timings for Prometheus. No torch here."""

from collections.abc import Callable
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Counters:
    """The metrics of one server, in a registry of their own: a process may have several servers."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "stylize_requests", "Requests that were answered.", ["path", "status"], registry=registry
        )
        self.request_seconds = Histogram(
            "stylize_request_seconds", "From a request to its answer.", ["path"],
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.painting_seconds = Histogram(
            "stylize_painting_seconds", "Of the network, for pictures painted at once.",
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.pictures = Histogram(
            "stylize_batch_pictures", "Pictures painted at once.",
            buckets=(1, 2, 4, 8), registry=registry,
        )  # fmt: skip
        self.accepted = Gauge(
            "stylize_accepted_requests", "Being received, waiting or painted.", registry=registry
        )

    def watch(self, accepted: Callable[[], int]) -> None:
        """Read the number of accepted requests from this function."""
        self.accepted.set_function(accepted)

    def painted(self, pictures: int, seconds: float) -> None:
        """Count one batch: how many pictures, and the seconds it took."""
        self.pictures.observe(pictures)
        self.painting_seconds.observe(seconds)

    def page(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class CountRequests:
    """Middleware that counts and times answers. paths: those counted by name; all others are "other"."""

    def __init__(self, app: ASGIApp, counters: Counters, paths: frozenset[str]):
        self.app, self.counters, self.paths = app, counters, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"] if scope["path"] in self.paths else "other"
        start = perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.counters.requests.labels(path, str(message["status"])).inc()
                self.counters.request_seconds.labels(path).observe(perf_counter() - start)
            await send(message)

        await self.app(scope, receive, counted)

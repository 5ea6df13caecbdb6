"""The HTTP API: photos in, pictures out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import InputError, out_of_memory
from ..media.image import encode_picture
from ..stylize.stylizer import Stylizer
from ..version import __version__
from .counters import CONTENT_TYPE, Counters, CountRequests
from .docs_page import POLICY, docs_page
from .fields import STYLE, TYPES, as_fields, schema
from .form import read_form
from .limits import Admission, LimitBody, Limits, Refused
from .paint_queue import PaintJob, PaintQueue
from .refusals import LEFT, answer_errors
from .style_store import StyleStore

PATHS = frozenset(("/", "/stylize", "/styles", "/health", "/metrics", "/docs", "/openapi.json"))
MOST_FIELDS = 64  # of a form, files and texts each
MEDIA_TYPES = {kind: f"image/{kind.lower()}" for kind in TYPES.values()}
_ERROR = {
    "content": {"application/json": {"example": {"error": "alpha is 3: it goes from 0 to 1"}}},
}
_ERRORS: dict[int | str, dict[str, Any]] = {
    413: {"description": "Too many bytes or pixels.", **_ERROR},
    415: {"description": "Not multipart/form-data, or a file of an unknown type.", **_ERROR},
    422: {"description": "Something in it cannot be; one line says what.", **_ERROR},
    429: {"description": "Too many requests are waiting: try again.", **_ERROR},
    503: {"description": "The server is closing, or short of memory.", **_ERROR},
    504: {"description": "It took longer than is allowed.", **_ERROR},
}


class StylizeServer:
    """What the API does. queue, store, admission, counters: see their classes."""

    def __init__(self, stylizer: Stylizer, limits: Limits, batch: int | None = None):
        self.stylizer, self.limits = stylizer, limits
        self.counters, self.admission = Counters(), Admission(limits.queue)
        self.counters.watch(lambda: self.admission.taken)
        self.store = StyleStore(stylizer, limits)
        self.queue = PaintQueue(stylizer, self.counters.painted, batch)
        # Decoded pictures fill memory: only so many are, of those that wait.
        self.decoded = asyncio.Semaphore(2 * self.queue.batch + 1)
        self.model = Path(stylizer.model).stem
        self.ends: set[asyncio.Timeout] = set()  # of the requests that are accepted

    async def stylize(self, request: Request) -> Response:
        """Paint a photo in one or more styles. The result has the photo's type, size and metadata."""
        async with self._accepted(request) as form:
            return await _unless_left(request, self._painted(form))

    async def keep_style(self, request: Request) -> Response:
        """Send a painting or a style code once, as the field `style`; its id then names it, until so
        many others came that it is forgotten."""
        async with self._accepted(request) as form:
            file = form.get(STYLE)
            if not isinstance(file, UploadFile):
                raise InputError(f"no {STYLE}: send it as a file of that field, {STYLE}=@starry.jpg")
            style = await asyncio.to_thread(self.store.keep, await file.read(), STYLE)
            return JSONResponse({"id": style.id}, 201)

    async def styles(self) -> dict[str, Any]:
        """The styles that have names here. What clients sent has ids, which only they know."""
        return {"model": self.model, "styles": sorted(self.store.shipped)}

    async def health(self) -> dict[str, Any]:
        """Whether requests are accepted."""
        if self.admission.closing:
            self.admission.check()
        return {
            "status": "ok", "version": __version__, "model": self.model,
            "device": str(self.stylizer.device), "accepted": self.admission.taken,
        }  # fmt: skip

    async def metrics(self) -> Response:
        """Counts and times, for Prometheus."""
        return Response(self.counters.page(), media_type=CONTENT_TYPE)

    def give_up(self) -> None:
        """Answer every accepted request with 503, and stop painting it."""
        while self.ends:
            if not (end := self.ends.pop()).expired():
                end.reschedule(0)

    @asynccontextmanager
    async def _accepted(self, request: Request) -> AsyncIterator[FormData]:
        """A request's form. Inside the `with` it holds a place in the queue and has a deadline."""
        with self.admission.place():
            if not request.headers.get("content-type", "").startswith("multipart/form-data"):
                raise Refused(415, "send multipart/form-data, with the photo as a file of it")
            seconds = f"{self.limits.timeout:g} s"
            late = Refused(408, f"the request took longer than {seconds} to arrive")
            self.ends.add(end := asyncio.timeout(self.limits.timeout))
            try:
                async with end, request.form(max_files=MOST_FIELDS, max_fields=MOST_FIELDS) as form:
                    late = Refused(504, f"not done within {seconds}: given up")
                    yield form
            except TimeoutError:
                stopped = Refused(503, "the server was stopped before this was done")
                raise (stopped if end.when() == 0 else late) from None
            finally:
                self.ends.discard(end)

    async def _painted(self, form: FormData) -> Response:
        async with self.decoded:
            try:
                wanted = await asyncio.to_thread(read_form, form, self.store, self.limits)
                job = PaintJob(wanted)
                try:
                    self.queue.submit(job)
                    image = await asyncio.wrap_future(job.result)
                finally:
                    job.dropped.set()
                data = await asyncio.to_thread(
                    encode_picture, image, wanted.kind, metadata=wanted.metadata
                )
            except Exception as error:
                if out_of_memory(error) and not isinstance(error, InputError):
                    raise Refused(503, "out of memory here: ask for a smaller size") from None
                raise
        return Response(data, media_type=MEDIA_TYPES[wanted.kind])


async def _unless_left(request: Request, work: Any) -> Response:
    """The result of the work, which is cancelled if the client disconnects first."""

    async def left() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    painting, leaving = asyncio.ensure_future(work), asyncio.ensure_future(left())
    try:
        await asyncio.wait((painting, leaving), return_when=asyncio.FIRST_COMPLETED)
        return await painting if painting.done() else Response(status_code=LEFT)
    finally:
        painting.cancel()
        leaving.cancel()


class HeadAsGet:
    """Middleware that answers HEAD wherever there is a GET; the web server leaves the body out."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)


def build_app(server: StylizeServer) -> FastAPI:
    """The API as an ASGI application."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(server.queue.close)

    app = FastAPI(
        title="stylize", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan,
        description="Any photo in any painting's style. Errors are `{\"error\": \"one line\"}`.",
    )  # fmt: skip
    form = {"required": True, "content": {"multipart/form-data": {"schema": schema()}}}
    pictures = {
        media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA_TYPES.values()
    }
    painted: dict[int | str, dict[str, Any]] = {
        200: {"description": "The picture.", "content": pictures}, **_ERRORS,
    }  # fmt: skip
    app.post(
        "/stylize", response_class=Response, responses=painted, openapi_extra={"requestBody": form}
    )(server.stylize)
    one = {"type": "object", "properties": {STYLE: {"type": "string", "format": "binary"}}}
    body = {"required": True, "content": {"multipart/form-data": {"schema": one}}}
    app.post("/styles", status_code=201, responses=_ERRORS, openapi_extra={"requestBody": body})(
        server.keep_style
    )
    app.get("/styles")(server.styles)
    app.get("/health", responses={503: _ERRORS[503]})(server.health)
    app.get("/metrics", response_class=Response)(server.metrics)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        page = docs_page(app.openapi(), sorted(server.store.shipped))
        return HTMLResponse(page, headers={"content-security-policy": POLICY})

    @app.get("/", include_in_schema=False)
    async def root() -> Response:
        return RedirectResponse("docs")

    answer = _answer(server.stylizer.model, server.model)
    answer_errors(app, answer, str, "something is wrong here, not with the request")
    app.add_middleware(LimitBody, limit=server.limits.bytes)
    app.add_middleware(CountRequests, counters=server.counters, paths=PATHS)
    app.add_middleware(HeadAsGet)
    return app


def _answer(path: str, model: str) -> Callable[[int, str], Response]:
    """What answers an error with one line of JSON. path: of the model; clients are shown its name
    instead."""

    def answer(status: int, line: str) -> Response:
        later = {"retry-after": "1"} if status in (429, 503) else {}
        text = " ".join(as_fields(line).replace(path, model).split())
        return JSONResponse({"error": text}, status, headers=later)

    return answer

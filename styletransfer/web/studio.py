"""The studio as a web application: what its page can ask for."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from ..errors import InputError
from ..media.image import encode_picture, example_photo
from ..pages import page_files
from ..server.limits import LimitBody, Limits, Refused
from ..server.refusals import answer_errors
from ..server.uploads import check_picture, decoded
from ..styles.code_file import SUFFIX
from .about import about, as_jpeg, thumbnail
from .copy_as import Copied
from .job_queue import LOST, JobQueue, JobStopped, StudioJob, said_of
from .security import Guard
from .sent_files import ROLES, read_sent
from .service import StudioService
from .tasks import Tasks
from .visitors import NAME, Visitor, Visitors
from .wish import Asked, Wish, read_wish

PAGE = Path(__file__).parent / "page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
ALIVE = 15.0  # seconds after which a page that has nothing to hear hears that we are there
SWEEP = 60.0  # seconds between two looks for visitors who have left
MOST_JOBS = 8  # of a visitor, waiting


class Studio:
    """Visitors, the service that paints for them, and the queue between. folder: for their files."""

    def __init__(self, service: StudioService, folder: Path, limits: Limits):
        self.service, self.folder, self.limits = service, folder, limits
        self.queue = JobQueue()
        self.visitors = Visitors(folder, limits, self._left)
        self.swatches: dict[str, bytes] = {}
        self.pages = page_files(PAGE)

    def close(self) -> None:
        """End all that is being done; pages hear that it is over."""
        self.visitors.close()
        self.queue.close()

    async def page(self, name: str = "index.html") -> Response:
        """The page and what belongs to it."""
        if name not in self.pages:
            raise Refused(404, "There is nothing here.")
        path = self.pages[name]
        headers = {"cache-control": "no-cache"}
        return FileResponse(path, media_type=TYPES[path.suffix], headers=headers)

    async def about(self) -> dict[str, Any]:
        return await asyncio.to_thread(about, self.service, self.limits)

    async def photo(self) -> Response:
        return FileResponse(example_photo())

    async def style(self, name: str, model: str = "") -> Response:
        """What a style looks like."""
        if (found := await asyncio.to_thread(thumbnail, name)) is None:
            found = await self._swatch(model, name)
        return _picture(found)

    async def send(
        self, token: str, id: str, role: str, request: Request, name: str = "", photo: str = ""
    ) -> dict[str, Any]:
        """A file, by the name that the page gives it."""
        visitor = self.visitors.visitor(token)
        if not NAME.fullmatch(id) or role not in ROLES:
            raise Refused(404, "There is nothing here.")
        of = visitor.file(photo, "photo", "film") if role in ("mask", "regions") else None
        path = await asyncio.to_thread(visitor.new_path, "sent")
        try:
            with path.open("wb") as target:
                async for part in request.stream():
                    target.write(part)
            file = await asyncio.to_thread(read_sent, path, id, role, name, self.limits, of)
        except BaseException:
            for left in path.parent.iterdir():
                left.unlink()
            path.parent.rmdir()
            raise
        visitor.keep(file)
        return {
            "name": file.name, "size": file.size, "colors": file.colors, "seconds": file.seconds,
        }  # fmt: skip

    async def shown(self, token: str, id: str) -> Response:
        """A file that was sent, as the page shows it."""
        file = self.visitors.visitor(token).file(id, *ROLES)
        return FileResponse(file.shown or file.path)

    async def result(self, token: str, id: str, save: bool = False) -> Response:
        """Something painted, to see or to save."""
        path = self.visitors.visitor(token).results.get(id)
        if path is None or not path.is_file():
            raise Refused(410, "That picture is no longer here: paint it once more.")
        return FileResponse(path, filename=path.name if save else None)

    async def ask(self, token: str, kind: str, asked: Asked) -> dict[str, Any]:
        """Have something painted; what becomes of it is told by `events`."""
        visitor = self.visitors.visitor(token)
        tasks = Tasks(self.service, visitor)
        kinds = {
            "preview": tasks.preview, "picture": tasks.picture,
            "folder": tasks.folder, "film": tasks.film,
        }  # fmt: skip
        if kind not in kinds:
            raise Refused(404, "There is nothing here.")
        wish = await asyncio.to_thread(self._wish, asked, visitor)
        if not wish.photos:
            raise InputError("Choose a photo first.")
        if kind == "preview":
            self._stop(visitor, "preview")  # the newest wish is the only one
        waiting = [job for job in visitor.jobs.values() if job.state == "waiting"]
        if len(waiting) >= MOST_JOBS:
            raise Refused(429, "You have eight pictures waiting: let some of them be painted first.")
        job = StudioJob(kind, kinds[kind](wish), visitor.tell)
        visitor.add_job(job)
        self.queue.submit(job)
        return job.said()

    async def stop(self, token: str, id: str) -> None:
        """End one of the visitor's jobs."""
        if job := self.visitors.visitor(token).jobs.get(id):
            self.queue.stop(job)

    async def frame(self, token: str, request: Request) -> Response:
        """A picture of the camera, painted at once; `asked` is in the query, the JPEG in the body."""
        visitor = self.visitors.visitor(token)
        try:
            asked = Asked.model_validate_json(request.query_params.get("asked", ""))
        except ValueError:
            raise InputError("the frame came without its styles") from None
        wish = self._wish(asked, visitor)
        data = await request.body()

        def work(_: StudioJob) -> bytes:
            check_picture(data, "the frame", self.limits)
            image = self.service.frame(wish, decoded(data, "the frame"))
            return encode_picture(image, "JPEG", 85)

        return _picture(await self._done("frame", work))

    async def code(self, token: str, asked: Asked) -> dict[str, Any]:
        """The styles that are chosen, as a file of a few KB."""
        visitor = self.visitors.visitor(token)
        wish = self._wish(asked, visitor)
        if not wish.styles:
            raise InputError("Choose a style first.")
        path = visitor.new_path(f"{wish.style_names[:150]}{SUFFIX}")

        def work(_: StudioJob) -> dict[str, Any]:
            self.service.code(wish.model, wish.styles, wish.options, quantiles=True).save(path)
            return {"file": visitor.add_result(path), "name": path.name}

        found: dict[str, Any] = await self._done("code", work)
        return found

    async def copied(self, token: str, asked: Asked) -> dict[str, Any]:
        """What gives the same picture elsewhere."""
        wish = self._wish(asked, self.visitors.visitor(token))
        if not wish.photos:
            raise InputError("Choose a photo first.")
        copied = Copied(wish, self.service.device, self.service.precision)
        return {"command": copied.command(), "python": copied.python(), "files": copied.files()}

    async def leave(self, token: str) -> None:
        """The page is closed."""
        if token in self.visitors.here:
            await asyncio.to_thread(self.visitors.forget, token)

    async def events(self, token: str) -> Response:
        """What becomes of the visitor's jobs, as it happens."""
        visitor = self.visitors.visitor(token)

        async def lines() -> AsyncIterator[str]:
            yield "retry: 1000\n\n"
            with visitor.heard_by() as told:
                yield f"data: {json.dumps({'jobs': list(visitor.jobs)})}\n\n"
                while True:
                    try:
                        said = await asyncio.wait_for(told.get(), ALIVE)
                    except TimeoutError:
                        yield ": still here\n\n"
                        continue
                    if said is None:
                        return
                    yield f"data: {json.dumps(said)}\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    async def sweep(self) -> None:
        """From time to time, forget who has left without a word."""
        while True:
            await asyncio.sleep(SWEEP)
            await asyncio.to_thread(self.visitors.sweep)

    def _wish(self, asked: Asked, visitor: Visitor) -> Wish:
        return read_wish(asked, visitor, self.service.models, self.limits)

    async def _swatch(self, model: str, style: str) -> bytes:
        if model not in self.service.models:
            raise Refused(404, "There is nothing here.")
        key = f"{model} {style}"
        if key not in self.swatches:
            found = await self._done("swatch", lambda _: as_jpeg(self.service.swatch(model, style)))
            self.swatches[key] = found
        return self.swatches[key]

    async def _done(self, kind: str, work: Any) -> Any:
        """What some small work gives, when its turn has come."""
        try:
            return await asyncio.wrap_future(self.queue.submit(StudioJob(kind, work)))
        except JobStopped:
            raise Refused(503, "The studio is closing.") from None

    def _stop(self, visitor: Visitor, kind: str) -> None:
        for job in tuple(visitor.jobs.values()):
            if job.kind == kind and job.state in ("waiting", "working"):
                self.queue.stop(job)

    def _left(self, visitor: Visitor) -> None:
        for job in tuple(visitor.jobs.values()):
            self.queue.stop(job)
        self.service.still.cache_clear()


def build_app(studio: Studio, hosts: frozenset[str] = frozenset()) -> FastAPI:
    """The application, with all that stands before it. hosts: names by which it may be asked."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(studio.sweep())
        yield
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.get("/")(studio.page)
    app.get("/about.json")(studio.about)
    app.get("/photo.jpg")(studio.photo)
    app.get("/styles/{name}")(studio.style)
    app.post("/v/{token}/files/{id}")(studio.send)
    app.get("/v/{token}/files/{id}")(studio.shown)
    app.get("/v/{token}/results/{id}")(studio.result)
    app.get("/v/{token}/events")(studio.events)
    app.post("/v/{token}/jobs/{kind}")(studio.ask)
    app.post("/v/{token}/frames")(studio.frame)
    app.post("/v/{token}/codes")(studio.code)
    app.post("/v/{token}/copied")(studio.copied)
    app.post("/v/{token}/stop/{id}", status_code=204)(studio.stop)
    app.post("/v/{token}/leave", status_code=204)(studio.leave)
    app.get("/{name}")(studio.page)
    answer_errors(app, _answer, said_of, LOST)

    @app.exception_handler(RequestValidationError)
    async def unlike(_: Request, error: Exception) -> Response:
        return _answer(422, "that is not asked as the page asks")

    app.add_middleware(LimitBody, limit=studio.limits.bytes)
    app.add_middleware(Guard, hosts=hosts)
    return app


def _answer(status: int, line: str) -> Response:
    return JSONResponse({"error": line}, status)


def _picture(data: bytes) -> Response:
    return Response(data, media_type="image/jpeg", headers={"cache-control": "no-cache"})

"""What jobs do: a preview, a picture, a folder of them, a film."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from PIL import Image

from ..errors import InputError
from ..media.files import write_atomically
from ..media.image import FORMATS, encode_picture
from ..media.metadata import kept_metadata
from ..media.tensors import to_array
from ..stylize.refine import RefineStep, StopRefining
from .copy_as import film_name
from .job_queue import JobStopped, StudioJob, said_of
from .sent_files import SentFile, write_shown
from .service import PREVIEW, StudioService
from .visitors import Visitor
from .wish import Wish

PAUSE = 1.0  # seconds from one sight of what is being painted to the next
Work = Callable[[StudioJob], dict[str, Any]]


class Tasks:
    """What one visitor can ask the service for."""

    def __init__(self, service: StudioService, visitor: Visitor):
        self.service, self.visitor = service, visitor

    def preview(self, wish: Wish) -> Work:
        """A small picture, to try."""

        def work(job: StudioJob) -> dict[str, Any]:
            image = self.service.paint(wish, self.service.still(wish.photo), job.step, PREVIEW)
            return {"shown": self._shown(image), "size": list(image.size)}

        return work

    def picture(self, wish: Wish) -> Work:
        """The picture in its own size, as a file; while it is refined, what has been reached is seen."""

        def work(job: StudioJob) -> dict[str, Any]:
            image = self._painted(wish, wish.photo, job)
            name = wish.file_name(wish.photo)
            path = self.visitor.new_path(name)
            size = _write(path, image, wish, wish.photo)
            return {
                "shown": self._shown(image), "size": list(image.size), "name": name,
                "file": self.visitor.add_result(path), "bytes": size,
            }  # fmt: skip

        return work

    def folder(self, wish: Wish) -> Work:
        """Several photos, one after the other, in a zip file. Stopped, what is done is in it."""

        def work(job: StudioJob) -> dict[str, Any]:
            path = self.visitor.new_path("painted.zip")
            failed, done = [], 0
            with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
                for number, photo in enumerate(wish.photos):
                    try:
                        self._add(file, wish, photo, job, number)
                        done += 1
                    except JobStopped:
                        if not done:
                            raise
                        break
                    except Exception as error:  # the next one has its turn
                        failed.append(f"{photo.name}: {_without_paths(said_of(error), photo)}")
                    job.show(done=number + 1, of=len(wish.photos), failed=failed)
            if not done:
                raise InputError(failed[0])
            return {
                "file": self.visitor.add_result(path), "name": path.name, "done": done,
                "of": len(wish.photos), "failed": failed, "bytes": path.stat().st_size,
            }  # fmt: skip

        return work

    def film(self, wish: Wish) -> Work:
        """A film, with its sound; from time to time the latest of its frames is seen."""

        def work(job: StudioJob) -> dict[str, Any]:
            from ..video.job import stylize_video

            path, seen = self.visitor.new_path(film_name(wish)), 0.0
            notes = list[str]()

            def track(done: int, total: int) -> None:
                job.seen |= {"done": done, "of": total}
                job.step(done / max(1, total))

            def watch(frame: np.ndarray[Any, Any]) -> None:
                nonlocal seen
                if monotonic() - seen > PAUSE:
                    seen = monotonic()
                    job.show(shown=self._shown(Image.fromarray(frame)))

            styles: Any = list(wish.styles) or None
            found = stylize_video(
                self.service.stylizer(wish.model), wish.photo.path, path, styles, wish.options,
                track=track, watch=watch,
                note=lambda text: notes.append(_without_paths(text, wish.photo)),
            )  # fmt: skip
            return {
                "file": self.visitor.add_result(path), "name": path.name, "notes": notes,
                "frames": found["frames"], "size": found["size"], "bytes": path.stat().st_size,
            }  # fmt: skip

        return work

    def _add(
        self, file: zipfile.ZipFile, wish: Wish, photo: SentFile, job: StudioJob, number: int
    ) -> None:
        """One more photo of a folder."""
        count = len(wish.photos)
        image = self._painted(wish, photo, job, lambda share: (number + share) / count)
        path = self.visitor.new_path(wish.file_name(photo))
        _write(path, image, wish, photo)
        name, again = path.name, 1
        while name in file.namelist():
            again += 1
            name = f"{path.stem}-{again}{path.suffix}"
        file.write(path, name)
        path.unlink()
        job.show(shown=self._shown(image), photo=photo.id)

    def _painted(
        self,
        wish: Wish,
        photo: SentFile,
        job: StudioJob,
        share_of: Callable[[float], float] = lambda share: share,
    ) -> Image.Image:
        shown = 0.0

        def watch(step: RefineStep) -> None:
            nonlocal shown
            if job.stopping.is_set():  # what has been reached is kept
                raise StopRefining
            if monotonic() - shown > PAUSE:
                shown = monotonic()
                pixels = to_array(step.picture.mul(255).round().to(torch.uint8))
                job.show(shown=self._shown(Image.fromarray(pixels)))

        def step(share: float) -> None:
            if not (wish.options.refine and share > 0.05 and job.stopping.is_set()):
                job.step(share_of(share))

        return self.service.paint(wish, self.service.still(photo), step, watch=watch)

    def _shown(self, image: Image.Image) -> str:
        """A copy of it that the page shows, by the name it is fetched by."""
        return self.visitor.add_result(write_shown(self.visitor.new_path("shown.jpg"), image))


def _write(path: Path, image: Image.Image, wish: Wish, photo: SentFile) -> int:
    """The picture's file, with what the photo's says of the photo; gives its bytes."""
    metadata = kept_metadata(photo.path.read_bytes()) if photo.role == "photo" else {}
    data = encode_picture(image, FORMATS[f".{wish.format}"], wish.quality, metadata)
    write_atomically(path, lambda target: target.write_bytes(data))
    return len(data)


def _without_paths(text: str, file: SentFile) -> str:
    return text.replace(str(file.path), file.name)

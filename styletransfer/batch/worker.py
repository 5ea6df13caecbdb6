"""The three steps of a picture, wherever they run: load, paint, save."""

import io
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from PIL import Image

from ..errors import InputError, TooLarge
from ..media.files import GONE
from ..media.image import Picture, decode, encode_picture, output_format, resize_short_side
from .ledger import WORK, Done, Failure, Outcome, Stop, part_name, stopped
from .outputs import Target, Task
from .settings import BatchSettings
from .style_choice import ChosenStyle

CODES = 32_768  # style codes to keep, of some KB each
Make = Callable[[], Image.Image | Failure]


@dataclass
class Loaded:
    """A picture on its way through the steps.

    picture: None if it failed, or is too large for memory. pixels: how many were reserved for it. left:
    targets that are not saved yet. seconds: spent so far, per target.
    """

    task: Task
    picture: Picture | None = None
    hash: str = ""
    stamp: str = ""
    seconds: float = 0.0
    pixels: int = 0
    left: int = 0
    failure: Failure | None = None

    @property
    def content(self) -> Picture:
        """The picture, where it must be there."""
        assert self.picture is not None
        return self.picture


def load(task: Task, settings: BatchSettings, reserve: Callable[[int], None] | None = None) -> Loaded:
    """Read and decode a picture, at the size at which it will be painted.

    reserve: called with the number of pixels before they are decoded; it may block.
    """
    start = time.perf_counter()
    loaded = Loaded(task)
    try:
        if task.problem:
            raise InputError(task.problem)
        data, loaded.stamp = task.item.read()
        loaded.hash = sha256(data).hexdigest()
        if reserve:
            reserve(pixels := _pixels(data, settings.options.size))
            loaded.pixels = pixels
        picture = decode(data)
        if not settings.mapped:
            picture = _fitted(picture, settings.options.size, settings.crop)
        loaded.picture = picture
    except TooLarge as error:
        if task.item.tar or settings.crop or settings.mapped:
            loaded.failure = Failure(task.item.name, str(error))
    except Exception as error:
        loaded.failure = failed(task.item.name, error, settings)
    loaded.seconds = (time.perf_counter() - start) / max(1, len(task.targets))
    return loaded


class BatchPainter:
    """A model and the style codes that it has encoded, each once."""

    def __init__(self, settings: BatchSettings, styles: Sequence[ChosenStyle]):
        from ..stylize.stylizer import Stylizer

        self.settings, self.styles = settings, styles
        self.stylizer = Stylizer(settings.model, settings.device, settings.precision)
        options = settings.options
        # It needs the styles' pictures: a code does not do.
        self.from_pictures = options.preserve_color == "histogram"
        self.view = options.style_size, options.style_crop
        self.code = lru_cache(CODES)(self._code)
        self.together = (
            self.stylizer.device.type == "cuda"
            and not settings.mapped
            and options.preserve_color == "none"
            and options.tile == "auto"
            and options.stats == "exact"
            and not options.refine
        )
        if options.region and not self.from_pictures:
            region = {key: self._blend(style) for key, style in options.region.items()}
            options = replace(options, region=region)
        self.options = options

    def _blend(self, parts: Any) -> Any:
        return self.stylizer.blend(parts, None, *self.view, quantiles=self.settings.options.refine > 0)

    def _code(self, style: int) -> Any:
        return self._blend(dict(self.styles[style].parts))

    def _style(self, style: int) -> Any:
        """The style for the stylizer: a code, or its pictures where recolouring needs them."""
        if style < 0:
            return None  # regions alone
        return dict(self.styles[style].parts) if self.from_pictures else self.code(style)

    def _paint(self, loaded: Loaded, target: Target) -> Image.Image:
        # What comes without maps has its size already.
        options = self.options if self.settings.mapped else replace(self.options, size=None)
        painted = self.stylizer.stylize(loaded.content, self._style(target.style), options=options)
        assert isinstance(painted, Image.Image)
        return painted

    def batch_size(self, loaded: Loaded) -> int:
        """How many pictures of this size can be painted at once."""
        from ..models.memory import affordable

        width, height = loaded.content.rgb.size
        return max(1, min(self.settings.batch, affordable(self.stylizer.net) // (width * height)))

    def paint_batch(self, batch: Sequence[tuple[Loaded, Target]]) -> list[Make]:
        """Paint pictures of one size, or a single picture; returns a function per result that gives the
        image or a Failure."""
        if self.together:
            try:
                return self._paint_together([(loaded, target.style) for loaded, target in batch])
            except (InputError, RuntimeError) as error:
                # One of them, a style, or all of them at once: they go one by one.
                check_going(error, self.settings)
        images = [attempt(*pair, partial(self._paint, *pair), self.settings) for pair in batch]
        return [partial(_given, image) for image in images]

    def _paint_together(self, batch: Sequence[tuple[Loaded, int]]) -> list[Make]:
        """Paint several pictures at once on a GPU. Returns at once; calling the results waits for the
        GPU."""
        import torch

        from ..media.tensors import as_uint8
        from ..stylize.buffer import ImageBuffer

        device = self.stylizer.device
        pixels = torch.cat([as_uint8(loaded.content.rgb) for loaded, _ in batch]).to(device)
        codes = [self.code(style) for _, style in batch]
        alpha, strokes = self.options.alpha, self.options.strokes
        painted = self.stylizer.repaint_each(ImageBuffer(pixels), codes, alpha, strokes).pixels
        rows = painted.permute(0, 2, 3, 1).contiguous()
        # Copied behind the painting of this batch, not behind that of the next, and waited for by who
        # encodes: so the GPU has something to do meanwhile.
        host = torch.empty(rows.shape, dtype=torch.uint8, pin_memory=True).copy_(rows, non_blocking=True)
        ready = torch.cuda.Event()
        ready.record()

        def fetch(index: int) -> Image.Image:
            ready.synchronize()
            image = Image.fromarray(host[index].numpy())
            opacity = batch[index][0].content.alpha
            if opacity is not None:
                image.putalpha(opacity)
            return image

        return [partial(fetch, index) for index in range(len(batch))]

    def paint_file(self, loaded: Loaded, target: Target) -> Outcome:
        """Paint a picture that does not fit into memory, from file to file."""
        from ..stylize.large_image import stylize_file

        start, settings = time.perf_counter(), self.settings
        suffix = os.path.splitext(target.name)[1].lower()
        path = Path(settings.folder, WORK, f"tmp-{uuid4().hex}{suffix}")
        try:
            style = self._style(target.style)
            stylize_file(self.stylizer, loaded.task.item.path, path, style, options=self.options)
            with open(path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                digest = _file_hash(file)
        except Exception as error:
            failure = failed(loaded.task.item.name, error, settings, target.name)
            return failure._replace(error=failure.error.removeprefix(f"{loaded.task.item.path}: "))
        seconds = time.perf_counter() - start
        return _kept(loaded, target, path, size, digest, seconds, self.settings, self.styles)


def _given(image: Image.Image | Failure) -> Image.Image | Failure:
    return image


def attempt(
    loaded: Loaded, target: Target, make: Make, settings: BatchSettings
) -> Image.Image | Failure:
    """make(), or a Failure: an error with one picture must not stop the others."""
    try:
        return make()
    except Exception as error:
        return failed(loaded.task.item.name, error, settings, target.name)


def failed(name: str, error: Exception, settings: BatchSettings, output: str = "") -> Failure:
    """The Failure for an error, or `Stop` if the error is not the picture's fault."""
    check_going(error, settings)
    if isinstance(error, MemoryError):
        return Failure(name, "does not fit into memory", output)
    return Failure(name, " ".join(str(error).split()) or type(error).__name__, output)


def check_going(error: BaseException, settings: BatchSettings) -> None:
    """Raise `Stop` for an error that the next picture would meet too: a full disk, or a lost GPU."""
    from ..device import gpu_lost

    if isinstance(error, Stop):
        raise error
    cause = error.__cause__ if isinstance(error, InputError) else error
    if isinstance(cause, OSError) and cause.errno in GONE:
        raise stopped(settings.folder, cause) from None
    if gpu_lost(error, settings.device):
        raise Stop(
            f"the GPU does not answer any more ({str(error).splitlines()[0]}); give the same command "
            "again, it goes on from here; if it is lost again, restart the machine or give --device cpu"
        ) from None


def save(
    loaded: Loaded,
    target: Target,
    make: Make,
    seconds: float,
    settings: BatchSettings,
    styles: Sequence[ChosenStyle],
) -> Outcome:
    """Encode the image that make() returns and write it to the working folder. `Stop` if the disk is
    full."""
    start = time.perf_counter()
    image = attempt(loaded, target, make, settings)
    if isinstance(image, Failure):
        return image
    try:
        data = encode_picture(image, output_format(target.name), settings.quality)
    except Exception as error:
        return failed(loaded.task.item.name, error, settings, target.name)
    path = Path(settings.folder, WORK, f"tmp-{uuid4().hex}")
    try:
        path.write_bytes(data)
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise stopped(settings.folder, error) from None
    seconds += time.perf_counter() - start
    digest = sha256(data).hexdigest()
    return _kept(loaded, target, path, len(data), digest, seconds, settings, styles)


def _kept(
    loaded: Loaded, target: Target, path: Path, size: int, digest: str, seconds: float,
    settings: BatchSettings, styles: Sequence[ChosenStyle],
) -> Done:  # fmt: skip
    try:
        os.replace(path, path.with_name(part_name(target.name, digest)))
    except OSError as error:
        raise stopped(settings.folder, error) from None
    style = styles[target.style] if target.style >= 0 else None
    return Done(
        output=target.name,
        tar=loaded.task.tar,
        input=loaded.task.item.name,
        hash=loaded.hash,
        stamp=loaded.stamp,
        style=style.label if style else "",
        style_id=style.identity if style else "",
        options=settings.recorded,
        bytes=size,
        output_hash=digest,
        seconds=round(loaded.seconds + seconds, 3),
        seed=settings.seed,
        source=loaded.task.item.path,
    )


def _fitted(picture: Picture, size: int | None, crop: bool) -> Picture:
    """Resize a picture as `Stylizer.stylize` does, then cut out the central square if wanted."""
    if size is None:
        return picture

    def fitted(layer: Image.Image) -> Image.Image:
        layer = resize_short_side(layer, size)
        if not crop:
            return layer
        left, top = (layer.width - size) // 2, (layer.height - size) // 2
        return layer.crop((left, top, left + size, top + size))

    return Picture(fitted(picture.rgb), picture.alpha and fitted(picture.alpha), picture.jpeg)


def resized_pixels(size: tuple[int, int], short: int | None) -> int:
    """The number of pixels of a picture of this size, resized to a short side unless that is None."""
    return round(size[0] * size[1] * ((short or min(size)) / min(size)) ** 2)


def _pixels(data: bytes, short: int | None) -> int:
    """The most pixels that a picture has, either decoded or painted."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return max(image.width * image.height, resized_pixels(image.size, short))
    except Exception:  # `decode` will say what it is
        return 0


def _file_hash(file: io.BufferedReader) -> str:
    digest = sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()

"""The three steps of a picture, wherever they are done: it is loaded, painted, and saved."""

import io
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from PIL import Image

from ..errors import InputError, TooLarge
from ..media.files import GONE
from ..media.image import Picture, decode, encode_picture, output_format, resize_short_side
from ..styles.names import DEFAULT_MODEL
from .ledger import WORK, Done, Failure, Stop, part_name, stopped
from .outputs import Target, Task
from .style_choice import ChosenStyle

CODES = 32_768  # style codes to keep, of some KB each
Outcome = Done | Failure
Make = Callable[[], Image.Image | Failure]


@dataclass(frozen=True)
class BatchSettings:
    """What all pictures of a run have in common.

    folder: the destination. look: the options of `Stylizer.stylize`, but style, size and tile.
    size, crop: short side to resize to, and whether to cut out the square in the middle. options:
    JSON for the manifest; former: as earlier versions had them. batch: how many pictures of one size a
    GPU paints at once, at most.
    """

    folder: str
    model: str = DEFAULT_MODEL
    device: str = "auto"
    precision: str = "auto"
    look: dict[str, Any] = field(default_factory=dict)
    size: int | None = None
    crop: bool = False
    tile: str | int = "auto"
    quality: int = 95
    seed: int | None = None
    options: str = "{}"
    former: str = ""
    batch: int = 32

    @property
    def mapped(self) -> bool:
        """Whether maps of the photo's own size come in, so that it must not be resized before."""
        return bool(self.look.get("mask") or self.look.get("regions"))


@dataclass
class Loaded:
    """A picture on its way. picture: None if it failed, or if it is too large for memory. pixels: that
    were reserved for it. left: targets that are not saved yet. seconds: it took, for each target."""

    task: Task
    picture: Picture | None = None
    hash: str = ""
    stamp: str = ""
    seconds: float = 0.0
    pixels: int = 0
    left: int = 0
    failure: Failure | None = None


def load(task: Task, settings: BatchSettings, reserve: Callable[[int], None] | None = None) -> Loaded:
    """Read and decode a picture, at the size at which it is painted.

    reserve: told how many pixels there will be, before they are decoded; it may wait.
    """
    start = time.perf_counter()
    loaded = Loaded(task)
    try:
        if task.problem:
            raise InputError(task.problem)
        data, loaded.stamp = task.item.read()
        loaded.hash = sha256(data).hexdigest()
        if reserve:
            reserve(pixels := _pixels(data, settings.size))
            loaded.pixels = pixels
        picture = decode(data)
        if not settings.mapped:
            picture = _fitted(picture, settings.size, settings.crop)
        loaded.picture = picture
    except TooLarge as error:
        if task.item.tar or settings.crop or settings.mapped:
            loaded.failure = Failure(task.item.name, str(error))
    except Exception as error:
        loaded.failure = failed(task.item.name, error, settings)
    loaded.seconds = (time.perf_counter() - start) / max(1, len(task.targets))
    return loaded


class BatchPainter:
    """A model and the style codes that it has made, each once."""

    def __init__(self, settings: BatchSettings, styles: Sequence[ChosenStyle]):
        from ..stylize.stylizer import Stylizer

        self.settings, self.styles = settings, styles
        self.stylizer = Stylizer(settings.model, settings.device, settings.precision)
        look = settings.look
        self.recoloring = look.get("preserve_color") == "histogram"
        self.view = look.get("style_size", 512), look.get("style_crop", 1.0)
        self.code = lru_cache(CODES)(self._code)
        plain = not settings.mapped and look.get("preserve_color", "none") == "none"
        self.together = (
            self.stylizer.device.type == "cuda"
            and plain
            and settings.tile == "auto"
            and look.get("stats", "exact") == "exact"
        )
        if look.get("region") and not self.recoloring:
            region = {
                key: self.stylizer.blend(each, None, *self.view) for key, each in look["region"].items()
            }
            self.look = {**look, "region": region}
        else:
            self.look = look

    def _code(self, style: int) -> Any:
        parts = dict(self.styles[style].parts)
        return self.stylizer.blend(parts, None, *self.view)

    def _style(self, style: int) -> Any:
        """What to give the stylizer: a code, but for what it has to see the picture for."""
        if style < 0:
            return None  # regions alone
        return dict(self.styles[style].parts) if self.recoloring else self.code(style)

    def _paint(self, loaded: Loaded, target: Target) -> Image.Image:
        size = self.settings.size if self.settings.mapped else None
        style = self._style(target.style)
        return self.stylizer.stylize(
            loaded.picture, style, **self.look, size=size, tile=self.settings.tile
        )

    def room(self, loaded: Loaded) -> int:
        """How many pictures of this size can be painted at once."""
        from ..models.memory import affordable

        width, height = loaded.picture.rgb.size
        return max(1, min(self.settings.batch, affordable(self.stylizer.net) // (width * height)))

    def paint_batch(self, batch: Sequence[tuple[Loaded, Target]]) -> list[Make]:
        """Pictures of one size, or one picture: what gives each, or why it failed."""
        if self.together:
            try:
                return self._paint_together([(loaded, target.style) for loaded, target in batch])
            except (InputError, RuntimeError) as error:
                # One of them, a style, or all of them at once: they go one by one.
                check_going(error, self.settings)
        images = [attempt(*pair, partial(self._paint, *pair), self.settings) for pair in batch]
        return [lambda image=image: image for image in images]

    def _paint_together(self, batch: Sequence[tuple[Loaded, int]]) -> list[Make]:
        """At once on a GPU, each in its style. Does not wait: what it returns does."""
        import torch

        from ..media.tensors import as_uint8
        from ..stylize.buffer import ImageBuffer

        device = self.stylizer.device
        pixels = torch.cat([as_uint8(loaded.picture.rgb) for loaded, _ in batch]).to(device)
        codes = [self.code(style) for _, style in batch]
        how = self.look.get("alpha", 1.0), self.look.get("strokes", 1.0)
        painted = self.stylizer.repaint_each(ImageBuffer(pixels), codes, *how).pixels
        rows = painted.permute(0, 2, 3, 1).contiguous()
        # Copied behind the painting of this batch, not behind that of the next, and waited for by who
        # encodes: so the GPU has something to do meanwhile.
        host = torch.empty(rows.shape, dtype=torch.uint8, pin_memory=True).copy_(rows, non_blocking=True)
        ready = torch.cuda.Event()
        ready.record()

        def fetch(index: int) -> Image.Image:
            ready.synchronize()
            image = Image.fromarray(host[index].numpy())
            alpha = batch[index][0].picture.alpha
            if alpha is not None:
                image.putalpha(alpha)
            return image

        return [lambda index=index: fetch(index) for index in range(len(batch))]

    def paint_file(self, loaded: Loaded, target: Target) -> Outcome:
        """A picture that does not fit into memory, from file to file."""
        from ..stylize.large_image import stylize_file

        start, settings = time.perf_counter(), self.settings
        suffix = os.path.splitext(target.name)[1].lower()
        path = Path(settings.folder, WORK, f"tmp-{uuid4().hex}{suffix}")
        try:
            look = {key: value for key, value in self.look.items() if key not in ("mask", "regions")}
            stylize_file(
                self.stylizer, loaded.task.item.path, path, self._style(target.style), **look,
                size=settings.size, tile=settings.tile,
            )  # fmt: skip
            with open(path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                digest = _file_hash(file)
        except Exception as error:
            failure = failed(loaded.task.item.name, error, settings, target.name)
            return failure._replace(error=failure.error.removeprefix(f"{loaded.task.item.path}: "))
        seconds = time.perf_counter() - start
        return _kept(loaded, target, path, size, digest, seconds, self.settings, self.styles)


def attempt(
    loaded: Loaded, target: Target, make: Make, settings: BatchSettings
) -> Image.Image | Failure:
    """make(), or why it failed: whatever a picture does to the painter, the next one has its turn."""
    try:
        return make()
    except Exception as error:
        return failed(loaded.task.item.name, error, settings, target.name)


def failed(name: str, error: Exception, settings: BatchSettings, output: str = "") -> Failure:
    """What to say of a picture; Stop if it is not the picture's fault."""
    check_going(error, settings)
    if isinstance(error, MemoryError):
        return Failure(name, "does not fit into memory", output)
    return Failure(name, " ".join(str(error).split()) or type(error).__name__, output)


def check_going(error: BaseException, settings: BatchSettings) -> None:
    """Stop if the next picture would meet this error too: the disk is full, or the GPU is lost."""
    from ..device import lost

    if isinstance(error, Stop):
        raise error
    cause = error.__cause__ if isinstance(error, InputError) else error
    if isinstance(cause, OSError) and cause.errno in GONE:
        raise stopped(settings.folder, cause) from None
    if lost(error, settings.device):
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
    """Encode what make() returns and write it to the working folder. Stop if the disk is full."""
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
        options=settings.options,
        bytes=size,
        output_hash=digest,
        seconds=round(loaded.seconds + seconds, 3),
        seed=settings.seed,
        source=loaded.task.item.path,
    )


def _fitted(picture: Picture, size: int | None, crop: bool) -> Picture:
    """Resized as `Stylizer.stylize` does it; then the square in the middle, if wanted."""
    if size is None:
        return picture
    layers = [
        resize_short_side(layer, size) if layer else None for layer in (picture.rgb, picture.alpha)
    ]
    if crop:
        width, height = layers[0].size
        left, top = (width - size) // 2, (height - size) // 2
        box = left, top, left + size, top + size
        layers = [layer.crop(box) if layer else None for layer in layers]
    return Picture(*layers, picture.jpeg)


def resized_pixels(size: tuple[int, int], short: int | None) -> int:
    """How many pixels a picture of this size has with that short side; or with its own."""
    return round(size[0] * size[1] * ((short or min(size)) / min(size)) ** 2)


def _pixels(data: bytes, short: int | None) -> int:
    """The most that there are of a picture, as it is decoded or as it is painted."""
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

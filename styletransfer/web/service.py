"""What the studio does, without its page: paint, for one user at a time."""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import InputError
from ..media.image import Picture, count_pixels, read_picture, resize_short_side, write_picture
from ..models.network import StylizerNet
from ..options import StylizeOptions
from ..styles.code import StyleCode
from ..styles.code_file import SUFFIX
from ..styles.encode import Style
from ..stylize.refine import Watch
from ..stylize.stylizer import Stylizer
from ..system.allocator import give_memory_back

PREVIEW = 512  # short side while one tries
SHOWN = 1400  # long side of what the page shows; the download has all pixels

Step = Callable[[float], None]
"""Called with the share of the work that is done; raises `JobStopped` if nobody wants it any more."""


class JobStopped(Exception):
    """The user pressed Stop."""


class StudioService:
    """A stylizer that users share, one after the other. folder: where files for the page go."""

    def __init__(self, stylizer: Stylizer, folder: Path, megapixels: float):
        self.stylizer, self.folder, self.megapixels = stylizer, folder, megapixels
        self.stops: dict[str, threading.Event] = {}
        self.folders: dict[str, Path] = {}
        self.turn = threading.Lock()  # a job that was stopped may still be on its way out
        self.style = lru_cache(maxsize=256)(self._style)

    def check(self, path: str | Path | None) -> Picture:
        """An uploaded picture; InputError, with its name and without the server's folders, if none."""
        if not path:
            raise InputError("Choose a photo first.")
        name = Path(path).name
        if not Path(path).exists():
            raise InputError(f"{name} is no longer here: give it once more.")
        pixels = count_pixels(path) / 1e6  # by the header alone: before anything is decoded
        if pixels > self.megapixels:
            most = f"only {self.megapixels:g} are allowed here"
            raise InputError(f"{name} has {pixels:.0f} megapixels, {most}.")
        try:
            return read_picture(path)
        except InputError as error:
            raise InputError(str(error).replace(str(path), name)) from None

    def paint(
        self,
        photo: Picture,
        styles: Sequence[tuple[str, float]],
        options: StylizeOptions,
        step: Step,
        watch: Watch | None = None,
    ) -> Image.Image:
        """styles: (file, weight). options: the mask may be smaller than the photo; a size larger than
        the photo's is passed over, and so are weights, which come with the styles. watch: told of every
        step of refining."""
        used = [(path, weight) for path, weight in styles if weight > 0]
        if not used:
            raise InputError("Choose a style and give it some weight.")
        mask, size = _mask(options.mask, photo.rgb.size), options.size
        options = replace(
            options,
            weights=tuple(weight for _, weight in used),
            mask=mask,
            feather=options.feather if mask else 0,
            size=size if size and size < min(photo.rgb.size) else None,
        )
        refine = options.refine > 0  # of which the network's work is a twentieth
        first: Step = (lambda share: step(0.05 * share)) if refine else step
        with self.turn, watched(self.stylizer.net, first, len(used)) as progress:
            sources: list[Style] = [path for path, _ in used]
            if options.preserve_color != "histogram":  # which needs the styles' pictures
                sources = [self.style(path, options.style_size, refine) for path, _ in used]
                progress.all_encoded()
            told: Step = (lambda share: step(0.05 + 0.94 * share)) if refine else progress.painted
            painted = self.stylizer.stylize(photo, sources, options=options, progress=told, watch=watch)
        step(1.0)
        assert isinstance(painted, Image.Image)
        return painted

    def code(self, styles: Sequence[tuple[str, float]], style_size: int) -> StyleCode:
        """The style code of a blend."""
        used = [(path, weight) for path, weight in styles if weight > 0]
        with self.turn:  # what is not known yet is encoded, and another's job may listen to the network
            codes = [self.style(path, style_size) for path, _ in used]
            return self.stylizer.blend(codes, [weight for _, weight in used])

    def new_file(self, session: str, name: str) -> Path:
        """A path in a folder of its own, which nobody can guess; gone when the user is."""
        if session not in self.folders:
            self.folders[session] = Path(tempfile.mkdtemp(dir=self.folder))
        return Path(tempfile.mkdtemp(dir=self.folders[session])) / name

    def shown(self, session: str, image: Image.Image) -> str:
        """A file of it, of a size for the page."""
        image = image.convert("RGB")
        image.thumbnail((SHOWN, SHOWN), Image.Resampling.LANCZOS)
        path = self.new_file(session, "picture.jpg")
        write_picture(path, image)
        return str(path)

    def begin(self, session: str) -> threading.Event:
        """A sign for a user's job, that `stop` gives."""
        self.stops[session] = threading.Event()
        return self.stops[session]

    def stop(self, session: str) -> None:
        """End the user's job, if there is one."""
        if session in self.stops:
            self.stops[session].set()

    def forget(self, session: str) -> None:
        """The user has left, and takes what was painted along."""
        self.stop(session)
        self.stops.pop(session, None)
        if folder := self.folders.pop(session, None):
            shutil.rmtree(folder, ignore_errors=True)
        give_memory_back()

    def _style(self, path: str, style_size: int, quantiles: bool = False) -> StyleCode:
        source = path if path.endswith(SUFFIX) else self.check(path)
        return self.stylizer.style(source, style_size, quantiles=quantiles)


class JobProgress:
    """How far a job has come: styles are encoded in its first fifth, then the photo is painted.

    step is told of the share that is done, below 1, which never falls. styles: how many there are.
    """

    def __init__(self, net: StylizerNet, step: Step, styles: int):
        self.step, self.said = step, 0.0
        convolutions = [m for m in net.modules() if hasattr(m, "kernel_size")]
        self.encoding = styles * sum(hasattr(m, "kernel_size") for m in net.encoder.modules())
        self.painting = len(convolutions)
        self.heard = 0  # convolutions of the styles; and since the last tile was done
        self.since = 0
        self.tiles, self.tile = 0.0, 1.0  # share of the tiles that are done, and of one of them

    def all_encoded(self) -> None:
        """The styles are known, some perhaps from before."""
        self.heard = self.encoding

    def painted(self, share: float) -> None:
        """So much has been painted, tile by tile."""
        self.tile, self.tiles, self.since = share - self.tiles, share, 0
        self._tell()

    def convolved(self, *_: object) -> None:
        """The network has gone through another convolution."""
        if self.heard < self.encoding:
            self.heard += 1
        else:
            self.since += 1
        self._tell()

    def _tell(self) -> None:
        first = self.heard / self.encoding if self.encoding else 1.0
        within = min(1.0, self.since / self.painting)
        share = 0.2 * first + 0.8 * min(1.0, self.tiles + self.tile * within)
        self.said = max(self.said, min(share, 0.99))  # all is done only when the picture is there
        self.step(self.said)


@contextmanager
def watched(net: StylizerNet, step: Step, styles: int) -> Iterator[JobProgress]:
    """While it lasts, `step` hears of every convolution of the network, and may raise to end it."""
    progress = JobProgress(net, step, styles)
    convolutions = [m for m in net.modules() if hasattr(m, "kernel_size")]
    hooks = [m.register_forward_hook(progress.convolved) for m in convolutions]
    try:
        yield progress
    finally:
        for hook in hooks:
            hook.remove()


def _mask(drawn: Any, size: tuple[int, int]) -> Image.Image | None:
    """What was drawn, uint8 (h, w), at the photo's size; None if nothing was."""
    if drawn is None or not drawn.any():
        return None
    return Image.fromarray(drawn).resize(size, Image.Resampling.BILINEAR)


def thumbnail(photo: Picture) -> np.ndarray:
    """What the brush paints on: uint8 (h, w, 3), at most 768 pixels wide or high."""
    side = min(768, min(photo.rgb.size))
    small = resize_short_side(photo.rgb, side)
    small.thumbnail((768, 768))
    return np.asarray(small)

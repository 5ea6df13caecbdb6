"""A film from beginning to end: decoded, painted and encoded at once, in pieces that survive a crash."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import InputError
from ..media.animation import place_frames
from ..media.clip import Frame
from ..media.video_reader import open_clip
from ..styles.code import StyleCode
from ..styles.encode import STYLE_SIZE, Style
from ..stylize.stylizer import MAX_ALPHA, Stylizer
from ..version import __version__
from .frame_painter import FramePainter, FrameStatistics, frame_workers
from .pipeline import overlapped
from .resume import ResumableJob, check_source, content_digest
from .selection import cut_out, painted_size
from .sinks import sink_for

PIECE = 96  # frames: what a crash can cost, and how often the encoder begins anew
FORMAT = 3  # of the work folder


@dataclass
class FrameJob:
    """A frame on its way through the stages; what it leaves behind if it is the last of its piece."""

    frame: Frame
    last: bool = False
    view: object = None
    turn: FrameStatistics | None = None
    painted: Future | None = None
    picture: np.ndarray | None = None
    state: dict[str, np.ndarray] = field(default_factory=dict)


def stylize_video(
    stylizer: Stylizer,
    content: str | os.PathLike,
    output: str | os.PathLike,
    style: Style | Sequence[Style] | None = None,
    alpha: float = 1.0,
    *,
    weights: Sequence[float] | None = None,
    style_at: Mapping[float, Style] | None = None,
    size: int | None = None,
    fps: float | None = None,
    start: float = 0,
    duration: float | None = None,
    codec: str = "",
    crf: int | None = None,
    sound: bool = True,
    steady: bool = True,
    preserve_color: str = "none",
    style_size: int = STYLE_SIZE,
    style_crop: float = 1.0,
    strokes: float = 1.0,
    force: bool = False,
    track: Callable[[int, int], None] = lambda done, total: None,
    note: Callable[[str], None] = lambda text: None,
) -> dict:
    """Repaint a film, an animation or a folder of frames.

    content: what `open_clip` reads. output: .mp4, .mov, .mkv, .webm, .gif, .webp, .apng, or a folder
    for frames. style, weights: as for `Stylizer.stylize`. style_at: {second: style}; between two the
    one becomes the other. size: short side. strokes: as there. fps: frames a second, in place of the
    film's own times. start, duration: seconds of it. steady: without flicker (`steady`). sound: copied
    as it is. track: called with how many frames are done, and of how many about. note: what to tell the
    user.

    Stopped, the same call goes on from the last whole piece, in the folder OUTPUT.parts; the result
    is the same. Returns what was done: frames, painted (now), size (as written), seconds (of film), and
    whether the film is damaged: then it was painted as far as it goes.
    """
    clip, output = open_clip(content), Path(output)
    check_source(Path(content), output)
    part = cut_out(clip, start, duration, fps)
    if not 0 <= alpha <= MAX_ALPHA:
        raise InputError(f"alpha is {alpha:g}: it goes from 0 to 1, to {MAX_ALPHA:g} to exaggerate")
    if preserve_color not in ("none", "luminance"):
        raise InputError("a film's preserve_color is none or luminance")
    painted = painted_size(clip.size, size)
    styles = _styles(stylizer, style, weights, style_at, style_size, style_crop)
    plan = {
        "format": FORMAT,
        "version": __version__,
        "input": content_digest(Path(content)),
        "model": stylizer.digest,
        "computing": f"{stylizer.device.type} {stylizer.dtype}",
        "styles": [[at, _code_digest(code)] for at, code in styles],
        "options": [alpha, *painted, fps, start, duration, codec, crf, steady, preserve_color, strokes],
    }
    with ResumableJob(output, plan, force) as work:
        sink = sink_for(output, clip, part, painted, codec, crf, sound)
        resumed = work.frames
        if not work.finished:
            with _writing(output):
                sink.probe(work.folder)
            for text in (*clip.notes, *sink.notes):
                note(text)
            painter = FramePainter(
                stylizer, styles, alpha, preserve_color == "luminance", steady, strokes
            )
            _paint(clip, part, painted, painter, work, sink, track)
            _finish(work, sink)
        if work.damaged:
            note(f"{content} is damaged or cut short: painted are the {work.frames} frames that it has")
        done = {
            "frames": work.frames,
            "painted": work.frames - resumed,
            "size": list(sink.size),
            "seconds": round(float(work.end), 3),
            "damaged": work.damaged,
        }
        work.remove()
    return done


def _paint(clip, part, size, painter: FramePainter, work: ResumableJob, sink, track) -> None:
    """All frames after those that are done: painted in this size, and put away in pieces."""
    done = work.frames
    track(done, part.count)
    items = _items(part.frames(clip, work.last), size)
    try:
        with frame_workers(painter.stylizer, size) as (pool, count):
            stages = (SteadyStages if painter.steady else Stages)(painter, pool, work.state())
            with closing(overlapped(items, stages.look, stages.finish, depth=count + 2)) as line:
                for item in line:
                    sink.add(item.picture, item.frame, done, work.folder)
                    done += 1
                    track(done, max(part.count, done))
                    if item.last:
                        sink.save(work.folder)
                        work.save(item.frame, item.state, sink.piece(), clip.damaged)
    except OSError as error:
        raise InputError(f"{work.folder}: cannot be written ({error.strerror})") from None
    if not done:
        raise InputError(f"{clip.path}: there are no frames in that part of it")


def _finish(work: ResumableJob, sink) -> None:
    """Write the result beside the pieces, and give it its name."""
    target = work.folder / "result"
    with _writing(work.output):
        work.discard(target)  # a killed run's
        whole = sink.write(target, work)
        work.mark(target, damaged=not whole)
        try:
            os.replace(target, work.output)
        except OSError:
            if not target.is_dir() or not work.output.is_dir():
                raise
            place_frames(sorted(target.iterdir()), work.output)  # with what is there, or on another disk
            work.discard(target)


@contextmanager
def _writing(output: Path) -> Iterator[None]:
    """InputError for what goes wrong as a result is written."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror or error}") from None


class Stages:
    """What is done with each frame: before it is painted, and after; here, with each for itself."""

    def __init__(self, painter: FramePainter, pool: Executor, state: dict[str, np.ndarray]):
        self.painter, self.pool = painter, pool

    def look(self, item: FrameJob) -> FrameJob:
        return self._hand_over(item, item.frame.rgb, fresh=True)

    def finish(self, item: FrameJob) -> FrameJob:
        item.picture = (item.painted.result() * 255 + 0.5).astype(np.uint8)
        return item

    def _hand_over(self, item: FrameJob, picture: np.ndarray, fresh: bool) -> FrameJob:
        item.turn = self.painter.turn(fresh)
        item.painted = self.pool.submit(self.painter.paint, picture, item.turn, item.frame.shown[0])
        return item


class SteadyStages(Stages):
    """On the canvas, and with what each stage knows of the frames before."""

    def __init__(self, painter: FramePainter, pool: Executor, state: dict[str, np.ndarray]):
        super().__init__(painter, pool, state)
        from .stabilize import Stabilizer, TemporalBlend

        self.canvas, self.blend = Stabilizer(), TemporalBlend()
        if state:
            painter.restore(_of("painter", state))
            self.canvas.restore(_of("canvas", state))
            self.blend.restore(_of("blend", state))

    def look(self, item: FrameJob) -> FrameJob:
        item.view = self.canvas.look(item.frame.rgb)
        if item.last:
            item.state |= _as("canvas", self.canvas.state())
        return self._hand_over(item, item.view.picture, fresh=item.view.past is None)

    def finish(self, item: FrameJob) -> FrameJob:
        item.picture = self.blend.take(item.painted.result(), item.view)
        if item.last:
            item.state |= _as("painter", self.painter.state(item.turn))
            item.state |= _as("blend", self.blend.state())
        return item


def _as(name: str, state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{name}/{key}": x for key, x in state.items()}


def _of(name: str, state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {key.partition("/")[2]: x for key, x in state.items() if key.startswith(f"{name}/")}


def _items(frames: Iterator[Frame], size: tuple[int, int]) -> Iterator[FrameJob]:
    waiting, number = None, 0
    for frame in frames:
        if waiting:
            yield waiting
        _resize(frame, size)
        number += 1
        waiting = FrameJob(frame, last=number % PIECE == 0)
    if waiting:
        waiting.last = True
        yield waiting


def _resize(frame: Frame, size: tuple[int, int]) -> None:
    if frame.rgb.shape[1::-1] == size:
        return
    frame.rgb = np.asarray(Image.fromarray(frame.rgb).resize(size, Image.Resampling.LANCZOS))
    if frame.alpha is not None:
        frame.alpha = np.asarray(Image.fromarray(frame.alpha).resize(size, Image.Resampling.LANCZOS))


def _styles(
    stylizer: Stylizer, style, weights, style_at, size: int, crop: float
) -> list[tuple[float, StyleCode]]:
    if (style is None) == (not style_at):
        raise InputError("give styles, or styles at times (--style-at), and not both")
    if style is not None:
        several = list(style) if isinstance(style, (list, tuple)) else [style]
        return [(0.0, stylizer.blend(several, weights, size, crop))]
    for at in style_at:
        if not 0 <= at < float("inf"):
            raise InputError(f"a style at {at:g} seconds: 0 or more")
    return [(float(at), stylizer.style(style_at[at], size, crop)) for at in sorted(style_at)]


def _code_digest(code: StyleCode) -> str:
    found = hashlib.sha256()
    for tap, statistics in sorted(code.statistics.items()):
        for part in statistics:
            found.update(tap.encode() + part.numpy().tobytes())
    return found.hexdigest()

"""A whole film: decoded, painted and encoded at the same time, in pieces that survive a crash."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import InputError
from ..media.animation import place_frames
from ..media.clip import Clip, Frame
from ..media.video_reader import open_clip
from ..options import StylizeOptions
from ..styles.code import StyleCode
from ..styles.encode import Style
from ..stylize.stylizer import Stylizer
from ..version import __version__
from .frame_painter import FramePainter, frame_workers
from .pipeline import overlapped
from .resume import ResumableJob, check_source, content_digest
from .selection import FrameSelection, painted_size, select_frames
from .sinks import Sink, sink_for
from .stages import FrameTask, Stages, SteadyStages
from .video_options import VideoOptions

PIECE = 96  # frames: what a crash can cost, and how often the encoder begins anew
FORMAT = 3  # of the work folder
PICTURES_ONLY = ("mask", "regions", "feather", "color_strength", "tile", "stats", "refine")

Size = tuple[int, int]
TimedStyles = list[tuple[float, StyleCode]]
"""Styles by the second of the result at which they are reached."""
Track = Callable[[int, int], None]
Seen = Callable[[np.ndarray], None]


def stylize_video(
    stylizer: Stylizer,
    content: str | os.PathLike[str],
    output: str | os.PathLike[str],
    style: Style | Sequence[Style] | None = None,
    options: StylizeOptions = StylizeOptions(),
    video: VideoOptions = VideoOptions(),
    *,
    style_at: Mapping[float, Style] | None = None,
    force: bool = False,
    track: Track = lambda done, total: None,
    watch: Seen = lambda frame: None,
    note: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Repaint a film, an animation or a folder of frames.

    content: anything that `open_clip` reads. output: .mp4, .mov, .mkv, .webm, .gif, .webp, .apng, or a
    folder for frames. style: as for `Stylizer.stylize`. style_at: {second: style}, blended in between.
    force: overwrite output, and an unfinished run with other options. track: called with the number of
    frames done and about how many there are. watch: called with each painted frame, uint8 (H, W, 3).
    note: called with what the user should know.

    After an interruption the same call resumes from the last complete piece, in the folder OUTPUT.parts,
    with the same result. Returns the number of frames, how many were painted now, the size as written,
    the seconds of film, and whether the film is damaged and was painted only as far as it goes.
    """
    clip, output = open_clip(Path(content)), Path(output)
    check_source(Path(content), output)
    selection = select_frames(clip, video.start, video.duration, video.fps)
    _check_options(options)
    size = painted_size(clip.size, options.size)
    styles = _styles(stylizer, style, style_at, options)
    plan = _plan(stylizer, Path(content), styles, size, options, video)
    with ResumableJob(output, plan, force) as job:
        sink = sink_for(output, clip, selection, size, video.codec, video.crf, video.sound)
        resumed = job.frames
        if not job.finished:
            with _writing(output):
                sink.probe(job.folder)
            for text in (*clip.notes, *sink.notes):
                note(text)
            luminance = options.preserve_color == "luminance"
            painter = FramePainter(
                stylizer, styles, options.alpha, luminance, video.steady, options.strokes
            )
            _paint(clip, selection, size, painter, video.paint_every, job, sink, track, watch)
            _finish(job, sink)
        if job.damaged:
            note(f"{content} is damaged or cut short: painted are the {job.frames} frames that it has")
        done = {
            "frames": job.frames,
            "painted": job.frames - resumed,
            "size": list(sink.size),
            "seconds": round(float(job.end), 3),
            "damaged": job.damaged,
        }
        job.remove()
    return done


def _check_options(options: StylizeOptions) -> None:
    """Raise InputError for options that do not apply to films."""
    if options.preserve_color not in ("none", "luminance"):
        raise InputError("a film's preserve_color is none or luminance")
    default = StylizeOptions()
    for name in PICTURES_ONLY:
        value, usual = getattr(options, name), getattr(default, name)
        if value is not usual and (usual is None or value != usual):
            raise InputError(f"{name} is for pictures, not for films")


def _styles(
    stylizer: Stylizer,
    style: Style | Sequence[Style] | None,
    style_at: Mapping[float, Style] | None,
    options: StylizeOptions,
) -> TimedStyles:
    size, crop = options.style_size, options.style_crop
    if style is not None and not style_at:
        several: Any = style if isinstance(style, (list, tuple)) else [style]
        return [(0.0, stylizer.blend(several, options.weights, size, crop))]
    if style is not None or not style_at:
        raise InputError("give styles, or styles at times (--style-at), and not both")
    for at in style_at:
        if not 0 <= at < float("inf"):
            raise InputError(f"a style at {at:g} seconds: 0 or more")
    return [(float(at), stylizer.style(style_at[at], size, crop)) for at in sorted(style_at)]


def _plan(
    stylizer: Stylizer,
    content: Path,
    styles: TimedStyles,
    size: Size,
    options: StylizeOptions,
    video: VideoOptions,
) -> dict[str, Any]:
    """Everything that the result depends on: a job with an equal plan is resumed."""
    return {
        "format": FORMAT,
        "version": __version__,
        "input": content_digest(content),
        "model": stylizer.digest,
        "computing": f"{stylizer.device.type} {stylizer.dtype}",
        "styles": [[at, _code_digest(code)] for at, code in styles],
        "options": [
            options.alpha, *size, video.fps, video.start, video.duration, video.codec, video.crf,
            video.steady, options.preserve_color, options.strokes, video.paint_every,
        ],
    }  # fmt: skip


def _code_digest(code: StyleCode) -> str:
    found = hashlib.sha256()
    for tap, statistics in sorted(code.statistics.items()):
        for part in statistics:
            found.update(tap.encode() + part.numpy().tobytes())
    return found.hexdigest()


def _paint(
    clip: Clip,
    selection: FrameSelection,
    size: Size,
    painter: FramePainter,
    paint_every: int,
    job: ResumableJob,
    sink: Sink,
    track: Track,
    watch: Seen,
) -> None:
    """Paint all frames that are not done yet, at this size, and store them in pieces."""
    done = job.frames
    track(done, selection.count)
    tasks = _tasks(selection.frames(clip, job.last), size)
    try:
        with frame_workers(painter.stylizer, size) as (pool, count):
            kind = SteadyStages if painter.steady else Stages
            stages = kind(painter, pool, job.state(), paint_every)
            pipeline = overlapped(tasks, stages.prepare, stages.finish, depth=count + 1 + paint_every)
            with closing(pipeline):
                for task in pipeline:
                    sink.add(task.frame, done, job.folder)
                    done += 1
                    watch(task.frame.rgb)
                    track(done, max(selection.count, done))
                    if task.last:
                        sink.save(job.folder)
                        job.save(task.frame, task.state, sink.piece(), clip.damaged)
    except OSError as error:
        raise InputError(f"{job.folder}: cannot be written ({error.strerror})") from None
    if not done:
        raise InputError(f"{clip.path}: there are no frames in that part of it")


def _tasks(frames: Iterator[Frame], size: Size) -> Iterator[FrameTask]:
    """Yield the frames at the size they are painted at, the last of each piece marked."""
    waiting: FrameTask | None = None
    for number, frame in enumerate(frames, 1):
        if waiting:
            yield waiting
        _resize(frame, size)
        waiting = FrameTask(frame, last=number % PIECE == 0)
    if waiting:
        waiting.last = True
        yield waiting


def _resize(frame: Frame, size: Size) -> None:
    if frame.rgb.shape[1::-1] == size:
        return
    frame.rgb = np.asarray(Image.fromarray(frame.rgb).resize(size, Image.Resampling.LANCZOS))
    if frame.alpha is not None:
        frame.alpha = np.asarray(Image.fromarray(frame.alpha).resize(size, Image.Resampling.LANCZOS))


def _finish(job: ResumableJob, sink: Sink) -> None:
    """Write the result beside the pieces, then give it its name."""
    target = job.folder / "result"
    with _writing(job.output):
        job.discard(target)  # a killed run's
        whole = sink.write(target, job)
        job.mark(target, damaged=not whole)
        try:
            os.replace(target, job.output)
        except OSError:
            if not target.is_dir() or not job.output.is_dir():
                raise
            place_frames(sorted(target.iterdir()), job.output)  # with what is there, or on another disk
            job.discard(target)


@contextmanager
def _writing(output: Path) -> Iterator[None]:
    """Turn errors while a result is written into InputError."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror or error}") from None

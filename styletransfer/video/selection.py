"""Which frames of a film are painted, how large, and when each is shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from ..errors import InputError
from ..media.clip import Clip, FolderClip, Frame


@dataclass
class FrameSelection:
    """The part of a clip that is painted. begin, end: in its own time. tick: 1 / fps, or None."""

    begin: Fraction
    end: Fraction | None
    tick: Fraction | None
    count: int

    def frames(self, clip: Clip, after: Fraction | None) -> Iterator[Frame]:
        """Yield the frames later than `after`, with the times at which the result shows them."""
        waiting: Frame | None = None
        first = after is None
        for frame in clip.frames(self.begin if after is None else after):
            if self.end is not None and frame.time >= self.end:
                break
            if after is not None and frame.time <= after:
                continue
            if waiting is not None and self._show(waiting, frame.time, first):
                yield waiting
                first = False
            waiting = frame
        if waiting is not None:
            end = waiting.time + waiting.duration
            if self._show(waiting, end if self.end is None else min(end, self.end), first):
                yield waiting

    def _show(self, frame: Frame, until: Fraction, first: bool) -> bool:
        """Set when a frame is shown; returns whether it is shown at all at this frame rate."""
        time = frame.time - self.begin
        frame.duration = until - frame.time
        if self.tick is None:
            frame.shown = (time,)
        else:
            begin, end = (ceil(t / self.tick) for t in (time, until - self.begin))
            frame.shown = tuple(k * self.tick for k in range(0 if first else begin, max(end, first)))
            frame.duration = self.tick
        return bool(frame.shown)


def select_frames(clip: Clip, start: float, duration: float | None, fps: float | None) -> FrameSelection:
    """The part of a clip that was asked for. Raises InputError if there is nothing in it."""
    if not 0 <= start < float("inf"):
        raise InputError(f"start is {start:g} seconds: 0 or more")
    if duration is not None and not 0 < duration < float("inf"):
        raise InputError(f"duration is {duration:g} seconds: more than 0")
    if fps is not None and not 0 < fps <= 1000:
        raise InputError(f"fps is {fps:g}: above 0, at most 1000")
    tick = None if fps is None else 1 / Fraction(fps).limit_denominator(1001)
    if isinstance(clip, FolderClip) and tick:
        clip, tick = clip.at_rate(1 / tick), None
    if clip.length and start >= clip.length:
        raise InputError(f"start is {start:g} s, but {clip.path} ends at {float(clip.length):.2f} s")
    begin = clip.begin + round(Fraction(start) / clip.time_base) * clip.time_base
    end = None if duration is None else begin + Fraction(duration).limit_denominator(1_000_000)
    whole = clip.length or clip.count / clip.rate
    length = max(Fraction(0), whole - Fraction(start))
    length = length if duration is None else min(length, Fraction(duration))
    rate = min(clip.rate, 1 / tick) if tick else clip.rate
    return FrameSelection(begin, end, tick, max(1, round(length * rate)))


def painted_size(size: tuple[int, int], short: int | None) -> tuple[int, int]:
    """The (width, height) to paint at: the clip's, or one with a short side of `short`."""
    if short is None:
        return size
    if short < 16:
        raise InputError(f"size is {short}: at least 16")
    width, height = (max(2, 2 * round(side * short / min(size) / 2)) for side in size)
    return width, height

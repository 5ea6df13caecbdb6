"""Painting frames with statistics that are smoothed over time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from fractions import Fraction
from functools import partial

import numpy as np
import torch
from torch import Tensor

from ..device import enough_memory, painting_threads
from ..models.memory import affordable, check_memory
from ..models.statistics import Moments, Statistics
from ..options import StylizeOptions
from ..styles.code import StyleCode, blend
from ..stylize import color
from ..stylize.buffer import ImageBuffer
from ..stylize.levels import Conditioning, statistic_names
from ..stylize.paint import paint
from ..stylize.stylizer import Stylizer
from ..stylize.tiling import Hooks
from ..system.host import cores

MEMORY = 0.9  # what a frame's statistics keep of those before it


class FrameStatistics:
    """The running moments of one frame by name, which the next frame waits for, and those of the frame
    before."""

    def __init__(self, names: Sequence[str], before: "FrameStatistics | None" = None):
        self.before = before
        self.moments: dict[str, Future[Moments]] = {name: Future() for name in names}

    def fail(self, error: BaseException) -> None:
        """Tell whoever waits for these statistics why they will never come."""
        for future in self.moments.values():
            if not future.done():
                future.set_exception(error)


class FramePainter:
    """Paints frames, several at once.

    styles: (second, code) in order of time, blended in between. steady: AdaIN normalises by a running
    mean of the frames' statistics, μ̄ₜ = 0.9 μ̄ₜ₋₁ + 0.1 μₜ (variances likewise), so that what enters
    the picture on one side does not suddenly change the other.
    """

    def __init__(
        self,
        stylizer: Stylizer,
        styles: Sequence[tuple[float, StyleCode]],
        alpha: float = 1.0,
        luminance: bool = False,
        steady: bool = True,
        strokes: float = 1.0,
    ):
        self.stylizer, self.net = stylizer, stylizer.net
        self.styles, self.alpha, self.luminance, self.steady = styles, alpha, luminance, steady
        self.strokes, self._names = strokes, statistic_names(stylizer.net, strokes)
        self._last: FrameStatistics | None = None
        self._code: tuple[StyleCode, dict[str, Statistics]] | None = None

    def next_statistics(self, fresh: bool = False) -> FrameStatistics:
        """The statistics of the next frame, still empty. To be called in the order of the frames, which
        may then be painted in any order. fresh: start anew, as after a cut."""
        self._last = FrameStatistics(self._names, self._last if self.steady and not fresh else None)
        return self._last

    @torch.inference_mode()
    def paint(
        self, frame: np.ndarray, statistics: FrameStatistics, time: Fraction | float = 0
    ) -> np.ndarray:
        """Paint a frame as it is seen at `time`: float32 (H, W, 3) in [0, 1] or uint8 in, float32 out.

        Waits for the statistics of the frame before, whose painting must have begun.
        """
        try:
            return self._paint(frame, statistics, self._style(float(time)))
        except BaseException as error:
            statistics.fail(error)
            raise
        finally:
            statistics.before = None

    def state(self, statistics: FrameStatistics) -> dict[str, np.ndarray]:
        """What later frames need to know of this frame and those before it, for resuming."""
        return {
            f"{name}.{part}": x.cpu().numpy()
            for name, future in statistics.moments.items()
            for part, x in future.result()._asdict().items()
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Resume from what `state` gave."""
        for name, future in self.next_statistics(fresh=True).moments.items():
            parts = (torch.from_numpy(state[f"{name}.{part}"]) for part in Moments._fields)
            future.set_result(Moments(*(x.to(self.net.device) for x in parts)))

    def _paint(
        self, frame: np.ndarray, statistics: FrameStatistics, code: dict[str, Statistics]
    ) -> np.ndarray:
        height, width = frame.shape[:2]
        check_memory(width, height, self.net)
        if frame.dtype == np.uint8:
            frame = frame / np.float32(255)
        x = torch.from_numpy(frame).to(self.net.device).permute(2, 0, 1)[None]
        with enough_memory(self.net.device, "a smaller --size"):
            out = self._network(x, code, statistics)
        if self.luminance:
            out = color.with_luminance_of(x, out)
        painted: np.ndarray = out[0].permute(1, 2, 0).contiguous().cpu().numpy()
        return painted

    def _network(self, x: Tensor, code: dict[str, Statistics], statistics: FrameStatistics) -> Tensor:
        """Paint a frame (1, 3, H, W) like `stylize.paint`, with running moments in place of its own."""
        smoothed = partial(_smoothed, statistics)
        conditioning = Conditioning(code, self.alpha)
        options, hooks = StylizeOptions(tile="off", strokes=self.strokes), Hooks(adjust_moments=smoothed)
        out = paint(self.net, ImageBuffer(x), conditioning, options, hooks).pixels
        moments = statistics.moments
        for name, future in moments.items():  # of a draft that is not painted of so small a frame
            if not future.done():
                future.set_result(moments[name.partition("/")[0]].result())
        return out

    def _style(self, time: float) -> dict[str, Statistics]:
        """The style code at a time, on the network's device."""
        code, kept = code_at(self.styles, time), self._code
        if kept is None or kept[0] is not code:
            on_device = {
                tap: Statistics(*(x.to(self.net.device) for x in s))
                for tap, s in code.statistics.items()
            }
            kept = self._code = code, on_device
        return kept[1]


def _smoothed(statistics: FrameStatistics, name: str, moments: Moments) -> Moments:
    """A frame's moments, averaged with those of the frames before."""
    if statistics.before:
        before = statistics.before.moments[name].result()
        moments = Moments(*(was.lerp(now, 1 - MEMORY) for was, now in zip(before, moments)))
    statistics.moments[name].set_result(moments)
    return moments


@contextmanager
def frame_workers(stylizer: Stylizer, size: tuple[int, int]) -> Iterator[tuple[Executor, int]]:
    """A pool of threads that paint frames of this size, and their number: on a CPU one per core, as far
    as memory allows."""
    count = 1
    if stylizer.device.type == "cpu":
        width, height = size
        count = max(1, min(cores(), affordable(stylizer.net) // (2 * width * height)))
    with painting_threads(count, max(1, cores() // count)) as pool:
        yield pool, count


def code_at(styles: Sequence[tuple[float, StyleCode]], time: float) -> StyleCode:
    """The style code at a time: the first before its own time, the last after its own, in between a
    blend that is eased at both ends (3t² − 2t³)."""
    later = [at for at, _ in styles if at > time]
    index = len(styles) - len(later)
    if index == 0 or not later:
        return styles[max(index - 1, 0)][1]
    (t0, a), (t1, b) = styles[index - 1 : index + 1]
    t = (time - t0) / (t1 - t0)
    weight = t * t * (3 - 2 * t)
    return blend([a, b], [1 - weight, weight])

"""The stages of a frame, before it is painted and after."""

from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..media.clip import Frame
from .frame_painter import FramePainter, FrameStatistics

if TYPE_CHECKING:
    from .stabilize import StabilizedFrame

State = dict[str, np.ndarray]
"""What the frames after a piece need to know of those in it, by stage and name."""


@dataclass
class FrameTask:
    """A frame on its way through the stages.

    last: whether it ends a piece, and so leaves a state behind. painting: None for a frame that is
    carried along the motion.
    """

    frame: Frame
    last: bool = False
    stabilized: "StabilizedFrame | None" = None
    statistics: FrameStatistics | None = None
    painting: "Future[np.ndarray] | None" = None
    state: State = field(default_factory=dict)

    def painted(self) -> np.ndarray:
        """The painted frame, float32 (h, w, 3) in [0, 1]; waits for it."""
        assert self.painting is not None, "finished before it was prepared"
        return self.painting.result()


class Stages:
    """Each frame by itself, in threads that paint."""

    def __init__(self, painter: FramePainter, pool: Executor, state: State, paint_every: int = 1):
        self.painter, self.pool = painter, pool

    def prepare(self, task: FrameTask) -> FrameTask:
        """Start to paint a frame."""
        return self._paint(task, task.frame.rgb, fresh=True)

    def finish(self, task: FrameTask) -> FrameTask:
        """Wait for the painted frame: task.frame.rgb is then uint8 (H, W, 3)."""
        task.frame.rgb = (task.painted() * 255 + 0.5).astype(np.uint8)
        return task

    def _paint(self, task: FrameTask, image: np.ndarray, fresh: bool) -> FrameTask:
        task.statistics = self.painter.next_statistics(fresh)
        task.painting = self.pool.submit(self.painter.paint, image, task.statistics, task.frame.shown[0])
        return task


class SteadyStages(Stages):
    """Each frame in the scene (`stabilize`); every stage remembers the frames before.

    paint_every: of so many frames one is painted, and each of which the last one shows too little.
    """

    def __init__(self, painter: FramePainter, pool: Executor, state: State, paint_every: int = 1):
        super().__init__(painter, pool, state)
        from .stabilize import Stabilizer, TemporalBlend

        self.stabilizer, self.blend = Stabilizer(), TemporalBlend()
        self.paint_every, self.carried = paint_every, 0  # frames since the last that was painted
        self.statistics: FrameStatistics | None = None  # of the last that was painted
        if state:
            self.carried = int(state["stages/carried"])
            painter.restore(_of("painter", state))
            self.stabilizer.restore(_of("canvas", state))
            self.blend.restore(_of("blend", state))

    def prepare(self, task: FrameTask) -> FrameTask:
        task.stabilized = self.stabilizer.stabilize(task.frame.rgb)
        carry = self.carried + 1 < self.paint_every and task.stabilized.shows_last()
        self.carried = self.carried + 1 if carry else 0
        if not carry:
            self._paint(task, task.stabilized.image, fresh=task.stabilized.past is None)
            self.statistics = task.statistics
        if task.last:
            task.state |= _as("canvas", self.stabilizer.state())
            task.state["stages/carried"] = np.array(self.carried)
            task.statistics = self.statistics
        return task

    def finish(self, task: FrameTask) -> FrameTask:
        assert task.stabilized is not None
        painted = task.painted() if task.painting else None
        task.frame.rgb = self.blend.blend(painted, task.stabilized)
        if task.last:
            assert task.statistics is not None
            task.state |= _as("painter", self.painter.state(task.statistics))
            task.state |= _as("blend", self.blend.state())
        return task


def _as(stage: str, state: State) -> State:
    """A stage's state under its name in a job's files."""
    return {f"{stage}/{key}": x for key, x in state.items()}


def _of(stage: str, state: State) -> State:
    return {key.partition("/")[2]: x for key, x in state.items() if key.startswith(f"{stage}/")}

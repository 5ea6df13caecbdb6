"""What is told of refining in the end, and how Ctrl-C ends it. No torch here."""

import time
from typing import TYPE_CHECKING, Any

from ..system.interrupt import Interrupt

if TYPE_CHECKING:
    from ..stylize.refine import RefineStep


class RefineRecord:
    """Gathered while it lasts; inside the `with`, Ctrl-C keeps what has been reached."""

    def __init__(self) -> None:
        self.interrupt = Interrupt()
        self.steps: list[tuple[tuple[int, int], float, float]] = []
        self.started, self.seconds, self.done = 0.0, 0.0, 0.0

    def __enter__(self) -> "RefineRecord":
        self.interrupt.__enter__()
        self.started = time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        self.interrupt.__exit__(*error)

    def watch(self, step: "RefineStep") -> None:
        """Remember a step: its size, and the losses of style and content before it. After Ctrl-C it was
        the last one."""
        from ..stylize.refine import StopRefining

        self.steps.append((step.size, step.style, step.content))
        self.seconds, self.done = time.perf_counter() - self.started, step.done
        if self.interrupt.wanted:
            raise StopRefining

    def told(self) -> dict[str, Any]:
        """For --json: the losses at the finest size that was reached, before its first and last step."""
        finest = [step for step in self.steps if step[0] == self.steps[-1][0]]
        style = [round(before, 4) for _, before, _ in finest]
        content = [round(before, 4) for _, _, before in finest]
        return {
            "steps": len(self.steps),
            "finished": self.done == 1,
            "size": list(finest[-1][0]) if finest else None,
            "style_loss": [style[0], style[-1]] if finest else None,
            "content_loss": [content[0], content[-1]] if finest else None,
            "seconds": round(self.seconds, 3),
        }

    def said(self) -> str:
        """A word of it for the message."""
        if not self.steps:
            return ", not refined"
        width, height = self.steps[-1][0]
        stopped = "" if self.done == 1 else f", stopped at {self.done:.0%}"
        return f", refined at {width}×{height}{stopped}"

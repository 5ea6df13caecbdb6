"""The options of a film. No torch here."""

from dataclasses import dataclass

from ..errors import InputError


@dataclass(frozen=True)
class VideoOptions:
    """The options of a film, besides `StylizeOptions`.

    fps: frames per second, in place of the film's own times. start, duration: in seconds. codec, crf: as
    for `video_writer.encoder_for` and `encoder_options`. sound: copy it. steady: without flicker
    (`stabilize`); otherwise each frame by itself. paint_every: at least one frame in so many is painted;
    those in between are carried along the film's motion. Raises InputError where it cannot be so.
    """

    fps: float | None = None
    start: float = 0
    duration: float | None = None
    codec: str = ""
    crf: int | None = None
    sound: bool = True
    steady: bool = True
    paint_every: int = 1

    def __post_init__(self) -> None:
        if self.paint_every < 1:
            raise InputError(f"paint_every is {self.paint_every}: 1 or more")
        if self.paint_every > 1 and not self.steady:
            raise InputError("frame by frame every frame is painted: leave paint_every at 1")

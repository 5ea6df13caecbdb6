"""The options of a film. No torch here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class VideoOptions:
    """The options of a film, besides `StylizeOptions`.

    fps: frames per second, in place of the film's own times. start, duration: in seconds. codec, crf: as
    for `video_writer.encoder_for` and `encoder_options`. sound: copy it. steady: without flicker
    (`stabilize`); otherwise each frame by itself.
    """

    fps: float | None = None
    start: float = 0
    duration: float | None = None
    codec: str = ""
    crf: int | None = None
    sound: bool = True
    steady: bool = True

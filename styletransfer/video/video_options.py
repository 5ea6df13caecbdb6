"""What of a film is painted and how it is written. No torch here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class VideoOptions:
    """What a film was asked for beside what any picture can be (`StylizeOptions`).

    fps: frames a second, in place of the film's own times. start, duration: seconds of it. codec, crf:
    as `video_writer.encoder_for` and `encoder_options` take them. sound: copied as it is. steady:
    without flicker (`stabilize`), or each frame for itself.
    """

    fps: float | None = None
    start: float = 0
    duration: float | None = None
    codec: str = ""
    crf: int | None = None
    sound: bool = True
    steady: bool = True

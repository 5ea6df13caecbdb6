"""stylize video: films, animations and folders of frames."""

import json
import sys
import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from ..options import StylizeOptions
from ..styles.names import DEFAULT_MODEL, parse_blend
from ..video.video_options import VideoOptions
from . import common, complete
from .common import Precision

if TYPE_CHECKING:
    from ..stylize.stylizer import Stylizer

app = common.app()

EPILOG = """Examples:

  stylize video clip.mp4 starry.jpg

  stylize video clip.mov starry.jpg wave.jpg --weights 0.7,0.3 -o out.mp4 --size 720

  stylize video clip.mp4 --style-at 0:starry.jpg --style-at 5:wave.jpg --start 10 --duration 8

  stylize video cat.gif starry.jpg -o cat-starry.webp

  stylize video frames/ starry.jpg -o out.webm --fps 30 --codec vp9
"""


class VideoPreserveColor(str, Enum):
    """Whose colours a film has."""

    none = "none"
    luminance = "luminance"


Content = Annotated[
    str, typer.Argument(metavar="IN", help="A film, a GIF, WebP or APNG, or a folder of frames.")
]
Styles = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STYLE...",
        help="Paintings, .style.safetensors codes, folders of paintings, or learned styles "
        "(bank:monet); a.jpg:0.7,b.jpg:0.3 is a blend.",
        show_default=False,
        autocompletion=complete.styles,
    ),
]
Output = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT",
        show_default="IN-STYLE.mp4 here",
        help=".mp4, .mov, .mkv, .webm, .gif, .webp, .apng, or a folder for frames.",
    ),
]
StyleAt = Annotated[
    list[str] | None,
    typer.Option(
        metavar="T:STYLE",
        help="The style at T seconds of the result, '5:b.jpg', '5:b.jpg:0.7,c.jpg:0.3'; repeatable. "
        "Between two, one becomes the other.",
        autocompletion=complete.styles,
    ),
]
Alpha = Annotated[float, typer.Option(help="Strength: 0 the film, 1 the full style, 2 too much.")]
Size = Annotated[int | None, typer.Option(help="Short side in pixels.", show_default="the film's")]
Fps = Annotated[
    float | None, typer.Option(help="Frames per second.", show_default="the film's own times")
]
Start = Annotated[float, typer.Option(metavar="S", help="Leave out the first S seconds.")]
Duration = Annotated[
    float | None, typer.Option(metavar="S", help="No more than S seconds.", show_default="all")
]
Codec = Annotated[
    str,
    typer.Option(
        help="h264, h265, vp9, av1, or an encoder of FFmpeg.", show_default="h264; vp9 for .webm"
    ),
]
Crf = Annotated[
    int | None,
    typer.Option(help="Quality: less is better and larger.", show_default="hardly any loss"),
]
NoAudio = Annotated[bool, typer.Option("--no-audio", help="Leave the sound out.")]
FrameByFrame = Annotated[
    bool, typer.Option("--frame-by-frame", help="Each frame for itself: a little faster; flickers.")
]
PaintEvery = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Paint at least one frame in N and carry it along the motion in between: faster, but "
        "what comes into view waits for the next.",
    ),
]
PreserveColor = Annotated[
    VideoPreserveColor, typer.Option(help="Keep the film's colours: paint brightness only.")
]
AllowDamaged = Annotated[
    bool,
    typer.Option("--allow-damaged", help="Exit 0 although IN is damaged or cut short, not 1."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Overwrite OUT, and an unfinished run with other options.")
]


@app.command(epilog=EPILOG)
def video(
    content: Content,
    styles: Styles = None,
    output: Output = "",
    style_at: StyleAt = None,
    preset: common.Preset = "",
    alpha: Alpha = 1.0,
    weights: common.Weights = "",
    size: Size = None,
    fps: Fps = None,
    start: Start = 0.0,
    duration: Duration = None,
    codec: Codec = "",
    crf: Crf = None,
    no_audio: NoAudio = False,
    frame_by_frame: FrameByFrame = False,
    paint_every: PaintEvery = 1,
    preserve_color: PreserveColor = VideoPreserveColor.none,
    strokes: common.Strokes = 1.0,
    style_size: common.StyleSize = 512,
    style_crop: common.StyleCrop = 1.0,
    model: common.Model = DEFAULT_MODEL,
    device: common.Device = "auto",
    precision: common.Precise = Precision.auto,
    as_json: common.Json = False,
    show: common.Show = False,
    allow_damaged: AllowDamaged = False,
    force: Force = False,
) -> int:
    """Repaint a film without flicker. Its sound is copied, its timing kept.

    Stopped or crashed, the same command goes on where it was (from the folder OUT.parts). Of a film
    that is damaged or cut short all that is there is painted; the exit code is then 1.
    """
    styles, at = styles or [], parse_style_at(style_at or [])
    if bool(styles) == bool(at):
        raise InputError("give STYLE... or --style-at, one of them")
    options = common.stylize_options(
        weights=common.parse_weights(weights, len(styles)) or None, alpha=alpha, size=size,
        preserve_color=preserve_color.value, strokes=strokes,
        style_size=style_size, style_crop=style_crop,
    )  # fmt: skip
    selected = VideoOptions(
        fps, start, duration, codec, crf, not no_audio, not frame_by_frame, paint_every
    )
    names = styles or [name for blend in at.values() for name in blend]
    common.read_styles(names)
    output = output or default_output(content, names)
    check_files(content, output, options, selected, force)

    from ..stylize.stylizer import Stylizer

    stylizer = Stylizer(common.model_for(model, names), device, precision.value)
    begin = time.perf_counter()
    done = paint(stylizer, content, output, styles, options, selected, at, force)
    record = {
        "input": content, "output": output, **done, "styles": names, "alpha": alpha,
        "model": stylizer.model, "device": str(stylizer.device),
    }  # fmt: skip
    report(record, time.perf_counter() - begin, as_json)
    if show:
        common.show_result(output, "stylize video")
    return 1 if done["damaged"] and not allow_damaged else 0


def check_files(
    content: str, output: str, options: StylizeOptions, selected: VideoOptions, force: bool
) -> None:
    """Say what is wrong with IN and OUT before torch takes its seconds to import; InputError."""
    from ..media.animation import check_animation
    from ..media.video_reader import open_clip
    from ..video.resume import check_source, is_finished
    from ..video.selection import painted_size, select_frames

    if Path(content).exists():
        check_source(Path(content), Path(output))
    clip = open_clip(content)
    check_animation(output, force or is_finished(Path(output)))
    select_frames(clip, selected.start, selected.duration, selected.fps)
    painted_size(clip.size, options.size)


def paint(
    stylizer: "Stylizer",
    content: str,
    output: str,
    styles: list[str],
    options: StylizeOptions,
    selected: VideoOptions,
    at: dict[float, Any],
    force: bool,
) -> dict[str, Any]:
    """`stylize_video`, told of as it goes."""
    from ..video.job import stylize_video

    with FrameProgress() as progress:
        try:
            return stylize_video(
                stylizer, content, output, styles or None, options, selected, style_at=at or None,
                force=force, track=progress.track, note=say,
            )  # fmt: skip
        except KeyboardInterrupt:
            if Path(f"{output}.parts").exists():
                say(f"what is done is kept in {output}.parts: the same command goes on from there")
            raise


def report(record: dict[str, Any], seconds: float, as_json: bool) -> None:
    """Print what was done: the path, or one JSON object."""
    if as_json:
        print(json.dumps({**record, "seconds_taken": round(seconds, 3)}))
        return
    print(record["output"])
    there = record["frames"] - record["painted"]
    went_on = f" ({there} were there)" if there else ""
    rate = f"{record['painted'] / seconds:.1f} frames/s on {record['device']}"
    sizes = "{}×{}".format(*record["size"])
    say(f"painted {record['frames']} frames{went_on}, {sizes}, in {seconds:.1f} s: {rate}")


def parse_style_at(texts: list[str]) -> dict[float, dict[str, float]]:
    """["0:a.jpg", "5:b.jpg:0.5,c.jpg:0.5"] to {0: {"a.jpg": 1}, 5: {"b.jpg": 0.5, "c.jpg": 0.5}}."""
    found = {}
    for text in texts:
        when, colon, style = text.partition(":")
        try:
            time = float(when)
        except ValueError:
            time = -1.0
        if not colon or not style or not 0 <= time < float("inf"):
            raise InputError(f"--style-at is {text!r}: SECONDS:STYLE is wanted, e.g. 5:sky.jpg")
        if time in found:
            raise InputError(f"--style-at has two styles at {time:g} seconds")
        found[time] = parse_blend(style)
    return found


def default_output(content: str, styles: list[str]) -> str:
    """CONTENTSTEM-STYLESTEM with the suffix of the animation, .mp4 for films and folders."""
    from ..media.animation import FORMATS
    from ..media.image import FILMS

    suffix = Path(content).suffix.lower()
    names = "+".join(common.stem(style) for style in styles)
    name = f"{Path(content).stem}-{names}".encode()[:200].decode(errors="ignore")
    return name + (suffix if suffix in (*FORMATS, *FILMS) else ".mp4")


class FrameProgress:
    """Frames, frames a second and the time left on standard error, if that is a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TaskID,
            TextColumn,
            TimeRemainingColumn,
        )

        console = Console(stderr=True)
        columns = (
            "painting", BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(), "left",
        )  # fmt: skip
        self.bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self.task: TaskID | None = None
        self.begin = 0.0, 0

    def __enter__(self) -> "FrameProgress":
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def track(self, done: int, total: int) -> None:
        now = time.perf_counter()
        if self.task is None:
            self.begin = now, done
            self.task = self.bar.add_task("", total=total, completed=done, rate="")
            return
        since = max(now - self.begin[0], 1e-6)
        rate = f"{(done - self.begin[1]) / since:.1f} frames/s"
        self.bar.update(self.task, total=total, completed=done, rate=rate)


def say(text: str) -> None:
    """A line for the user."""
    print(f"stylize video: {text}", file=sys.stderr)

"""stylize video: films, animations and folders of frames."""

import json
import sys
import time
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from . import common
from .common import Precision
from .picture import parse_weights

app = common.app()

EPILOG = """Examples:

  stylize video clip.mp4 starry.jpg

  stylize video clip.mov starry.jpg wave.jpg --weights 0.7,0.3 -o out.mp4 --size 720

  stylize video clip.mp4 --style-at 0:starry.jpg --style-at 5:wave.jpg --start 10 --duration 8

  stylize video cat.gif starry.jpg -o cat-starry.webp

  stylize video frames/ starry.jpg -o out.webm --fps 30 --codec vp9
"""


class VideoPreserveColor(str, Enum):
    none = "none"
    luminance = "luminance"


@app.command(epilog=EPILOG)
def video(
    content: Annotated[
        str, typer.Argument(metavar="IN", help="A film, a GIF, WebP or APNG, or a folder of frames.")
    ],
    styles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STYLE...",
            help="Paintings, .style.safetensors codes, folders of paintings, or learned styles "
            "(bank:monet); a.jpg:0.7,b.jpg:0.3 is a blend.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            show_default="IN-STYLE.mp4 here",
            help=".mp4, .mov, .mkv, .webm, .gif, .webp, .apng, or a folder for frames.",
        ),
    ] = "",
    style_at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="T:STYLE",
            help="The style at T seconds of the result, '5:b.jpg', '5:b.jpg:0.7,c.jpg:0.3'; repeatable. "
            "Between two, one becomes the other.",
        ),
    ] = None,
    alpha: Annotated[
        float, typer.Option(help="Strength: 0 the film, 1 the full style, 2 too much.")
    ] = 1.0,
    weights: Annotated[
        str, typer.Option(metavar="W,W...", help="How much of each style, e.g. 0.7,0.3.")
    ] = "",
    size: Annotated[
        int | None, typer.Option(help="Short side in pixels.", show_default="the film's")
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frames a second.", show_default="the film's own times")
    ] = None,
    start: Annotated[float, typer.Option(metavar="S", help="Leave out the first S seconds.")] = 0.0,
    duration: Annotated[
        float | None, typer.Option(metavar="S", help="No more than S seconds.", show_default="all")
    ] = None,
    codec: Annotated[
        str,
        typer.Option(
            help="h264, h265, vp9, av1, or an encoder of FFmpeg.", show_default="h264; vp9 for .webm"
        ),
    ] = "",
    crf: Annotated[
        int | None,
        typer.Option(help="Quality: less is better and larger.", show_default="hardly any loss"),
    ] = None,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Leave the sound out.")] = False,
    frame_by_frame: Annotated[
        bool, typer.Option("--frame-by-frame", help="Each frame for itself: a little faster; flickers.")
    ] = False,
    preserve_color: Annotated[
        VideoPreserveColor, typer.Option(help="Keep the film's colours: paint brightness only.")
    ] = VideoPreserveColor.none,
    strokes: common.Strokes = 1.0,
    style_size: common.StyleSize = 512,
    style_crop: common.StyleCrop = 1.0,
    model: common.Model = common.DEFAULT_MODEL,
    device: common.Device = "auto",
    precision: common.Precise = Precision.auto,
    as_json: common.Json = False,
    allow_damaged: Annotated[
        bool,
        typer.Option("--allow-damaged", help="Exit 0 although IN is damaged or cut short, not 1."),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite OUT, and an unfinished run with other options.")
    ] = False,
) -> int:
    """Repaint a film without flicker. Its sound is copied, its timing kept.

    Stopped or crashed, the same command goes on where it was (from the folder OUT.parts). Of a film
    that is damaged or cut short all that is there is painted; the exit code is then 1.
    """
    from ..media.animation import check_animation
    from ..media.video_reader import open_clip
    from ..video.resume import check_source, is_finished
    from ..video.selection import cut_out, painted_size

    styles, at = styles or [], parse_style_at(style_at or [])
    if bool(styles) == bool(at):
        raise InputError("give STYLE... or --style-at, one of them")
    shares = parse_weights(weights, len(styles))
    if not 0 <= alpha <= 2:
        raise InputError(f"--alpha is {alpha:g}: it goes from 0 to 1, to 2 to exaggerate")
    common.check_style_view(style_size, style_crop)
    names = styles or [name for blend in at.values() for name in blend]
    common.read_styles(names)
    model = common.model_for(model, names)
    output = output or default_output(content, names)
    if Path(content).exists():
        check_source(Path(content), Path(output))
    clip = open_clip(content)
    check_animation(output, force or is_finished(Path(output)))
    cut_out(clip, start, duration, fps)
    painted_size(clip.size, size)

    from ..stylize.stylizer import Stylizer
    from ..video.job import stylize_video

    stylizer = Stylizer(model, device, precision.value)
    begin = time.perf_counter()
    with progress() as track:
        try:
            done = stylize_video(
                stylizer, content, output, styles or None, alpha, weights=shares or None,
                style_at=at or None,
                size=size, fps=fps, start=start, duration=duration, codec=codec, crf=crf,
                sound=not no_audio, steady=not frame_by_frame, preserve_color=preserve_color.value,
                style_size=style_size, style_crop=style_crop, strokes=strokes,
                force=force, track=track, note=say,
            )  # fmt: skip
        except KeyboardInterrupt:
            if Path(f"{output}.parts").exists():
                say(f"what is done is kept in {output}.parts: the same command goes on from there")
            raise
    seconds = time.perf_counter() - begin
    if as_json:
        record = {
            "input": content, "output": output, **done, "styles": names, "alpha": alpha, "model": model,
            "device": str(stylizer.device), "seconds_taken": round(seconds, 3),
        }  # fmt: skip
        print(json.dumps(record))
    else:
        print(output)
        there = done["frames"] - done["painted"]
        went_on = f" ({there} were there)" if there else ""
        rate = f"{done['painted'] / seconds:.1f} frames/s on {stylizer.device}"
        sizes = "{}×{}".format(*done["size"])
        say(f"painted {done['frames']} frames{went_on}, {sizes}, in {seconds:.1f} s: {rate}")
    return 1 if done["damaged"] and not allow_damaged else 0


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
        found[time] = common.parse_blend(style)
    return found


def default_output(content: str, styles: list[str]) -> str:
    """CONTENTSTEM-STYLESTEM with the suffix of the animation, .mp4 for films and folders."""
    from ..media.animation import FILMS, FORMATS

    suffix = Path(content).suffix.lower()
    names = "+".join(common.stem(style) for style in styles)
    name = f"{Path(content).stem}-{names}".encode()[:200].decode(errors="ignore")
    return name + (suffix if suffix in (*FORMATS, *FILMS) else ".mp4")


class progress:
    """Frames, frames a second and the time left on standard error, if that is a terminal."""

    def __enter__(self):
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        console = Console(stderr=True)
        columns = (
            "painting", BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(), "left",
        )  # fmt: skip
        self.bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self.task, self.begin = None, (0.0, 0)
        self.bar.start()
        return self._track

    def __exit__(self, *_):
        self.bar.stop()

    def _track(self, done: int, total: int) -> None:
        now = time.perf_counter()
        if self.task is None:
            self.begin = now, done
            self.task = self.bar.add_task("", total=total, completed=done, rate="")
            return
        since = max(now - self.begin[0], 1e-6)
        rate = f"{(done - self.begin[1]) / since:.1f} frames/s"
        self.bar.update(self.task, total=total, completed=done, rate=rate)


def say(text: str) -> None:
    print(f"stylize video: {text}", file=sys.stderr)

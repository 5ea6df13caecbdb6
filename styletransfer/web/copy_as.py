"""A wish as a command, and as Python: what gives the same picture elsewhere, to the last pixel. No torch
here."""

import shlex
from collections.abc import Mapping
from pprint import pformat
from typing import Any, cast

from .wish import Blend, Wish

OF_STYLES = ("weights", "mask", "regions", "region")
"""Options that name files, or count styles: written out one by one."""


class Copied:
    """photo: what the visitor calls the photo. device, precision: as the studio was opened with."""

    def __init__(self, wish: Wish, device: str, precision: str):
        self.wish, self.device, self.precision = wish, device, precision
        self.photo = wish.photo.name
        self.film = wish.photo.role == "film"
        options = wish.options
        self.plain = {
            name: getattr(options, name) for name in options.changed() if name not in OF_STYLES
        }

    def command(self) -> str:
        """For a shell; `styletransfer` installed there as it is here."""
        wish, words = self.wish, ["stylize", *(["video"] if self.film else [])]
        words += [self.photo, *(self._name(source) for source in wish.styles)]
        if len(wish.styles) > 1:
            words += ["--weights", ",".join(f"{weight:.10g}" for weight in wish.styles.values())]
        for name, value in self.plain.items():
            words += [f"--{name.replace('_', '-')}", f"{value}"]
        for name in ("mask", "regions"):
            if (file := getattr(wish.options, name)) is not None:
                words += [f"--{name}", self._name(file)]
        for color, blend in (wish.options.region or {}).items():
            words += ["--region", f"{color}={self._blend(cast(Blend, blend))}"]
        words += ["--model", wish.model] + ([] if self.film else ["--engine", "torch"])
        for name, value in (("device", self.device), ("precision", self.precision)):
            words += [f"--{name}", value] if value != "auto" else []
        if wish.format in ("jpg", "webp") and not self.film:
            words += ["--quality", str(wish.quality)]
        output = wish.photo.stem if self.film else ""
        return shlex.join([*words, "-o", output and film_name(wish) or wish.file_name(wish.photo)])

    def python(self) -> str:
        """For a program."""
        wish = self.wish
        device = {"device": self.device} if self.device != "auto" else {}
        precision = {"precision": self.precision} if self.precision != "auto" else {}
        given = [repr(wish.model), *_keywords({**device, **precision})]
        if self.film:
            return self._python_of_film(", ".join(given))
        styles = [self._name(source) for source in wish.styles]
        arguments = [repr(self.photo)]
        if styles:
            arguments.append(repr(styles[0] if len(styles) == 1 else styles))
        more: dict[str, Any] = dict(self.plain)
        if len(styles) > 1:
            more["weights"] = list(wish.styles.values())
        for name in ("mask", "regions"):
            if (file := getattr(wish.options, name)) is not None:
                more[name] = self._name(file)
        if wish.options.region:
            more["region"] = {
                color: self._blend(cast(Blend, blend)) for color, blend in wish.options.region.items()
            }
        lines = ",\n    ".join([*arguments, *_keywords(more)])
        name = repr(wish.file_name(wish.photo))
        saved = {
            "jpg": f"{name}, quality={wish.quality}, subsampling=0",
            "webp": f"{name}, quality={wish.quality}",
        }.get(wish.format, name)
        return (
            "from styletransfer import Stylizer\n\n"
            f"stylizer = Stylizer({', '.join(given)})\n"
            f"picture = stylizer.stylize(\n    {lines},\n)\n"
            f"picture.save({saved})\n"
        )

    def _python_of_film(self, model: str) -> str:
        wish = self.wish
        options = {"weights": list(wish.styles.values()), **self.plain}
        styles = [self._name(source) for source in wish.styles]
        return (
            "from styletransfer import Stylizer\n"
            "from styletransfer.options import StylizeOptions\n"
            "from styletransfer.video.job import stylize_video\n\n"
            f"options = StylizeOptions({', '.join(_keywords(options))})\n"
            f"stylizer = Stylizer({model})\n"
            f"stylize_video(stylizer, {self.photo!r}, {film_name(wish)!r}, {styles!r}, options)\n"
        )

    def files(self) -> list[str]:
        """What the command names that the visitor may not have as a file."""
        options = self.wish.options
        return [self._name(file) for file in (options.mask, options.regions) if file is not None]

    def _name(self, source: Any) -> str:
        return self.wish.names[str(source)]

    def _blend(self, blend: Mapping[str, float]) -> str:
        return ",".join(self._name(source) for source in blend)


def film_name(wish: Wish) -> str:
    """What a painted film is called: its own type where that can be written."""
    from ..media.animation import FORMATS
    from ..media.image import FILMS

    suffix = wish.photo.path.suffix
    return wish.file_name(wish.photo, (suffix if suffix in (*FORMATS, *FILMS) else ".mp4")[1:])


def _keywords(given: Mapping[str, Any]) -> list[str]:
    return [f"{name}={pformat(value)}" for name, value in given.items()]

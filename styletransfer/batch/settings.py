"""The settings that all pictures of a run share, and their record in the manifest. No torch here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..options import StylizeOptions
from ..styles.names import DEFAULT_MODEL
from .ledger import as_json
from .style_choice import former_identity, identity

RECORDED = (
    "alpha", "mask", "regions", "region", "feather", "preserve_color", "color_strength", "size",
    "strokes", "style_size", "style_crop", "stats", "refine",
)  # fmt: skip
"""Options that a result depends on, but its style: with others it is another picture."""


@dataclass(frozen=True)
class BatchSettings:
    """The settings of a run.

    folder: the destination. options: with absolute paths for mask, regions and the styles of `region`.
    crop: cut out the central square. quality: of JPEG and WebP, 1 to 100. seed: for drawing styles.
    batch: the most pictures of one size that a GPU paints at once.

    recorded: JSON for the manifest, everything that a result depends on besides its picture and style.
    former: the same as earlier versions wrote it.
    """

    folder: str
    options: StylizeOptions = StylizeOptions()
    model: str = DEFAULT_MODEL
    device: str = "auto"
    precision: str = "auto"
    crop: bool = False
    quality: int = 95
    seed: int | None = None
    recorded: str = "{}"
    former: str = ""
    batch: int = 32

    @property
    def mapped(self) -> bool:
        """Whether there is a mask or a region map of the photo's own size, so that the photo must not be
        resized."""
        return bool(self.options.mask or self.options.regions)

    def for_model(self, digest: str) -> "BatchSettings":
        """The settings with their record for this model; InputError if a map or a style cannot be
        read."""
        return replace(
            self,
            recorded=_recorded(self, digest, identity),
            former=_recorded(self, digest, former_identity),
        )


def _recorded(settings: BatchSettings, digest: str, identity: Callable[[str], str]) -> str:
    """The record as JSON. Files are identified by their content, not by their paths."""
    options = settings.options
    given: dict[str, Any] = {name: getattr(options, name) for name in RECORDED}
    for name in ("mask", "regions"):
        if given[name]:
            given[name] = identity(given[name])
    if given["region"]:
        given["region"] = {
            key: {identity(path): weight for path, weight in parts.items()}
            for key, parts in given["region"].items()
        }
    if options.strokes == 1:  # as it was before there was this option
        del given["strokes"]
    if not options.refine:  # likewise
        del given["refine"]
    given |= {
        "model": digest[:16],
        "crop": settings.crop,
        "quality": settings.quality,
        "precision": settings.precision,
    }
    return as_json({name: value for name, value in given.items() if value is not None})

"""What all pictures of a run have in common, and what the manifest says of it. No torch here."""

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
    """folder: the destination. options: mask, regions and the styles of `region` are absolute paths.
    crop: whether to cut out the square in the middle. quality: of JPEG and WebP. seed: of which styles
    were drawn. batch: how many pictures of one size a GPU paints at once, at most.

    recorded: JSON for the manifest, what a result depends on beside its picture and its style; former:
    as earlier versions had it.
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
        """Whether maps of the photo's own size come in, so that it must not be resized before."""
        return bool(self.options.mask or self.options.regions)

    def for_model(self, digest: str) -> "BatchSettings":
        """The same, with what the manifest is to say; InputError if a map or a style cannot be read."""
        return replace(
            self,
            recorded=_recorded(self, digest, identity),
            former=_recorded(self, digest, former_identity),
        )


def _recorded(settings: BatchSettings, digest: str, identity: Callable[[str], str]) -> str:
    """Files stand there by what is in them, wherever they lie."""
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

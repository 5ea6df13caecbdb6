"""The config of a network: everything needed to build it, stored inside its weight file."""

from dataclasses import dataclass

from .bottlenecks import BOTTLENECKS
from .padding import MULTIPLE
from .slim import SAME, SLIM_CHANNELS
from .vgg import CHANNELS, STYLE_TAPS

SLIM = "slim"

ENCODERS = ("vgg19-oxford", "vgg16", "vgg19", SLIM)

PIXELS = "pixels"
"""The name of the tap in front of the encoder: the RGB picture itself."""

MAX_CHANNELS, MAX_CONVOLUTIONS, MAX_BLOCKS, MAX_STYLES = 1024, 16, 32, 256
"""Upper bounds for values in a config, so that a corrupt file cannot ask for a huge network."""


def _check_numbers(name: str, values: tuple[int, ...], count: int, most: int) -> None:
    """Raise ValueError unless `values` are `count` integers from 1 to `most`."""
    if len(values) != count or not all(type(value) is int and 1 <= value <= most for value in values):
        raise ValueError(f"{name} are {count} numbers from 1 to {most}")


@dataclass(frozen=True)
class Config:
    """Everything needed to build the network. Raises ValueError for values that do not go together.

    encoder: "vgg19-oxford" (the original weights, shipped), torchvision's "vgg16" or "vgg19", or "slim"
        (`models.slim`), which is trained together with its decoder.
    bottleneck: a name in `BOTTLENECKS`; each kind is described in its own module.
    taps: where the bottleneck acts. ("relu4_1",) alone is the network of Huang & Belongie 2017;
        "pixels" also gives the photo the style's palette before it is encoded.
    joint: the taps whose channels are matched together, by their covariance.
    convolutions: convolutions per stage of the VGG decoder, deepest stage first.
    upsampling: "bilinear" or "nearest", in the VGG decoder.
    channels: channels per level of encoder and decoder; empty means the encoder's default.
    scale: the resolution at which a slim network works inside, as (numerator, denominator) of the
        picture's: (5, 4) is a quarter more.
    blocks: residual blocks in a slim decoder, 0 to 32.
    drafts: how many drafts a slim network paints before the picture itself, each half the size of the
        next, 0 to 3.
    strengths: how far the bottleneck goes from the photo's features to the style's at α = 1, in drafts
        and in the picture itself, 0 to 2 each. Drafts that keep more of the photo, under a picture that
        goes a little beyond the style, are nearer to both.
    grain: standard deviation of the noise added to the smallest draft's input, 0 to 0.5.
    styles: names of the styles that a conditional bottleneck has learned.
    """

    encoder: str = "vgg19-oxford"
    bottleneck: str = "adain"
    taps: tuple[str, ...] = ("relu3_1", "relu4_1")
    joint: tuple[str, ...] = (PIXELS,)
    convolutions: tuple[int, ...] = (1, 2, 2, 2)
    upsampling: str = "nearest"
    channels: tuple[int, ...] = ()
    scale: tuple[int, int] = SAME
    blocks: int = 0
    drafts: int = 0
    strengths: tuple[float, float] = (1.0, 1.0)
    grain: float = 0.0
    styles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.encoder not in ENCODERS:
            raise ValueError(f"unknown encoder {self.encoder!r}: one of {', '.join(ENCODERS)}")
        default = SLIM_CHANNELS[: 1 + len(self.depths)] if self.encoder == SLIM else CHANNELS
        object.__setattr__(self, "channels", self.channels or default)
        lists = ("taps", "joint", "convolutions", "channels", "scale", "strengths", "styles")
        for name in lists:  # which is all that JSON knows
            object.__setattr__(self, name, tuple(getattr(self, name)))
        _check_numbers("channels", self.channels, len(default), MAX_CHANNELS)
        _check_numbers("convolutions", self.convolutions, len(CHANNELS), MAX_CONVOLUTIONS)
        for name, most in (("blocks", MAX_BLOCKS), ("drafts", 3)):
            number = getattr(self, name)
            if type(number) is not int or not 0 <= number <= most:
                raise ValueError(f"{name} is {number!r}: 0 to {most}")
        if len(self.strengths) != 2 or not all(
            type(strength) in (int, float) and 0 <= strength <= 2 for strength in self.strengths
        ):
            raise ValueError(f"strengths are {self.strengths}: two numbers from 0 to 2")
        if type(self.grain) not in (int, float) or not 0 <= self.grain <= (0.5 if self.drafts else 0):
            raise ValueError(f"grain is {self.grain!r}: 0 to 0.5, and 0 without drafts")
        if self.bottleneck not in BOTTLENECKS:
            raise ValueError(f"unknown bottleneck {self.bottleneck!r}: one of {', '.join(BOTTLENECKS)}")
        kind = BOTTLENECKS[self.bottleneck]
        if kind.learns_styles != bool(self.styles):
            raise ValueError("a conditional bottleneck, and no other, names the styles that it knows")
        if len(set(self.styles)) < len(self.styles):
            raise ValueError("two styles have the same name")
        if len(self.styles) > MAX_STYLES:
            raise ValueError(f"there are {len(self.styles)} styles: at most {MAX_STYLES}")
        if self.upsampling not in ("bilinear", "nearest"):
            raise ValueError(f"unknown upsampling {self.upsampling!r}")
        if self.encoder == SLIM:
            known = STYLE_TAPS[2:]
            if set(self.depths) not in (set(known[:1]), set(known)):
                raise ValueError(
                    f"a slim encoder's taps are {known[0]} or {', '.join(known)}, and {PIXELS} or not"
                )
            if not _whole(self.scale, 2 ** len(self.channels)):
                raise ValueError(
                    f"scale is {self.scale}: (1, 1), or up to a quarter more that leaves whole maps"
                )
        elif self.scale != SAME or self.blocks or self.drafts or self.strengths != (1, 1):
            raise ValueError("only a slim network has a scale, blocks, drafts or strengths")
        elif STYLE_TAPS[-1] not in self.taps or not set(self.depths) <= set(STYLE_TAPS):
            raise ValueError(f"taps must hold relu4_1 and be among {PIXELS}, {', '.join(STYLE_TAPS)}")
        if not set(self.joint) <= {PIXELS, *STYLE_TAPS}:
            raise ValueError(f"joint are taps, not {', '.join(self.joint)}")
        if not kind.matches_jointly and set(self.joint) & set(self.depths):
            raise ValueError(f"a {self.bottleneck} bottleneck has no joint taps but pixels")
        if not kind.knows_palette and PIXELS in self.taps:
            raise ValueError(
                f"an {self.bottleneck} bottleneck knows no palette: leave pixels out of its taps"
            )

    @property
    def depths(self) -> tuple[str, ...]:
        """The taps inside the encoder: all but "pixels"."""
        return tuple(tap for tap in self.taps if tap != PIXELS)

    @property
    def widths(self) -> dict[str, int]:
        """The number of channels at each tap that this encoder offers."""
        if self.encoder == SLIM:
            levels = zip(STYLE_TAPS[2:], self.channels[1:])
        else:
            levels = zip(STYLE_TAPS, self.channels)
        return dict(levels) | {PIXELS: 3}


def _whole(scale: tuple[int, ...], parts: int) -> bool:
    """Whether `MULTIPLE` pixels at this scale are a whole multiple of `parts`."""
    if len(scale) != 2 or not all(type(side) is int and 0 < side <= 2 * MULTIPLE for side in scale):
        return False
    after, before = scale
    if not before <= after <= 1.25 * before:
        return False
    return MULTIPLE % before == 0 and MULTIPLE // before * after % parts == 0

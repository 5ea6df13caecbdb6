"""Encoder, bottleneck and decoder as one network, described by one config."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .decoder import Decoder
from .draft import Grain, Overlay, enlarged, halved
from .normalization import (
    Moments,
    Spade,
    Statistics,
    adain,
    instance_norm,
    moments,
    regional_adain,
    regional_moments,
    statistics,
    style_map,
)
from .norms import Conditional, Contextual, LayerInstance
from .slim import SAME, SLIM_CHANNELS, SlimDecoder, SlimEncoder
from .vgg import CHANNELS, STYLE_TAPS, Encoder

SLIM = "slim"
ENCODERS = ("vgg19-oxford", "vgg16", "vgg19", SLIM)
MULTIPLE = 16
"""Of which the sides of a picture are multiples, for its maps to have whole sizes in every network."""

PIXELS = "pixels"
"""The tap before the encoder: the picture itself."""

BOTTLENECKS = ("adain", "instance", "conditional", "spade", "contextual", "layer-instance")
SINGLY = ("spade", "layer-instance")
"""Those that match each channel by itself, but for the pixels."""

MAX_CHANNELS, MAX_CONVOLUTIONS, MAX_BLOCKS, MAX_STYLES = 1024, 16, 32, 256
"""Of a config: nobody means a larger network, and it might not fit into memory."""

Code = Mapping[str, Statistics]
"""A style, as far as the network is concerned: the statistics of each of its taps."""


def _check_numbers(name: str, values: tuple, count: int, most: int) -> None:
    """ValueError unless they are so many whole numbers, from 1 on."""
    if len(values) != count or not all(type(value) is int and 1 <= value <= most for value in values):
        raise ValueError(f"{name} are {count} numbers from 1 to {most}")


@dataclass(frozen=True)
class Config:
    """Everything needed to build the network; stored inside its weight file.

    encoder: vgg19-oxford (the original, shipped), torchvision's vgg16 or vgg19, or slim (`nn.slim`),
    which is trained with its decoder.
    bottleneck: adain; instance (plain IN: the style code is the identity, the style is learned);
    conditional (adain with γ and β that are learned, for each of `styles`); spade (adain, and a learned
    correction to it from the map of which style is where); contextual (adain of features whose local
    statistics are evened out first); or layer-instance (adain from a mixture of IN and LN).
    taps: where the bottleneck acts; ("relu4_1",) alone is the classic network. "pixels" gives the
    photo the style's palette before it is encoded.
    joint: those of the taps whose channels are matched jointly, by their covariance.
    convolutions, upsampling (bilinear or nearest): of VGG's decoder; the first per stage, deepest first.
    channels: of encoder and decoder, per level, the encoder's own if none are given.
    scale: by how much larger than the picture a slim network works inside, (5, 4) for a quarter.
    blocks: residual blocks in a slim decoder.
    drafts: how many times a slim network paints before it paints at full size, each time twice as large.
    grain: how strong the noise is on which the first of them is begun, its deviation.
    styles: names of the styles that a conditional bottleneck knows.
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
    grain: float = 0.0
    styles: tuple[str, ...] = ()

    def __post_init__(self):
        if self.encoder not in ENCODERS:
            raise ValueError(f"unknown encoder {self.encoder!r}: one of {', '.join(ENCODERS)}")
        own = SLIM_CHANNELS[: 1 + len(self.depths)] if self.encoder == SLIM else CHANNELS
        object.__setattr__(self, "channels", self.channels or own)
        lists = ("taps", "joint", "convolutions", "channels", "scale", "styles")  # all that JSON knows
        for name in lists:
            object.__setattr__(self, name, tuple(getattr(self, name)))
        _check_numbers("channels", self.channels, len(own), MAX_CHANNELS)
        _check_numbers("convolutions", self.convolutions, len(CHANNELS), MAX_CONVOLUTIONS)
        for name, most in (("blocks", MAX_BLOCKS), ("drafts", 3)):
            number = getattr(self, name)
            if type(number) is not int or not 0 <= number <= most:
                raise ValueError(f"{name} is {number!r}: 0 to {most}")
        if type(self.grain) not in (int, float) or not 0 <= self.grain <= (0.5 if self.drafts else 0):
            raise ValueError(f"grain is {self.grain!r}: 0 to 0.5, and 0 without drafts")
        if self.bottleneck not in BOTTLENECKS:
            raise ValueError(f"unknown bottleneck {self.bottleneck!r}: one of {', '.join(BOTTLENECKS)}")
        if (self.bottleneck == "conditional") != bool(self.styles):
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
        elif self.scale != SAME or self.blocks or self.drafts:
            raise ValueError("only a slim network has a scale, blocks or drafts")
        elif STYLE_TAPS[-1] not in self.taps or not set(self.depths) <= set(STYLE_TAPS):
            raise ValueError(f"taps must hold relu4_1 and be among {PIXELS}, {', '.join(STYLE_TAPS)}")
        if not set(self.joint) <= {PIXELS, *STYLE_TAPS}:
            raise ValueError(f"joint are taps, not {', '.join(self.joint)}")
        if self.bottleneck in SINGLY and set(self.joint) & set(self.depths):
            raise ValueError(f"a {self.bottleneck} bottleneck has no joint taps but pixels")
        if self.bottleneck == "instance" and PIXELS in self.taps:
            raise ValueError("an instance bottleneck knows no palette: leave pixels out of its taps")

    @property
    def depths(self) -> tuple[str, ...]:
        """The taps that are the encoder's."""
        return tuple(tap for tap in self.taps if tap != PIXELS)


class StylizerNet(nn.Module):
    """The feed-forward stylizer: tensors in, tensors out."""

    def __init__(self, config: Config = Config()):
        super().__init__()
        self.config = config
        if config.encoder == SLIM:
            self.encoder = SlimEncoder(config.channels, config.scale)
            self.decoder = SlimDecoder(config.channels, config.scale, config.blocks)
            if config.drafts:
                self.draft_decoder = SlimDecoder(config.channels, SAME, config.blocks)
        else:
            self.encoder = Encoder(config.encoder.split("-")[0], config.channels)
            self.encoder.requires_grad_(False)
            self.decoder = Decoder(config.convolutions, config.channels, config.upsampling)
        self.overlay = Overlay(learned=config.drafts > 0)
        if config.grain:
            self.grain = Grain(config.grain)
        slim = config.encoder == SLIM
        levels = zip(STYLE_TAPS[2:], config.channels[1:]) if slim else zip(STYLE_TAPS, config.channels)
        width = dict(levels) | {PIXELS: 3}
        depths = config.depths
        if config.bottleneck == "spade":
            self.spade = nn.ModuleDict({t: Spade(width[t], 2 * width[t]) for t in depths})
        elif config.bottleneck == "conditional":
            count = len(config.styles)
            bank = {t: Conditional(width[t], count, t in config.joint) for t in config.taps}
            self.bank = nn.ModuleDict(bank)
        elif config.bottleneck == "contextual":
            self.context = nn.ModuleDict({t: Contextual(width[t], learned=False) for t in config.taps})
        elif config.bottleneck == "layer-instance":
            self.ratio = nn.ModuleDict({t: LayerInstance(width[t], learned=False) for t in depths})

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """In which its features are computed, unless autocast has it otherwise."""
        return next(self.parameters()).dtype

    @property
    def reach(self) -> int:
        """In pixels, a multiple of `MULTIPLE`: what is farther away than this matters to a pixel of the
        result through statistics alone."""
        return padded(self.encoder.reach + self.decoder.reach)

    @property
    def tileable(self) -> bool:
        """Whether a part of a picture can be painted as the whole is, its moments being known."""
        return self.config.bottleneck not in ("spade", "contextual")

    def encode(self, picture: Tensor, draft: bool = False) -> dict[str, Tensor]:
        """Features at the encoder's taps of the config. picture: (N, 3, H, W) in [0, 1]; draft: if a
        draft is to be made of them, which no network enlarges inside."""
        if draft:
            return self.encoder(picture.to(self.dtype), self.config.depths, SAME)
        return self.encoder(picture.to(self.dtype), self.config.depths)

    def learned(self, which: Tensor) -> dict[str, Statistics]:
        """The code of styles that a conditional network knows: which (N,), their numbers; or how much
        of each, (N, K)."""
        return {tap: norm.code(which) for tap, norm in self.bank.items()}

    def code(self, style: Tensor) -> dict[str, Statistics]:
        """The style code of a picture (N, 3, H, W) in [0, 1]: statistics at the config's taps."""
        joint = self.config.joint
        features = {tap: statistics(x, tap in joint) for tap, x in self.encode(style).items()}
        return self.palette(style) | features

    def palette(self, style: Tensor) -> dict[str, Statistics]:
        """The part of a style code that is taken from the picture itself; perhaps nothing."""
        if PIXELS not in self.config.taps:
            return {}
        return {PIXELS: statistics(style, PIXELS in self.config.joint)}

    def bottleneck(
        self,
        features: Mapping[str, Tensor],
        code: Code | None,
        alpha: float | Tensor = 1.0,
        shares: Tensor | None = None,
        own: Mapping[str, Moments] = {},
    ) -> dict[str, Tensor]:
        """(1 − α) · f + α · AdaIN(f, code) at each tap; IN(f) in place of AdaIN for `instance`.

        For `spade` γ(m) and β(m) are added to AdaIN's own, m being the map of style codes. For
        `contextual` f is evened out before AdaIN, for `layer-instance` the mixture's moments are taken.

        alpha: a number, or a map (1 or N, 1, H, W) at the picture's size. shares: (1 or N, R, H, W),
        likewise, for a code of R rows: which of them counts where (`regional_adain`). own: the
        content's moments at those taps where they are not to be taken from the features themselves.
        """
        mixed = {}
        for tap, x in features.items():
            local = None if shares is None else _resized(shares, x)
            before, taken = self._taken(tap, x, local, own.get(tap))
            if self.config.bottleneck == "instance":
                y = instance_norm(x, taken)
            elif local is not None:
                y = regional_adain(before, code[tap], local, taken)
            else:
                y = adain(before, code[tap], taken)
            if self.config.bottleneck == "spade" and tap != PIXELS:
                y = y + self._correction(tap, x, code[tap], local)
            if isinstance(alpha, Tensor):
                mixed[tap] = x.lerp(y, _resized(alpha, x))
            else:
                mixed[tap] = y if alpha == 1 else x.lerp(y, alpha)
        return mixed

    def _taken(
        self, tap: str, x: Tensor, shares: Tensor | None, own: Moments | None
    ) -> tuple[Tensor, Moments | None]:
        """What AdaIN is given: the features, and the moments it takes off them if not their own."""
        if self.config.bottleneck == "contextual":
            return self.context[tap].even(x), own
        if tap != PIXELS and self.config.bottleneck == "layer-instance":
            own = own or (moments(x) if shares is None else regional_moments(x, shares))
            return x, self.ratio[tap].mixed(own)
        return x, own

    def _correction(self, tap: str, x: Tensor, code: Statistics, shares: Tensor | None) -> Tensor:
        if shares is None:  # one style everywhere, another for each sample
            shares = x.new_ones(1, 1, *x.shape[2:])
            code = Statistics(code.mean[:, None], code.std[:, None])
        map = style_map(code, shares).to(x.dtype).expand(len(x), -1, -1, -1)
        return self.spade[tap](x, map) - instance_norm(x)

    def recolor(
        self,
        content: Tensor,
        code: Code | None,
        alpha: float | Tensor,
        shares: Tensor | None,
        own: Mapping[str, Moments] = {},
    ) -> Tensor:
        """The photo in the style's palette, if the config has that tap; as for `bottleneck`."""
        nothing = code is None or not isinstance(alpha, Tensor) and alpha == 0
        if nothing or PIXELS not in self.config.taps:
            return content
        with torch.autocast(content.device.type, enabled=False):  # half precision is seen in colours
            pixels = {PIXELS: content.float()}
            return self.bottleneck(pixels, code, alpha, shares, own)[PIXELS].clamp(0, 1)

    def palette_moments(self, content: Tensor, shares: Tensor | None) -> dict[str, Moments]:
        """The moments of a photo's pixels, if `recolor` is to match them to a style's; its small copies
        are recoloured with these."""
        if PIXELS not in self.config.taps or self.config.bottleneck == "contextual":
            return {}
        x, joint = content.float(), PIXELS in self.config.joint
        if shares is None:
            return {PIXELS: moments(x, joint)}
        return {PIXELS: regional_moments(x, _resized(shares, x), joint)}

    def forward(
        self,
        content: Tensor,
        code: Code | None,
        alpha: float | Tensor = 1.0,
        shares: Tensor | None = None,
    ) -> Tensor:
        """Stylize content (N, 3, H, W) in [0, 1], H and W multiples of `MULTIPLE`.

        code: statistics with N or 1 rows; None reconstructs the content, as does α = 0. alpha,
        shares: as for `bottleneck`. Returns (N, 3, H, W), not yet clamped to [0, 1].
        """
        return self.painted(content, code, alpha, shares)[0]

    def painted(
        self,
        content: Tensor,
        code: Code | None,
        alpha: float | Tensor = 1.0,
        shares: Tensor | None = None,
        corner: tuple[int, int] = (0, 0),
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """What `forward` returns, and the features that the decoder made it of, by tap. corner: where in
        a larger draft this one's first pixel would be, its row and column, for the grain."""
        photos = [content]  # at full size, at half of it, …
        for _ in range(self.config.drafts):
            photos.append(halved(photos[-1]))
        own = self.palette_moments(content, shares) if self.config.drafts else {}
        picture = small = None
        for photo in reversed(photos):
            photo = self.recolor(photo, code, alpha, shares, own)
            draft = picture is None and self.config.drafts > 0
            x = (
                photo
                if picture is None
                else self.overlay(enlarged(self.overlay.below(picture, small)), photo)
            )
            if draft and self.config.grain and code is not None:
                x = x + self.grain(*(slice(a, a + side) for a, side in zip(corner, x.shape[2:])))
            aim = self.aim(pad_to_multiple(x), code, alpha, shares, draft=draft)
            picture, small = self.decode(aim, draft)[:, :, : x.shape[2], : x.shape[3]], photo
        return picture, aim

    def aim(
        self,
        photo: Tensor,
        code: Code | None,
        alpha: float | Tensor = 1.0,
        shares: Tensor | None = None,
        own: Mapping[str, Moments] = {},
        draft: bool = False,
    ) -> dict[str, Tensor]:
        """The features that one pass makes a picture of, by tap: photo's own, after `recolor`, as the
        bottleneck has them; arguments as for that. draft: whether it is the first pass of several."""
        features = self.encode(photo, draft)
        nothing = code is None and self.config.bottleneck != "instance"
        if nothing or not isinstance(alpha, Tensor) and alpha == 0:
            return features
        return self.bottleneck(features, code, alpha, shares, own)

    def decode(self, features: Mapping[str, Tensor], draft: bool = False) -> Tensor:
        """A picture (N, 3, H, W), about [0, 1], of what `aim` gives."""
        return (self.draft_decoder if draft else self.decoder)(features)


PRESENT = 0.25
"""From which strength on nothing of the photo itself shows through."""


def faded(photo: Tensor, picture: Tensor, alpha: float | Tensor) -> Tensor:
    """The picture, (N, 3, H, W), where α is small mixed with the photo, so that α = 0 is the photo.

    What the network makes of α = 0 is a reconstruction only. alpha: a number, or a map (N, 1, H, W).
    """
    if isinstance(alpha, Tensor):
        return photo.lerp(picture, (alpha.to(picture) / PRESENT).clamp(max=1))
    return picture if alpha >= PRESENT else photo.lerp(picture, alpha / PRESENT)


def padded(side: int) -> int:
    """What a side is extended to before the network sees it: the next multiple of `MULTIPLE`."""
    return (side + MULTIPLE - 1) // MULTIPLE * MULTIPLE


def pad_to_multiple(x: Tensor) -> Tensor:
    """Reflect (N, C, H, W) at its right and bottom edge until both sides are multiples of `MULTIPLE`.

    Unlike torch's own padding this also takes a picture smaller than what is to be added.
    """
    for dim in (2, 3):
        length = x.shape[dim]
        if torch.compiler.is_compiling():  # a graph for any length from half of `MULTIPLE` on
            last, index = length - 1, torch.arange(padded(length), device=x.device)
            x = x.index_select(dim, (last - (index - last).abs()).abs())
        elif length % MULTIPLE:
            period = max(1, 2 * (length - 1))
            index = torch.arange(padded(length), device=x.device) % period
            x = x.index_select(dim, torch.minimum(index, period - index) if length > 1 else index)
    return x


def _whole(scale: tuple[int, ...], parts: int) -> bool:
    """Whether `MULTIPLE` pixels at this scale are a multiple of so many parts."""
    if len(scale) != 2 or not all(type(side) is int and 0 < side <= 2 * MULTIPLE for side in scale):
        return False
    after, before = scale
    if not before <= after <= 1.25 * before:
        return False
    return MULTIPLE % before == 0 and MULTIPLE // before * after % parts == 0


def _resized(map: Tensor, features: Tensor) -> Tensor:
    """A map at the picture's size averaged down to that of features; one of a single pixel is the same
    everywhere."""
    if map.shape[2:] == (1, 1):
        return map.to(features.dtype)
    return F.interpolate(map, size=features.shape[2:], mode="area").to(features.dtype)

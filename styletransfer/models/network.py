"""Encoder, bottleneck and decoder as one network, described by one config."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .bottlenecks.adain import adain, instance_norm, regional_adain
from .bottlenecks.conditional import Conditional
from .bottlenecks.contextual import Contextual
from .bottlenecks.layer_instance import LayerInstance
from .bottlenecks.spade import Spade, style_map
from .config import PIXELS, SLIM, Config
from .decoder import Decoder
from .draft import Grain, Overlay, enlarged, halved
from .padding import pad_to_multiple, padded
from .slim import SAME, SlimDecoder, SlimEncoder
from .statistics import Moments, Statistics, moments, regional_moments, statistics
from .vgg import STYLE_TAPS, VGGEncoder

Code = Mapping[str, Statistics]
"""A style, as far as the network is concerned: the statistics of each of its taps."""


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
            self.encoder = VGGEncoder(config.encoder.split("-")[0], config.channels)
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


def _resized(map: Tensor, features: Tensor) -> Tensor:
    """A map at the picture's size averaged down to that of features; one of a single pixel is the same
    everywhere."""
    if map.shape[2:] == (1, 1):
        return map.to(features.dtype)
    return F.interpolate(map, size=features.shape[2:], mode="area").to(features.dtype)

"""Encoder, bottleneck and decoder as one network, described by one config."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .bottlenecks import BOTTLENECKS
from .bottlenecks.base import Bottleneck, is_map, resized_map
from .config import PIXELS, SLIM, Config
from .decoder import Decoder
from .draft import Grain, Overlay, enlarged, halved
from .padding import pad_to_multiple, padded
from .slim import SAME, SlimDecoder, SlimEncoder
from .statistics import Code, Moments, Statistics, moments, regional_moments, statistics
from .vgg import VGGEncoder


class StylizerNet(nn.Module):
    """The feed-forward stylizer: tensors in, tensors out.

    digest: SHA-256 of the weight file it comes from; empty if it has none.
    """

    encoder: VGGEncoder | SlimEncoder
    decoder: Decoder | SlimDecoder
    draft_decoder: SlimDecoder  # with drafts only
    grain: Grain  # likewise

    def __init__(self, config: Config = Config()):
        super().__init__()
        self.config = config
        self.digest = ""
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
        kind = BOTTLENECKS[config.bottleneck]
        self.add_module(kind.prefix, kind(config))

    @property
    def bottleneck(self) -> Bottleneck:
        """What stands between encoder and decoder; a part by the name that weight files have for it."""
        found: Bottleneck = getattr(self, BOTTLENECKS[self.config.bottleneck].prefix)
        return found

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
        return not self.bottleneck.untileable

    def forward(
        self,
        content: Tensor,
        code: Code | None,
        alpha: float | Tensor = 1.0,
        region_maps: Tensor | None = None,
    ) -> Tensor:
        """Stylize content (N, 3, H, W) in [0, 1], H and W multiples of `MULTIPLE`.

        code: statistics with N or 1 rows; None reconstructs the content, as does α = 0. alpha,
        region_maps: as for `Bottleneck.forward`. Returns (N, 3, H, W), not yet clamped to [0, 1].
        """
        return self.painted(content, code, alpha, region_maps)[0]

    def painted(
        self,
        content: Tensor,
        code: Code | None,
        alpha: float | Tensor = 1.0,
        region_maps: Tensor | None = None,
        corner: tuple[int, int] = (0, 0),
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """What `forward` returns, and the features that the decoder made it of, by tap. corner: where in
        a larger draft this one's first pixel would be, its row and column, for the grain."""
        drafts = self.config.drafts
        photos, alphas = [content], [alpha]  # at full size, at half of it, …
        for _ in range(drafts):
            photos.append(halved(photos[-1]))
            alphas.append(halved(alphas[-1]) if is_map(alphas[-1]) else alpha)
        palette = self.palette_moments(content, region_maps) if drafts else {}
        photos = [self.recolor(x, code, a, region_maps, palette) for x, a in zip(photos, alphas)]
        small = x = photos.pop()
        if drafts and self.config.grain and code is not None:
            place = (slice(a, a + side) for a, side in zip(corner, x.shape[2:]))
            x = x + self.grain(*place, palette.get(PIXELS))
        picture, features = self.painted_once(x, code, alphas.pop(), region_maps, draft=drafts > 0)
        while photos:
            photo = photos.pop()
            x = self.overlay(enlarged(self.overlay.below(picture, small)), photo)
            picture, features = self.painted_once(x, code, alphas.pop(), region_maps)
            small = photo
        return picture, features

    def painted_once(
        self,
        x: Tensor,
        code: Code | None,
        alpha: float | Tensor,
        region_maps: Tensor | None,
        draft: bool = False,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """One pass, of any size: as `painted`. x: what is encoded, and alpha at its size if it is a
        map. draft: as for `encode`."""
        features = self.encode(pad_to_multiple(x), draft)
        alpha = pad_to_multiple(alpha) if is_map(alpha) else alpha
        features = self.bottleneck_features(features, code, alpha, region_maps)
        picture = self.decode(features, draft)
        return picture[:, :, : x.shape[2], : x.shape[3]], features

    def encode(self, picture: Tensor, draft: bool = False) -> dict[str, Tensor]:
        """Features at the encoder's taps of the config. picture: (N, 3, H, W) in [0, 1]; draft: if a
        draft is to be made of them, which no network enlarges inside."""
        scale = (SAME,) if draft else ()
        features: dict[str, Tensor] = self.encoder(picture.to(self.dtype), self.config.depths, *scale)
        return features

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

    def learned(self, which: Tensor) -> dict[str, Statistics]:
        """The code of styles that the bottleneck has learned: which (N,), their numbers; or how much of
        each, (N, K)."""
        return self.bottleneck.learned(which)

    def bottleneck_features(
        self,
        features: dict[str, Tensor],
        code: Code | None,
        alpha: float | Tensor = 1.0,
        region_maps: Tensor | None = None,
        content_moments: Mapping[str, Moments] = {},
    ) -> dict[str, Tensor]:
        """The features that a picture is made of, by tap: those of the bottleneck, or as they are where
        there is no style or α = 0. Arguments as for `Bottleneck.forward`."""
        nothing = code is None and self.bottleneck.takes_style
        if nothing or not isinstance(alpha, Tensor) and alpha == 0:
            return features
        found: dict[str, Tensor] = self.bottleneck(features, code, alpha, region_maps, content_moments)
        return found

    def decode(self, features: Mapping[str, Tensor], draft: bool = False) -> Tensor:
        """A picture (N, 3, H, W), about [0, 1], of features by tap. draft: as for `encode`."""
        picture: Tensor = (self.draft_decoder if draft else self.decoder)(features)
        return picture

    def recolor(
        self,
        content: Tensor,
        code: Code | None,
        alpha: float | Tensor,
        region_maps: Tensor | None,
        content_moments: Mapping[str, Moments] = {},
    ) -> Tensor:
        """The photo in the style's palette, if the config has that tap; arguments as for
        `Bottleneck.forward`."""
        nothing = code is None or not isinstance(alpha, Tensor) and alpha == 0
        if nothing or PIXELS not in self.config.taps:
            return content
        with torch.autocast(content.device.type, enabled=False):  # half precision is seen in colours
            pixels = {PIXELS: content.float()}
            found: dict[str, Tensor] = self.bottleneck(pixels, code, alpha, region_maps, content_moments)
            return found[PIXELS].clamp(0, 1)

    def palette_moments(self, content: Tensor, region_maps: Tensor | None) -> dict[str, Moments]:
        """The moments of a photo's pixels, if `recolor` is to match them to a style's; its small copies
        are recoloured with these."""
        if PIXELS not in self.config.taps or not self.bottleneck.takes_moments:
            return {}
        x, joint = content.float(), PIXELS in self.config.joint
        if region_maps is None:
            return {PIXELS: moments(x, joint)}
        return {PIXELS: regional_moments(x, resized_map(region_maps, x), joint)}


PRESENT = 0.25
"""From which strength on nothing of the photo itself shows through."""


def faded(photo: Tensor, picture: Tensor, alpha: float | Tensor) -> Tensor:
    """The picture, (N, 3, H, W), where α is small mixed with the photo, so that α = 0 is the photo.

    What the network makes of α = 0 is a reconstruction only. alpha: a number, or a map (N, 1, H, W).
    """
    if isinstance(alpha, Tensor):
        return photo.lerp(picture, (alpha.to(picture) / PRESENT).clamp(max=1))
    return picture if alpha >= PRESENT else photo.lerp(picture, alpha / PRESENT)

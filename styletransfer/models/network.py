"""The whole network, built from a config: encoder, bottleneck and decoder."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .bottlenecks import BOTTLENECKS
from .bottlenecks.base import Bottleneck, is_map, mixed_by_map, resized_map
from .config import PIXELS, SLIM, Config
from .decoder import Decoder
from .draft import Grain, Overlay, enlarged, halved
from .padding import pad_to_multiple, padded
from .slim import SAME, SlimDecoder, SlimEncoder
from .statistics import Code, Moments, Statistics, moments, regional_moments, statistics
from .vgg import VGGEncoder


class StylizerNet(nn.Module):
    """The feed-forward network: tensors in, tensors out; no files, no device choices.

    digest: SHA-256 of the weight file it was loaded from; empty for a network built in memory.
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
        """The bottleneck between encoder and decoder; its name in weight files is its kind's prefix."""
        found: Bottleneck = getattr(self, BOTTLENECKS[self.config.bottleneck].prefix)
        return found

    @property
    def device(self) -> torch.device:
        """The device of its weights."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of its weights, and of its features unless autocast changes that."""
        return next(self.parameters()).dtype

    @property
    def reach(self) -> int:
        """Radius of the receptive field in pixels, rounded up to a multiple of `MULTIPLE`. Anything
        farther away reaches an output pixel only through the statistics."""
        return padded(self.encoder.reach + self.decoder.reach)

    @property
    def tileable(self) -> bool:
        """Whether tiles come out as the whole picture would, given the whole picture's moments."""
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
        """`forward`, and beside the picture the features that were decoded, by tap.

        corner: row and column of the first pixel in a larger draft, which places the grain.
        """
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
        picture, features = self.painted_once(
            x, code, alphas.pop(), region_maps, draft=drafts > 0, last=not drafts
        )
        while photos:
            photo = photos.pop()
            x = self.overlay(enlarged(self.overlay.below(picture, small)), photo)
            picture, features = self.painted_once(x, code, alphas.pop(), region_maps, last=not photos)
            small = photo
        return picture, features

    def painted_once(
        self,
        x: Tensor,
        code: Code | None,
        alpha: float | Tensor,
        region_maps: Tensor | None,
        draft: bool = False,
        last: bool | Tensor = True,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """One pass through encoder, bottleneck and decoder; returns what `painted` does.

        x: (N, 3, H, W), of any size. alpha: if it is a map, of the size of x. draft: as in `encode`.
        last: as in `strength`.
        """
        features = self.encode(pad_to_multiple(x), draft)
        alpha = pad_to_multiple(alpha) if is_map(alpha) else alpha
        features = self.bottleneck_features(features, code, self.strength(alpha, last), region_maps)
        picture = self.decode(features, draft)
        return picture[:, :, : x.shape[2], : x.shape[3]], features

    def strength(self, alpha: float | Tensor, last: bool | Tensor) -> float | Tensor:
        """The bottleneck's own alpha in a pass: α times one of `Config.strengths`.

        last: whether the pass gives the picture itself, and no draft; in graphs a number, 1 or 0.
        """
        draft, picture = self.config.strengths
        return alpha * (draft + (picture - draft) * last)

    def encode(self, picture: Tensor, draft: bool = False) -> dict[str, Tensor]:
        """Features at the encoder's taps. picture: (N, 3, H, W) in [0, 1].

        draft: whether this is a draft, which is encoded at its own resolution (`Config.scale` is 1).
        """
        scale = (SAME,) if draft else ()
        features: dict[str, Tensor] = self.encoder(picture.to(self.dtype), self.config.depths, *scale)
        return features

    def code(self, style: Tensor) -> dict[str, Statistics]:
        """The style code of a picture (N, 3, H, W) in [0, 1]: statistics at the config's taps."""
        joint = self.config.joint
        features = {tap: statistics(x, tap in joint) for tap, x in self.encode(style).items()}
        return self.palette(style) | features

    def palette(self, style: Tensor) -> dict[str, Statistics]:
        """The "pixels" part of a style code; empty if that is not a tap."""
        if PIXELS not in self.config.taps:
            return {}
        return {PIXELS: statistics(style, PIXELS in self.config.joint)}

    def learned(self, which: Tensor) -> dict[str, Statistics]:
        """The code of learned styles. which: their numbers (N,), or the weight of each (N, K)."""
        return self.bottleneck.learned(which)

    def bottleneck_features(
        self,
        features: dict[str, Tensor],
        code: Code | None,
        alpha: float | Tensor = 1.0,
        region_maps: Tensor | None = None,
        content_moments: Mapping[str, Moments] = {},
    ) -> dict[str, Tensor]:
        """The bottleneck applied to features; without a style or at α = 0 they come back unchanged.
        Arguments as for `Bottleneck.forward`."""
        nothing = code is None and self.bottleneck.takes_style
        if nothing or not isinstance(alpha, Tensor) and alpha == 0:
            return features
        found: dict[str, Tensor] = self.bottleneck(features, code, alpha, region_maps, content_moments)
        return found

    def decode(self, features: Mapping[str, Tensor], draft: bool = False) -> Tensor:
        """Features by tap to a picture (N, 3, H, W), about [0, 1]. draft: as in `encode`."""
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
        """The photo in the style's palette: the "pixels" tap, if there is one. Arguments as for
        `Bottleneck.forward`."""
        nothing = code is None or not isinstance(alpha, Tensor) and alpha == 0
        if nothing or PIXELS not in self.config.taps:
            return content
        with torch.autocast(content.device.type, enabled=False):  # half precision shows in colours
            pixels = {PIXELS: content.float()}
            found: dict[str, Tensor] = self.bottleneck(pixels, code, alpha, region_maps, content_moments)
            return found[PIXELS].clamp(0, 1)

    def palette_moments(self, content: Tensor, region_maps: Tensor | None) -> dict[str, Moments]:
        """The moments of the photo's pixels that `recolor` takes off, from the photo at full size: its
        smaller copies are recoloured with the same ones. Empty if they are not needed."""
        if PIXELS not in self.config.taps or not self.bottleneck.takes_moments:
            return {}
        x, joint = content.float(), PIXELS in self.config.joint
        if region_maps is None:
            return {PIXELS: moments(x, joint)}
        return {PIXELS: regional_moments(x, resized_map(region_maps, x), joint)}


FADE_END = 0.25
"""Alpha above which none of the photo is mixed into the result (`faded`)."""


def faded(photo: Tensor, picture: Tensor, alpha: float | Tensor) -> Tensor:
    """Fade the picture into the photo as α goes from `FADE_END` to 0, so that α = 0 is the photo itself
    and not the network's reconstruction of it.

    photo, picture: (N, 3, H, W). alpha: a number, or a map (N, 1, H, W).
    """
    if isinstance(alpha, Tensor):
        return mixed_by_map(photo, picture, (alpha.to(picture) / FADE_END).clamp(max=1))
    return picture if alpha >= FADE_END else photo.lerp(picture, alpha / FADE_END)

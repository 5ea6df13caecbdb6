"""A loaded model, and any style as the code that it knows it by."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from .. import __version__
from ..device import enough_memory, fast_dtype, pick_device
from ..errors import InputError
from ..media.image import pictures_in
from ..media.tensors import ImageSource, describe, style_tensor
from ..models.memory import check_memory
from ..models.network import StylizerNet
from ..models.padding import pad_to_multiple
from ..models.statistics import Code, Statistics
from ..models.weights import load_model
from ..stylize import color
from ..stylize.buffer import ImageBuffer
from ..stylize.tiling import palette
from .cache import remembered
from .code import FORMAT, SUFFIX, StyleCode, blend
from .names import BANK, DEFAULT_MODEL, is_learned, made_of

Style = ImageSource | StyleCode | Mapping[ImageSource, float]
"""One style: a picture, a code or its file, a folder of pictures, or a blend of such."""
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
STYLE_SIZE = 512


class Styles:
    """A model on a device, and styles as it knows them: what a `Stylizer` paints with.

    styles: the codes of those that a conditional model has learned, by name; "bank:NAME" wherever a
    style is taken.
    """

    def __init__(self, model: str | Path = DEFAULT_MODEL, device: str = "auto", precision: str = "auto"):
        self.device = pick_device(device)
        self.dtype = _dtype(precision, self.device)
        net = load_model(model)
        self.model, self.digest = str(model), net.digest
        self.styles = {name: self._known(net, n) for n, name in enumerate(net.config.styles)}
        self._shapes = self._shapes_of(net)
        self.net = net.to(self.device, self.dtype, memory_format=torch.channels_last)

    @torch.inference_mode()
    def style(self, source: Style, size: int = STYLE_SIZE, crop: float = 1.0) -> StyleCode:
        """The style code of a picture, of a `.style.safetensors` file, of a folder of pictures (the
        mean of its codes: an artist's works), of one that the model has learned ("bank:lion"), or of a
        blend, {"a.jpg": 0.7, "b.jpg": 0.3}, or "a.jpg:0.7,b.jpg:0.3".

        size: short side in pixels at which a picture is encoded; smaller gives finer strokes.
        crop: the middle part of each side that is looked at, above 0 to 1; less gives larger ones.
        Tensors are (1, 3, H, W) in [0, 1].
        """
        if (parts := _parts(source)) is not None:
            return self.blend(parts, size=size, crop=crop)
        if isinstance(source, (str, os.PathLike)):
            if is_learned(str(source)):
                return self._learned(str(source).removeprefix(BANK))
            if str(source).endswith(SUFFIX):
                source = StyleCode.load(source)
        if isinstance(source, StyleCode):
            self._check_code(source)
            return source
        if self.styles:
            raise InputError(f"{self.model} paints in the styles it has learned: {self._names()}")
        if not self.net.bottleneck.takes_style:
            raise InputError(f"{self.model} paints in the one style it has learned: give no other")
        if size < 16 or not 0 < crop <= 1:
            raise InputError("a style's size is at least 16, its crop above 0 and at most 1")
        return self._encode(style_tensor(source, size, crop), describe(source))

    def blend(
        self,
        styles: Mapping[ImageSource, float] | Sequence[Style],
        weights: Sequence[float] | None = None,
        size: int = STYLE_SIZE,
        crop: float = 1.0,
    ) -> StyleCode:
        """One code of several styles: {"a.jpg": 0.7, "b.jpg": 0.3}, or a list and its weights."""
        if isinstance(styles, Mapping):
            styles, weights = list(styles), list(styles.values())
        return blend([self.style(source, size, crop) for source in styles], weights)

    def _known(self, net: StylizerNet, number: int) -> StyleCode:
        found = net.learned(torch.tensor([number]))
        return StyleCode(found, self.digest, self.model, styles={net.config.styles[number]: 1.0})

    @torch.inference_mode()
    def _shapes_of(self, net: StylizerNet) -> dict[str, list[torch.Size]]:
        """Of what a style code of this model holds."""
        if self.styles:
            return _shapes(next(iter(self.styles.values())).statistics)
        if not net.bottleneck.takes_style:
            return {}
        return _shapes(net.code(torch.zeros(1, 3, 32, 32)))

    def _learned(self, name: str) -> StyleCode:
        if not self.styles:
            raise InputError(f"{self.model} has not learned {BANK}{name}, nor others: give a picture")
        if name not in self.styles:
            raise InputError(f"{self.model} has not learned {name!r}, but {self._names()}")
        return self.styles[name]

    def _names(self) -> str:
        return ", ".join(BANK + name for name in self.styles)

    def _joined(self, codes: Sequence[StyleCode]) -> Code:
        """One code, of a row for each, where the network is."""
        return {
            tap: Statistics(
                *(torch.cat(part).to(self.device) for part in zip(*(c.statistics[tap] for c in codes)))
            )
            for tap in codes[0].statistics
        }

    def _encode(self, style: Tensor, name: str) -> StyleCode:
        count, _, height, width = style.shape
        check_memory(width, height * count, self.net)

        def encoded() -> StyleCode:
            with enough_memory(self.device, "a smaller --style-size"):
                found = self.net.code(pad_to_multiple(style.to(self.device, torch.float32)))
            statistics = {tap: Statistics(s.mean.cpu(), s.std.cpu()) for tap, s in found.items()}
            return StyleCode(statistics, self.digest, self.model, styles={name: 1.0})

        about = f"{FORMAT} {__version__} {self.digest} {self.model} {self.device.type} {self.dtype}"
        return remembered(style, about, name, encoded, self._check_code)

    def _recolored(
        self, source: Style, content: ImageBuffer, size: int, crop: float, strength: float
    ) -> StyleCode:
        if (parts := _parts(source)) is not None:
            codes = [self._recolored(each, content, size, crop, strength) for each in parts]
            return blend(codes, list(parts.values()))
        text = str(source) if isinstance(source, (str, os.PathLike)) else ""
        if self.styles or is_learned(text):
            raise InputError("preserve_color histogram needs a style's picture: a learned one has none")
        if isinstance(source, StyleCode) or text.endswith(SUFFIX):
            raise InputError("preserve_color histogram needs the style's picture, not its code")
        if content.shape[0] > 1:
            raise InputError("preserve_color histogram takes one content picture at a time")
        style = style_tensor(source, size, crop).cpu()
        matched = color.match_colors(style, palette(content))
        return self._encode(style.lerp(matched, strength), describe(source))

    def _check_code(self, code: StyleCode) -> None:
        if code.digest != self.digest:
            other = f", {code.model}," if code.model and code.model != self.model else ""
            raise InputError(f"this style code was made with another model{other} than {self.model}")
        if _shapes(code.statistics) != self._shapes:
            raise InputError(f"this style code is broken: it is of another shape than {self.model}'s")


def _parts(source: Style) -> Mapping[ImageSource, float] | None:
    """What a blend is made of, or a folder, the mean of its pictures; None for a single style."""
    if isinstance(source, Mapping):
        return source
    if isinstance(source, (str, os.PathLike)):
        if (parts := made_of(str(source))) != {str(source): 1.0}:
            return parts
        if os.path.isdir(source):
            return dict.fromkeys(pictures_in(source), 1.0)
    return None


def _shapes(statistics: Mapping[str, Statistics]) -> dict[str, list[torch.Size]]:
    return {tap: [part.shape for part in pair] for tap, pair in statistics.items()}


def _dtype(precision: str, device: torch.device) -> torch.dtype:
    if precision == "auto":
        return fast_dtype(device)
    if precision not in PRECISIONS:
        raise InputError(f"precision is {precision!r}: not one of auto, {', '.join(PRECISIONS)}")
    return PRECISIONS[precision]

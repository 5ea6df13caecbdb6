"""Encoding: from anything that names a style to its style code."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

import torch
from torch import Tensor

from ..device import enough_memory
from ..errors import InputError
from ..media.tensors import ImageSource, describe, style_tensor
from ..models.memory import check_memory
from ..models.network import StylizerNet
from ..models.padding import pad_to_multiple
from ..models.statistics import Code, Statistics
from ..options import STYLE_SIZE, StylizeOptions
from ..version import __version__
from .cache import remembered
from .code import StyleCode, blend
from .code_file import FORMAT, SUFFIX, Shapes, check_code, shapes_of
from .names import BANK, is_learned, parts_of
from .quantiles import style_quantiles

Style: TypeAlias = ImageSource | StyleCode | Mapping[Any, float]
"""One style: a picture, a code or its file, a folder of pictures, or a blend {style: weight}."""


class StyleEncoder:
    """Encodes styles as codes: the statistics of their features at the network's taps.

    net: as loaded, in float32 on the CPU; it may be moved afterwards. model: its name in messages and
    codes. learned: the codes that a conditional network has learned, by name; "bank:NAME" as a style.
    """

    def __init__(self, net: StylizerNet, model: str):
        self.net, self.model, self.digest = net, model, str(net.digest)
        names = net.config.styles
        self.learned = {name: self._learned_code(number) for number, name in enumerate(names)}
        self._shapes = self._shapes_of_codes()

    @torch.inference_mode()
    def encode(
        self, source: Style, size: int = STYLE_SIZE, crop: float = 1.0, quantiles: bool = False
    ) -> StyleCode:
        """The code of one style; arguments and errors as for `Stylizer.style`."""
        StylizeOptions(style_size=size, style_crop=crop)  # checks them
        if (parts := parts_of(source)) is not None:
            return self.blend(parts, None, size, crop, quantiles)
        if isinstance(source, (str, os.PathLike)):
            if is_learned(str(source)):
                return self._find_learned(str(source).removeprefix(BANK))
            if str(source).endswith(SUFFIX):
                source = StyleCode.load(Path(source))
        if isinstance(source, StyleCode):
            self.check(source)
            return source
        if self.learned:
            raise InputError(f"{self.model} paints in the styles it has learned: {self._names()}")
        if not self.net.bottleneck.takes_style:
            raise InputError(f"{self.model} paints in the one style it has learned: give no other")
        style = style_tensor(cast(ImageSource, source), size, crop)
        return self.encode_picture(style, describe(source), quantiles)

    def blend(
        self,
        styles: Mapping[Any, float] | Sequence[Style],
        weights: Sequence[float] | None = None,
        size: int = STYLE_SIZE,
        crop: float = 1.0,
        quantiles: bool = False,
    ) -> StyleCode:
        """The blend of several styles as one code; arguments as for `Stylizer.blend`."""
        if isinstance(styles, Mapping):
            return self.blend(list(styles), list(styles.values()), size, crop, quantiles)
        return blend([self.encode(source, size, crop, quantiles) for source in styles], weights)

    def encode_picture(self, style: Tensor, name: str, quantiles: bool = False) -> StyleCode:
        """The code of a picture (1, 3, H, W) in [0, 1], float32; from the cache if it is there.

        name: what the code says it was made of. InputError if the picture does not fit into memory.
        """
        count, _, height, width = style.shape
        check_memory(width, height * count, self.net)
        device = self.net.device

        def encoded() -> StyleCode:
            with enough_memory(device, "a smaller --style-size"):
                found = self.net.code(pad_to_multiple(style.to(device, torch.float32)))
                more = style_quantiles(style, device) if quantiles else ()
            statistics = {tap: Statistics(s.mean.cpu(), s.std.cpu()) for tap, s in found.items()}
            return StyleCode(statistics, self.digest, self.model, styles={name: 1.0}, quantiles=more)

        about = f"{FORMAT} {__version__} {self.digest} {self.model} {device.type} {self.net.dtype}"
        about += " with quantiles and moments" * quantiles
        picture = style.cpu().contiguous().numpy()
        return remembered(picture, about, name, encoded, StyleCode.load, self.check)

    def empty_code(self) -> StyleCode:
        """The empty code for a network that has learned a single style; InputError for any other."""
        if self.net.bottleneck.takes_style:
            raise InputError("no style given")
        return StyleCode({}, self.digest, self.model)

    def check(self, code: StyleCode) -> None:
        """Raise InputError for a code that another network made, or that is broken."""
        check_code(code, self.model, self.digest, self._shapes)

    def _learned_code(self, number: int) -> StyleCode:
        statistics = self.net.learned(torch.tensor([number]))
        name = self.net.config.styles[number]
        return StyleCode(statistics, self.digest, self.model, styles={name: 1.0})

    @torch.inference_mode()
    def _shapes_of_codes(self) -> Shapes:
        if self.learned:
            return shapes_of(next(iter(self.learned.values())).statistics)
        if not self.net.bottleneck.takes_style:
            return {}
        return shapes_of(self.net.code(torch.zeros(1, 3, 32, 32)))

    def _find_learned(self, name: str) -> StyleCode:
        if not self.learned:
            raise InputError(f"{self.model} has not learned {BANK}{name}, nor others: give a picture")
        if name not in self.learned:
            raise InputError(f"{self.model} has not learned {name!r}, but {self._names()}")
        return self.learned[name]

    def _names(self) -> str:
        return ", ".join(BANK + name for name in self.learned)


def stacked(codes: Sequence[StyleCode], device: torch.device) -> Code:
    """N codes as the N rows of one, (N, C) at each tap, on the given device."""
    return {
        tap: Statistics(
            *(torch.cat(part).to(device) for part in zip(*(c.statistics[tap] for c in codes)))
        )
        for tap in codes[0].statistics
    }

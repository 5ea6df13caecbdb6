"""Frames through the network, with statistics that do not jump from one to the next."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor

from ..device import enough_memory
from ..engine import color
from ..engine.memory import check_memory
from ..engine.pictures import pad_to_multiple
from ..engine.style_code import StyleCode, blend
from ..engine.stylizer import Stylizer
from ..nn.normalization import Moments, Statistics, moments
from ..nn.stylizer import PIXELS

MEMORY = 0.9  # what a frame's statistics keep of those before it


class Painter:
    """Paints one frame after the other.

    styles: (second, code) in order of time; between two the code moves from the one to the other.
    steady: AdaIN takes away a running mean of the frames' own statistics, μ̄ₜ = 0.9 μ̄ₜ₋₁ + 0.1 μₜ (and
    so the variances), so that what enters the picture on one side does not change the other at once.
    """

    def __init__(
        self,
        stylizer: Stylizer,
        styles: Sequence[tuple[float, StyleCode]],
        alpha: float = 1.0,
        luminance: bool = False,
        steady: bool = True,
    ):
        self.net = stylizer.net
        self.styles, self.alpha, self.luminance, self.steady = styles, alpha, luminance, steady
        self.running: dict[str, Moments] = {}
        self._code: tuple[StyleCode, dict[str, Statistics]] | None = None

    @torch.inference_mode()
    def paint(self, picture: np.ndarray, time: Fraction | float = 0, fresh: bool = False) -> np.ndarray:
        """A frame as it is seen at `time`, float32 (H, W, 3) in [0, 1]; the same out.

        fresh: it has nothing to do with the one before: after a cut.
        """
        if fresh or not self.steady:
            self.running = {}
        height, width = picture.shape[:2]
        check_memory(width, height, self.net)
        x = torch.from_numpy(picture).permute(2, 0, 1)[None].to(self.net.device)
        with enough_memory(self.net.device, "a smaller --size"):
            padded = pad_to_multiple(x).contiguous(memory_format=torch.channels_last)
            out = self._network(padded, self._statistics(float(time)))[:, :, :height, :width]
        out = out.float().clamp(0, 1)
        if self.luminance:
            out = color.with_luminance_of(x, out)
        return out[0].permute(1, 2, 0).contiguous().cpu().numpy()

    def state(self) -> dict[str, np.ndarray]:
        """What the next frame needs to know of those before it."""
        parts = {f"{tap}.{p}": x for tap, m in self.running.items() for p, x in m._asdict().items()}
        return {key: x.cpu().numpy() for key, x in parts.items()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what `state` gave."""
        on = {key: torch.from_numpy(x).to(self.net.device) for key, x in state.items()}
        taps = {key.rpartition(".")[0] for key in on}
        self.running = {tap: Moments(on[f"{tap}.mean"], on[f"{tap}.var"]) for tap in taps}

    def _network(self, x: Tensor, code: dict[str, Statistics]) -> Tensor:
        """`StylizerNet.forward`, with the moments on their way."""
        net, own = self.net, {}
        if PIXELS in net.config.taps:
            own[PIXELS] = self._smoothed(PIXELS, x)
        features = net.encode(net.recolor(x, code, self.alpha, None, own))
        own |= {tap: self._smoothed(tap, f) for tap, f in features.items()}
        return net.decoder(net.bottleneck(features, code, self.alpha, None, own))

    def _smoothed(self, tap: str, x: Tensor) -> Moments:
        found = moments(x, tap in self.net.config.joint)
        before = self.running.get(tap)
        if before is not None:
            found = Moments(*(was.lerp(now, 1 - MEMORY) for was, now in zip(before, found)))
        self.running[tap] = found
        return found

    def _statistics(self, time: float) -> dict[str, Statistics]:
        code = code_at(self.styles, time)
        if self._code is None or self._code[0] is not code:
            there = {
                tap: Statistics(*(x.to(self.net.device) for x in s))
                for tap, s in code.statistics.items()
            }
            self._code = code, there
        return self._code[1]


def code_at(styles: Sequence[tuple[float, StyleCode]], time: float) -> StyleCode:
    """The style at a time: the first until its own, the last from its own on, a blend between two.

    The way between two rests at both: 3t² − 2t³.
    """
    later = [at for at, _ in styles if at > time]
    index = len(styles) - len(later)
    if index == 0 or not later:
        return styles[max(index - 1, 0)][1]
    (t0, a), (t1, b) = styles[index - 1 : index + 1]
    t = (time - t0) / (t1 - t0)
    share = t * t * (3 - 2 * t)
    return blend([a, b], [1 - share, share])

"""Draft, then revise: a picture painted small, enlarged, and painted again over the photo's details.

What a network paints at half the size has strokes twice as broad, which it could not paint at full
size: its convolutions do not see as far. (The idea of LapStyle, Lin et al. 2021, arXiv 2104.05376, for
any style.)
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .statistics import EPS, Moments


def halved(x: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C, H/2, W/2), the mean of every two by two; H and W even."""
    return F.avg_pool2d(x, 2)


def enlarged(x: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C, 2H, 2W), bilinear: smooth, so that no edge of a pixel is seen."""
    return F.interpolate(x, scale_factor=2, mode="bilinear")


class Grain(nn.Module):
    """Noise on which a draft is begun: a flat sky holds nothing that strokes could grow from.

    A network makes the same of what is the same, so a sky without it is one dab over and over, or the
    blocks of its JPEG. (Texture networks, Ulyanov et al. 2016, start from noise for the same reason.)
    The noise is grey, soft (a few pixels wide), always the same, and bound to its place: parts of a
    picture meet, and the frames of a film do not flicker with it.

    strength: its standard deviation, the range being 1.
    """

    PERIOD = 512  # pixels after which it repeats, down and across
    UNIT = 32  # steps in a standard deviation, to be small in an exported file
    noise: Tensor

    def __init__(self, strength: float):
        super().__init__()
        self.strength = strength
        side = self.PERIOD
        white = np.random.RandomState(0).standard_normal((side, side))  # a stream that never changes
        soft = np.exp(-((2 * np.pi * np.fft.fftfreq(side)) ** 2) / 2)  # a Gaussian of one pixel
        noise = np.fft.ifft2(np.fft.fft2(white) * soft * soft[:, None]).real
        steps = np.rint(self.UNIT * noise / noise.std()).clip(-127, 127).astype(np.int8)
        self.register_buffer("noise", torch.from_numpy(steps)[None, None], persistent=False)

    def forward(self, rows: slice, columns: slice, photo: Moments | None = None) -> Tensor:
        """What is added to these pixels of the draft, (1, 1, h, w), or (N, 1, h, w).

        photo: the moments of N photos' pixels, perhaps of each region, if they are known. The noise is
        then worth no more than their own contrast, σ / √(σ² + ε): a photo of one colour gets none,
        since the bottleneck would magnify what is nothing but noise to the style's whole range.
        """
        return limited(self.window(rows, columns), photo)

    def window(self, rows: slice, columns: slice) -> Tensor:
        """The noise of these pixels, (1, 1, h, w), for a photo with contrast."""
        noise = self.noise
        for dim, at in ((2, rows), (3, columns)):
            index = torch.arange(at.start, at.stop, device=noise.device) % self.PERIOD
            noise = noise.index_select(dim, index)
        return noise * (self.strength / self.UNIT)


def limited(noise: Tensor, photo: Moments | None) -> Tensor:
    """Noise (1, 1, h, w) as `Grain` adds it to a photo, or N photos, with these moments, if known."""
    return noise if photo is None else noise * contrast(photo)


def contrast(photo: Moments) -> Tensor:
    """σ / √(σ² + ε) of photos' pixels, all colours and regions together, (N, 1, 1, 1): 0 where there is
    one colour, 1 for any real photo. photo: (N, 3) or (N, R, 3), with variances or covariances."""
    joint = photo.var.ndim > photo.mean.ndim
    var = photo.var.diagonal(dim1=-2, dim2=-1) if joint else photo.var
    whole = var.flatten(1).mean(dim=1).clamp(min=0)
    return (whole / (whole + EPS)).sqrt()[:, None, None, None]


class Overlay(nn.Module):
    """The photo's details over an enlarged draft: what the next pass paints from.

    details: how much of what the photo has and its small copy has not, of each
    colour; all of it unless that is learned.
    """

    def __init__(self, learned: bool = True):
        super().__init__()
        if learned:
            self.details = nn.Parameter(torch.ones(3))
        else:
            self.register_buffer("details", torch.ones(3), persistent=False)

    def below(self, draft: Tensor, small: Tensor) -> Tensor:
        """What is to be enlarged: the small photo as it was painted, less its part of the details; both
        (N, 3, H, W)."""
        return draft - self.details[:, None, None] * small

    def forward(self, below: Tensor, photo: Tensor) -> Tensor:
        """below: what `below` gives, enlarged; photo: at its full size; both (N, 3, H, W)."""
        return below + self.details[:, None, None] * photo

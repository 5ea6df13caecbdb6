"""Drafts: paint a small copy, enlarge it, add the photo's details, and paint that again.

At half the size a network paints strokes twice as broad; at full size it could not, since its
convolutions do not see that far. The idea is that of LapStyle (Lin et al. 2021, arXiv 2104.05376),
here for any style.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .statistics import EPS, Moments


def halved(x: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C, H/2, W/2), by averaging 2×2 pixels; H and W are even."""
    return F.avg_pool2d(x, 2)


def enlarged(x: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C, 2H, 2W), bilinear, so that no pixel edges show."""
    return F.interpolate(x, scale_factor=2, mode="bilinear")


class Grain(nn.Module):
    """Noise added to the input of the smallest draft, for strokes to grow from in flat areas.

    Equal input gives equal output, so without noise a flat sky becomes one dab repeated, or shows the
    photo's JPEG blocks. (Texture networks, Ulyanov et al. 2016, start from noise for the same reason.)
    The noise is grey, soft (a few pixels wide), always the same and fixed to pixel coordinates, so that
    tiles meet and films do not flicker.

    strength: its standard deviation, where the range of pixels is 1.
    """

    PERIOD = 512  # pixels after which the noise repeats, in both directions
    UNIT = 32  # int8 steps per standard deviation: integers keep exported files small
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
        """The noise for these rows and columns of the draft, (1, 1, h, w), or (N, 1, h, w).

        photo: moments of N photos' pixels, perhaps per region, if they are known. The noise is then
        scaled by the photo's `contrast`: a photo of one colour gets none, since the bottleneck would
        amplify pure noise to the style's whole range.
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
    """σ / √(σ² + ε) over all colours and regions of each photo, (N, 1, 1, 1): 0 for a photo of one
    colour, about 1 for any real photo. photo: moments (N, 3) or (N, R, 3), variances or covariances."""
    joint = photo.var.ndim > photo.mean.ndim
    var = photo.var.diagonal(dim1=-2, dim2=-1) if joint else photo.var
    whole = var.flatten(1).mean(dim=1).clamp(min=0)
    return (whole / (whole + EPS)).sqrt()[:, None, None, None]


class Overlay(nn.Module):
    """The input of the next pass: the enlarged draft plus the details that its small photo lacked.

    input = enlarge(draft − d · small) + d · photo, with d = `details`, (3,): how much of the photo's
    detail is kept, per colour channel. 1 unless it is learned.
    """

    def __init__(self, learned: bool = True):
        super().__init__()
        if learned:
            self.details = nn.Parameter(torch.ones(3))
        else:
            self.register_buffer("details", torch.ones(3), persistent=False)

    def below(self, draft: Tensor, small: Tensor) -> Tensor:
        """What is enlarged: draft − details · small photo, (N, 3, h, w). small: the photo that the draft
        was painted from."""
        return draft - self.details[:, None, None] * small

    def forward(self, below: Tensor, photo: Tensor) -> Tensor:
        """The next pass's input, (N, 3, H, W), from the enlarged result of `below` and the photo."""
        return below + self.details[:, None, None] * photo

"""What becomes of pixels before and after the graphs, as arrays: colours and masks. No torch here.

The same is done with tensors, of any size and on any device, in `stylize.color` and `stylize.regions`.
"""

import numpy as np
from PIL import Image

from ..media.masks import read_mask
from ..options import StylizeOptions

MULTIPLE = 16  # as `models.padding` has it
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)[:, None, None]


def planes(image: Image.Image) -> np.ndarray:
    """A PIL image of mode RGB as float32 (1, 3, H, W) in [0, 1]."""
    return np.asarray(image).transpose(2, 0, 1)[None].astype(np.float32, order="C") / np.float32(255)


def to_image(picture: np.ndarray) -> Image.Image:
    """float32 (1, 3, H, W) in [0, 1] as a PIL image."""
    bands = np.rint(picture[0] * np.float32(255)).astype(np.uint8)
    return Image.merge("RGB", [Image.fromarray(band) for band in bands])


def alpha_map(options: StylizeOptions, shape: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """The strength at each position, float32 (1, 1, H, W).

    shape: (H, W) at which the content is painted. size: (width, height) that the mask must have.
    """
    alpha: np.ndarray = np.full((1, 1, *shape), options.alpha, np.float32)
    if options.mask is None:
        return alpha
    mask = read_mask(options.mask, size)
    for axis, side in enumerate(shape):
        mask = softened(area_resized(mask, side, axis), options.feather, axis)
    alpha *= mask
    return alpha


def area_resized(values: np.ndarray, side: int, axis: int) -> np.ndarray:
    """Values at another size along an axis: each the mean of those that it covers, be it in part; what
    torch's `interpolate` does in mode "area"."""
    before = values.shape[axis]
    position = np.arange(side)
    return _means(values, position * before // side, -(-(position + 1) * before // side), axis)


def softened(values: np.ndarray, radius: int, axis: int) -> np.ndarray:
    """Values whose borders along an axis are ramps of `radius` to either side."""
    margin = [(radius, radius) if each == axis else (0, 0) for each in range(values.ndim)]
    first = np.arange(values.shape[axis])
    return _means(np.pad(values, margin, mode="edge"), first, first + 2 * radius + 1, axis)


def _means(values: np.ndarray, first: np.ndarray, stop: np.ndarray, axis: int) -> np.ndarray:
    """Means of stretches of an axis, float32."""
    values = np.moveaxis(values, axis, 0)
    sums = np.concatenate([np.zeros_like(values[:1], np.float64), values.cumsum(0, np.float64)])
    found = (sums[stop] - sums[first]) / (stop - first)[:, None]
    means: np.ndarray = np.moveaxis(found, 0, axis).astype(np.float32)
    return means


def keep_luminance(photo: np.ndarray, painted: np.ndarray, strength: float) -> np.ndarray:
    """The photo with the luminance (Rec. 601) of what was painted, as far as a strength from 0 to 1
    goes; all (1, 3, H, W) in [0, 1]. Gatys et al. 2016, "Preserving Color in Neural Style Transfer"."""
    difference = ((painted - photo) * _LUMA).sum(axis=1, keepdims=True)
    kept = (photo + difference).clip(0, 1)
    found: np.ndarray = painted + np.float32(strength) * (kept - painted)
    return found


def match_colors(style: np.ndarray, photo: np.ndarray, strength: float) -> np.ndarray:
    """A painting with the photo's mean colour and covariance, as far as a strength from 0 to 1 goes;
    both (1, 3, H, W) in [0, 1].

    x ↦ A(x − μs) + μc with A = Σc^½ Σs^-½, the linear variant of Gatys et al. 2016.
    """
    # Of the photo as the network sees it, extended: so has `stylize.tiling.palette`.
    more = [(0, 0), (0, 0), *((0, -side % MULTIPLE) for side in photo.shape[2:])]
    wanted, after = _moments(np.pad(photo, more, mode="reflect"))
    mean, before = _moments(style)
    matrix = (_power(after, 0.5) @ _power(before, -0.5)).astype(np.float32)
    pixels = style.reshape(3, -1) - mean.astype(np.float32)
    matched = (matrix @ pixels + wanted.astype(np.float32)).clip(0, 1).reshape(style.shape)
    found: np.ndarray = style + np.float32(strength) * (matched - style)
    return found


def _moments(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (3, 1) and covariance (3, 3) of a picture's colours, float64."""
    pixels = picture.reshape(3, -1)
    mean = pixels.mean(axis=1, keepdims=True, dtype=np.float64)
    off = pixels - mean
    return mean, off @ off.T / off.shape[1]


def _power(covariance: np.ndarray, exponent: float, eps: float = 1e-5) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance + eps * np.eye(3))
    found: np.ndarray = vectors @ np.diag(values**exponent) @ vectors.T
    return found

"""Where a film's pixels were in the frame before: the camera's motion, and that of objects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import InputError

try:
    import cv2 as opencv
except ImportError:
    missing = "a steady film needs OpenCV: pip install 'styletransfer[video]', or give --frame-by-frame"
    raise InputError(missing) from None

cv2: Any = opencv  # its own types know neither optical flow nor factors for each channel

FLOW_SIDE = 240  # flow is found on images of about this short side
UNSURE = 0.25  # of those images' pixels: what moves less by itself does not
BLOCK = 32  # of those pixels: where something moves, so much is looked up anew
EXPOSURE = 0.9  # how much of a change of exposure is taken back at once; the rest is let through

Size = tuple[int, int]
"""Width and height in pixels."""
Box = tuple[slice, slice]
"""Rows and columns."""


@dataclass
class ReducedImage:
    """A reduced image, in which motion is found fast. pixels: float32 (h, w, 3).

    reduction: 3×3, from the full image's pixels to this one's. full_size: width and height of the full
    image.
    """

    pixels: np.ndarray
    reduction: np.ndarray
    full_size: Size

    @staticmethod
    def of(image: np.ndarray) -> "ReducedImage":
        """Reduce an image, uint8 or float32 in [0, 1], (H, W, 3)."""
        height, width = image.shape[:2]
        by = max(1, min(round(min(height, width) / FLOW_SIDE), height // 16, width // 16))
        reduction = np.array([[1 / by, 0, (1 / by - 1) / 2], [0, 1 / by, (1 / by - 1) / 2], [0, 0, 1]])
        if by > 1:  # by whole pixels, which is fast; the last few may be left out
            size = width // by, height // by
            image = cv2.resize(image[: size[1] * by, : size[0] * by], size, interpolation=cv2.INTER_AREA)
        if image.dtype == np.uint8:
            image = image / np.float32(255)
        return ReducedImage(image, reduction, (width, height))

    def aligned_to(self, other: "ReducedImage", matrix: np.ndarray) -> np.ndarray:
        """This image as seen from the other; matrix maps the other's full pixels to this one's."""
        reduced = self.reduction @ matrix @ np.linalg.inv(other.reduction)
        height, width = other.pixels.shape[:2]
        return warp(self.pixels, reduced, (width, height), cv2.INTER_LINEAR)


def camera_motion(frame: ReducedImage, other: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """The similarity (3×3, in full pixels) that maps most of a frame to another of the same reduced
    size, or None; and the flow it was found in: (h, w, 2), the x and y displacement of each reduced
    pixel."""
    grey = [scaled(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), 255, cv2.CV_8U) for p in (frame.pixels, other)]
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST).calc(*grey, None)
    height, width = flow.shape[:2]
    step = max(2, min(height, width) // 40)
    some = np.s_[step // 2 :: step, step // 2 :: step]
    here = _coordinates(width, height)[some].reshape(-1, 2)
    there = here + flow[some].reshape(-1, 2)
    inside = ((there >= 0) & (there < (width, height))).all(axis=1)
    if inside.sum() < 8:
        return None, flow
    matrix, agree = cv2.estimateAffinePartial2D(
        here[inside], there[inside], method=cv2.RANSAC, ransacReprojThreshold=0.5, maxIters=500
    )
    if matrix is None or agree.mean() < 0.2:
        return None, flow
    reduction = frame.reduction
    return np.linalg.inv(reduction) @ np.vstack([matrix, [0, 0, 1]]) @ reduction, flow


@dataclass
class BackwardMap:
    """Where each pixel of an image was in the last one: matrix · p, where only the camera moved.

    size: of the image. moving: boxes in which objects moved, with the earlier positions of their pixels,
    (h, w, 2) x and y.
    """

    matrix: np.ndarray
    size: Size
    moving: list[tuple[Box, np.ndarray]] = field(default_factory=list)

    def sample(self, last: np.ndarray) -> np.ndarray:
        """The last image, float32 (H, W, 3), at the earlier positions; (h, w, 3)."""
        found = warp(last, self.matrix, self.size)
        for box, positions in self.moving:
            found[box] = cv2.remap(
                last, positions, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
            )
        return found


def object_motion(flow: np.ndarray, frame: ReducedImage, camera: np.ndarray) -> np.ndarray:
    """The part of a flow that is not the camera's (3×3, in full pixels), in full pixels; 0 nearly
    everywhere."""
    reduced = frame.reduction @ camera @ np.linalg.inv(frame.reduction)
    height, width = flow.shape[:2]
    by_camera = cv2.transform(_coordinates(width, height), (reduced - np.eye(3))[:2])
    motion = cv2.subtract(flow, by_camera)
    motion[cv2.magnitude(*cv2.split(motion)) < UNSURE] = 0
    factors = (1 / frame.reduction[0, 0], 1 / frame.reduction[1, 1], 0, 0)
    found: np.ndarray = cv2.multiply(motion, factors)
    return found


def backward_map(
    motion: np.ndarray, frame: ReducedImage, frame_to_image: np.ndarray, to_last: np.ndarray, size: Size
) -> BackwardMap:
    """The backward map of an image of this size on which the frame lies.

    motion: `object_motion` in the reduced frame. frame_to_image: 3×3, from the frame's full pixels to
    the image's. to_last: 3×3, the camera's motion from the image's pixels to the last one's.
    """
    found = BackwardMap(to_last, size)
    to_reduced, moves = frame.reduction @ np.linalg.inv(frame_to_image), _moves(motion)
    for left, top, right, bottom in _boxes(moves, np.linalg.inv(to_reduced), size):
        corner = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]])
        moved = warp(motion, to_reduced @ corner, (right - left, bottom - top), cv2.INTER_LINEAR)
        positions = _coordinates(right - left, bottom - top) + np.array([left, top], np.float32)
        positions += cv2.transform(moved, frame_to_image[:2, :2])
        found.moving.append((np.s_[top:bottom, left:right], cv2.transform(positions, to_last[:2])))
    return found


def _moves(motion: np.ndarray) -> np.ndarray:
    """Where there is any motion: uint8 (h, w), 0 or 255."""
    found: np.ndarray = cv2.bitwise_not(cv2.inRange(motion, (0, 0), (0, 0)))
    return found


def _boxes(moves: np.ndarray, to_full: np.ndarray, size: Size) -> Iterator[tuple[int, int, int, int]]:
    """The boxes (left, top, right, bottom) of the blocks of the full image in which anything moves."""
    for row in range(0, moves.shape[0], BLOCK):
        for column in range(0, moves.shape[1], BLOCK):
            x, y, w, h = cv2.boundingRect(moves[row : row + BLOCK, column : column + BLOCK])
            if not w:
                continue
            left, top = x + column - 1, y + row - 1  # interpolated, it reaches one pixel further
            right, bottom = left + w + 1, top + h + 1
            corners = to_full[:2] @ [[left, right, left, right], [top, top, bottom, bottom], [1] * 4]
            start = np.floor(corners.min(axis=1)).astype(int).clip(0)
            stop = np.minimum(np.ceil(corners.max(axis=1)).astype(int) + 1, size)
            if (start < stop).all():
                yield *start.tolist(), *stop.tolist()


@lru_cache(maxsize=64)
def _coordinates(width: int, height: int) -> np.ndarray:
    """Each pixel's x and y; (height, width, 2)."""
    return np.stack(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in (width, height))), axis=-1)


def exposure_gains(frame: np.ndarray, before: np.ndarray) -> np.ndarray:
    """A factor per channel that gives a frame the exposure that the same objects had before."""
    edge = 4
    a, b = (p[edge:-edge:4, edge:-edge:4].reshape(-1, 3) for p in (frame, before))
    gains = np.zeros(3, np.float32)
    for channel in range(3):
        usable = (a[:, channel] > 0.1) & (a[:, channel] < 0.95) & (b[:, channel] > 0.1)
        if usable.sum() > 50:
            gains[channel] = np.median(np.log(a[usable, channel] / b[usable, channel]))
    return np.exp(-EXPOSURE * gains.clip(-0.2, 0.2))


def warp(
    image: np.ndarray, matrix: np.ndarray, size: Size, interpolation: int = cv2.INTER_CUBIC
) -> np.ndarray:
    """Resample an image to this size: the value at p is the image's at matrix · p, interpolated."""
    whole = np.round(matrix[:2])
    if np.array_equal(whole[:, :2], np.eye(2)) and np.allclose(matrix[:2], whole, rtol=0, atol=1e-6):
        matrix, interpolation = whole, cv2.INTER_NEAREST
    flags = cv2.WARP_INVERSE_MAP | interpolation
    found: np.ndarray = cv2.warpAffine(
        image, matrix[:2], size, flags=flags, borderMode=cv2.BORDER_REFLECT_101
    )
    return found


def scaled(image: np.ndarray, factors: float | Sequence[float] | np.ndarray, depth: int) -> np.ndarray:
    """Multiply an image's three channels by a factor each; uint8 results are rounded and clipped."""
    found: np.ndarray = cv2.multiply(image, (*np.broadcast_to(factors, 3).tolist(), 0), dtype=depth)
    return found

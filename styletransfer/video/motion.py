"""Where a film's pixels were one frame ago: the camera's motion, and that of what moves by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..errors import InputError

try:
    import cv2
except ImportError:
    missing = "a steady film needs OpenCV: pip install 'styletransfer[video]', or give --frame-by-frame"
    raise InputError(missing) from None

FLOW_SIDE = 240  # flow is found on pictures of about this short side
UNSURE = 0.25  # of those pictures' pixels: what moves less by itself does not
BLOCK = 32  # of those pixels: where something moves, so much is looked up anew
EXPOSURE = 0.9  # how much of a change of exposure is taken back at once; the rest is let through


@dataclass
class Small:
    """A picture, reduced so that motion in it is found fast, float32 (h, w, 3).

    shrink: 3×3, the full picture's pixels to this one's. full: (width, height) of the full one.
    """

    picture: np.ndarray
    shrink: np.ndarray
    full: tuple[int, int]

    @staticmethod
    def of(picture: np.ndarray) -> "Small":
        """picture: uint8, or float32 in [0, 1]."""
        height, width = picture.shape[:2]
        by = max(1, min(round(min(height, width) / FLOW_SIDE), height // 16, width // 16))
        shrink = np.array([[1 / by, 0, (1 / by - 1) / 2], [0, 1 / by, (1 / by - 1) / 2], [0, 0, 1]])
        if by > 1:  # by whole pixels, which is fast; the last few may be left out
            size = width // by, height // by
            picture = cv2.resize(
                picture[: size[1] * by, : size[0] * by], size, interpolation=cv2.INTER_AREA
            )
        if picture.dtype == np.uint8:
            picture = picture / np.float32(255)
        return Small(picture, shrink, (width, height))

    def seen_by(self, other: "Small", matrix: np.ndarray) -> np.ndarray:
        """This picture as the other sees it, whose full pixels the matrix takes to this one's."""
        small = self.shrink @ matrix @ np.linalg.inv(other.shrink)
        return warp(self.picture, small, other.picture.shape[1::-1], cv2.INTER_LINEAR)


def camera_motion(frame: Small, other: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """The similarity (3×3, in full pixels) that takes most of a frame to another of its small size.

    None if there is none. And the flow it was found in: how far each small pixel is from where it is
    in the other, (h, w, 2) x and y.
    """
    grey = [times(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), 255, cv2.CV_8U) for p in (frame.picture, other)]
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST).calc(*grey, None)
    step = max(2, min(flow.shape[:2]) // 40)
    some = np.s_[step // 2 :: step, step // 2 :: step]
    here = _pixels(*flow.shape[1::-1])[some].reshape(-1, 2)
    there = here + flow[some].reshape(-1, 2)
    inside = ((there >= 0) & (there < flow.shape[1::-1])).all(axis=1)
    if inside.sum() < 8:
        return None, flow
    matrix, agree = cv2.estimateAffinePartial2D(
        here[inside], there[inside], method=cv2.RANSAC, ransacReprojThreshold=0.5, maxIters=500
    )
    if matrix is None or agree.mean() < 0.2:
        return None, flow
    return np.linalg.inv(frame.shrink) @ np.vstack([matrix, [0, 0, 1]]) @ frame.shrink, flow


@dataclass
class Past:
    """Where each pixel of a picture was in the last one: matrix · p, as far as the camera alone moved.

    size: (width, height) of the picture. moved: boxes in which things moved by themselves, and where
    their pixels were, (h, w, 2) x and y.
    """

    matrix: np.ndarray
    size: tuple[int, int]
    moved: list[tuple[tuple[slice, slice], np.ndarray]]

    def in_(self, last: np.ndarray) -> np.ndarray:
        """What the last picture, float32 (H, W, 3), had there; (h, w, 3)."""
        found = warp(last, self.matrix, self.size)
        for box, places in self.moved:
            found[box] = cv2.remap(
                last, places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
            )
        return found


def own_motion(flow: np.ndarray, frame: Small, camera: np.ndarray) -> np.ndarray:
    """What of a flow is not the camera's (3×3, in full pixels), in full pixels; mostly nothing: 0."""
    small = frame.shrink @ camera @ np.linalg.inv(frame.shrink)
    own = cv2.subtract(flow, cv2.transform(_pixels(*flow.shape[1::-1]), (small - np.eye(3))[:2]))
    own[cv2.magnitude(*cv2.split(own)) < UNSURE] = 0
    return cv2.multiply(own, (1 / frame.shrink[0, 0], 1 / frame.shrink[1, 1], 0, 0))


def past_of(own: np.ndarray, frame: Small, pose: np.ndarray, back: np.ndarray, size) -> Past:
    """The past of a picture of this size on which the frame lies.

    own: what moved by itself in the frame's small picture. pose: 3×3, the frame's full pixels to the
    picture's. back: the camera's motion: the picture's pixels to the last one's.
    """
    past = Past(back, size, [])
    to_small, moves = frame.shrink @ np.linalg.inv(pose), ~cv2.inRange(own, (0, 0), (0, 0))
    for left, top, right, bottom in _boxes(moves, np.linalg.inv(to_small), size):
        corner = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]])
        moved = warp(own, to_small @ corner, (right - left, bottom - top), cv2.INTER_LINEAR)
        places = _pixels(right - left, bottom - top) + np.float32([left, top])
        places += cv2.transform(moved, pose[:2, :2])
        past.moved.append((np.s_[top:bottom, left:right], cv2.transform(places, back[:2])))
    return past


def _boxes(moves: np.ndarray, to_full: np.ndarray, size) -> Iterator[tuple[int, int, int, int]]:
    """Left, top, right and bottom of those blocks of the full picture in which something moves."""
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
def _pixels(width: int, height: int) -> np.ndarray:
    """Each pixel's x and y; (height, width, 2)."""
    return np.stack(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in (width, height))), axis=-1)


def exposure(frame: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """A factor for each channel that gives a frame the exposure of the same things on the canvas."""
    edge = 4
    a, b = (p[edge:-edge:4, edge:-edge:4].reshape(-1, 3) for p in (frame, seen))
    gains = np.zeros(3, np.float32)
    for channel in range(3):
        usable = (a[:, channel] > 0.1) & (a[:, channel] < 0.95) & (b[:, channel] > 0.1)
        if usable.sum() > 50:
            gains[channel] = np.median(np.log(a[usable, channel] / b[usable, channel]))
    return np.exp(-EXPOSURE * gains.clip(-0.2, 0.2))


def warp(picture: np.ndarray, matrix: np.ndarray, size, between=cv2.INTER_CUBIC) -> np.ndarray:
    """Of `size` (width, height): at p what the picture has at matrix · p, or between its pixels."""
    whole = np.round(matrix[:2])
    if np.array_equal(whole[:, :2], np.eye(2)) and np.allclose(matrix[:2], whole, rtol=0, atol=1e-6):
        matrix, between = whole, cv2.INTER_NEAREST
    flags = cv2.WARP_INVERSE_MAP | between
    return cv2.warpAffine(picture, matrix[:2], size, flags=flags, borderMode=cv2.BORDER_REFLECT_101)


def times(picture: np.ndarray, factors, depth: int) -> np.ndarray:
    """Each of three channels times a factor, or all; bytes (CV_8U) are rounded and kept in range."""
    return cv2.multiply(picture, (*np.broadcast_to(factors, 3).tolist(), 0), dtype=depth)

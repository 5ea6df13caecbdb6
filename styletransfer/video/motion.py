"""Where a film's pixels were one frame ago: the camera's motion, and that of what moves by itself."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import InputError

try:
    import cv2
except ImportError:
    missing = "a steady film needs OpenCV: pip install 'styletransfer[video]', or give --frame-by-frame"
    raise InputError(missing) from None

FLOW_SIDE = 360  # flow is found on pictures of about this short side
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
        reduce = max(1, round(min(height, width) / FLOW_SIDE))
        size = max(16, width // reduce), max(16, height // reduce)
        x, y = size[0] / width, size[1] / height
        shrink = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
        if size != (width, height):
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        if picture.dtype == np.uint8:
            picture = picture / np.float32(255)
        return Small(picture, shrink, (width, height))

    def seen_by(self, other: "Small", matrix: np.ndarray) -> np.ndarray:
        """This picture as the other sees it, whose full pixels the matrix takes to this one's."""
        small = self.shrink @ matrix @ np.linalg.inv(other.shrink)
        return warp(self.picture, small, other.picture.shape[1::-1], cv2.INTER_LINEAR)


def camera_motion(frame: Small, other: np.ndarray) -> np.ndarray | None:
    """The similarity (3×3, in full pixels) that takes most of a frame to another of its small size.

    None if there is none.
    """
    flow = _flow(frame.picture, other, cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    step = max(2, min(flow.shape[:2]) // 40)
    y, x = np.mgrid[step // 2 : flow.shape[0] : step, step // 2 : flow.shape[1] : step]
    here = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    there = here + flow[y.ravel(), x.ravel()]
    inside = ((there >= 0) & (there < flow.shape[1::-1])).all(axis=1)
    if inside.sum() < 8:
        return None
    matrix, agree = cv2.estimateAffinePartial2D(
        here[inside], there[inside], method=cv2.RANSAC, ransacReprojThreshold=0.5, maxIters=500
    )
    if matrix is None or agree.mean() < 0.2:
        return None
    return np.linalg.inv(frame.shrink) @ np.vstack([matrix, [0, 0, 1]]) @ frame.shrink


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


def past_of(picture: Small, last: Small, back: np.ndarray) -> Past:
    """back: the camera's motion: the picture's full pixels to the last one's."""
    flow = _flow(picture.picture, last.seen_by(picture, back), cv2.DISOPTICAL_FLOW_PRESET_FAST)
    moves = cv2.magnitude(flow[..., 0], flow[..., 1]) >= UNSURE
    flow[~moves] = 0
    flow /= picture.shrink.diagonal()[:2].astype(np.float32)
    past = Past(back, picture.full, [])
    for left, top, right, bottom in _boxes(moves, picture):
        corner = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]])
        places = warp(flow, picture.shrink @ corner, (right - left, bottom - top), cv2.INTER_LINEAR)
        places += np.stack(np.meshgrid(np.arange(left, right), np.arange(top, bottom)), axis=-1)
        past.moved.append((np.s_[top:bottom, left:right], cv2.transform(places, back[:2])))
    return past


def _boxes(moves: np.ndarray, small: Small) -> Iterator[tuple[int, int, int, int]]:
    """Left, top, right and bottom of those blocks of the full picture in which something moves."""
    moves, to_full = moves.astype(np.uint8), np.linalg.inv(small.shrink)
    for row in range(0, moves.shape[0], BLOCK):
        for column in range(0, moves.shape[1], BLOCK):
            x, y, w, h = cv2.boundingRect(moves[row : row + BLOCK, column : column + BLOCK])
            if not w:
                continue
            x, y = x + column, y + row
            # Interpolated, it reaches one pixel further.
            ends = to_full @ np.array([[x - 1, x + w], [y - 1, y + h], [1, 1]])
            start = np.floor(ends[:2, 0]).astype(int).clip(0)
            stop = np.minimum(np.ceil(ends[:2, 1]).astype(int) + 1, small.full)
            yield *start.tolist(), *stop.tolist()


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


def _flow(picture: np.ndarray, other: np.ndarray, preset: int) -> np.ndarray:
    grey = [times(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), 255, cv2.CV_8U) for p in (picture, other)]
    return cv2.DISOpticalFlow_create(preset).calc(*grey, None)


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

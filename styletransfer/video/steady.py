"""What keeps a painted film from flickering.

A network paints the same thing otherwise when it lies two pixels further left: its features are eight
pixels wide, and its strokes stick to that grid while the picture moves below it. So each frame is laid
on a *canvas* that stands still behind the moving camera, painted there, and taken back. What is left
(noise, exposure, things that move by themselves) is averaged over time, where the frame agrees with
what was on the canvas before:

    Sₜ = Cₜ + w · m · (Sₜ₋₁ − Cₜ)      the steady canvas: frames before the network
    Oₜ = N(Sₜ) + w · m · (Oₜ₋₁ − N(Sₜ))   and after it

m is in [0, 1] how far frame and canvas agree at each pixel (`_agreement`): where they do not, nothing of
the past is used, so that nothing drags a ghost behind it.
"""

from dataclasses import dataclass
from math import atan2, hypot, log

import numpy as np

from ..errors import InputError

try:
    import cv2
except ImportError:
    missing = "a steady film needs OpenCV: pip install 'styletransfer[video]', or give --frame-by-frame"
    raise InputError(missing) from None

PAST = 0.7  # w
TOLERANCE = 0.04  # of the picture's range: where canvas and frame differ by it, m is 1/e
GRID = 8  # of the network
FLOW_SIDE = 360  # flow is found on pictures of about this short side
STILL = 0.1  # pixels: a camera that moves less stands
NEAR = 0.5  # pixels: a guess of the camera's motion that was no further off need not be made better
UNSURE = 0.25  # pixels: what moves less by itself does not
DRIFT = 0.08  # how far a frame may be turned (radians) or scaled (log) on the canvas: then a new one
EXPOSURE = 0.9  # how much of a change of exposure is taken back at once; the rest is let through
LOST = 0.1  # mean agreement below which the canvas is given up


@dataclass
class View:
    """A frame on the canvas.

    picture: the part of the steady canvas that it covers, float32 (h, w, 3) in [0, 1], h and w
    multiples of 8. pose: 3×3, the frame's pixels to the picture's. past: where each pixel was in the
    last view's picture, (h, w, 2) x and y; trust: w · m, (h, w, 1); None after a cut. size: the frame's.
    """

    picture: np.ndarray
    pose: np.ndarray
    size: tuple[int, int]
    past: np.ndarray | None = None
    trust: np.ndarray | None = None


class Canvas:
    """Lays frames on the canvas. `look` is called with each frame in turn."""

    def __init__(self):
        self.place = self.speed = np.eye(3)  # the last frame's pixels to the canvas's, and its motion
        self.last: View | None = None
        self.thumbnail: np.ndarray | None = None

    def look(self, rgb: np.ndarray) -> View:
        """rgb: uint8 (H, W, 3). A view without a past if there was a cut before it."""
        frame = rgb.astype(np.float32) / 255
        before, self.thumbnail = self.thumbnail, _thumbnail(frame)
        view = None
        if self.last is not None and not is_cut(before, self.thumbnail):
            view = self._go_on(frame)
        if view is None:
            self.place = self.speed = np.eye(3)
            view = self._lay(frame, self.place)
        self.last = view
        return view

    def state(self) -> dict[str, np.ndarray]:
        """What the next frame needs to know of those before it."""
        names = ("place", "speed", "thumbnail")
        return {n: getattr(self, n) for n in names} | {
            "picture": self.last.picture,
            "pose": self.last.pose,
            "size": np.array(self.last.size),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what `state` gave."""
        self.place, self.speed, self.thumbnail = (state[n] for n in ("place", "speed", "thumbnail"))
        self.last = View(state["picture"], state["pose"], tuple(state["size"].tolist()))

    def _go_on(self, frame: np.ndarray) -> View | None:
        """The frame on the canvas that the last one was on; None if it is not to be found there."""
        last, size = self.last, frame.shape[1::-1]
        to_last = last.pose @ np.linalg.inv(self.place)  # the canvas's pixels to the last picture's
        small, small_last = Small.of(frame), Small.of(last.picture)
        place = self._found(small, small_last, self.place @ self.speed, to_last)
        if place is None:
            place = self._found(small, small_last, self.place, to_last)
        self.speed = np.eye(3) if place is None else np.linalg.inv(self.place) @ place
        place = _settled(self.place if place is None else place, size)
        frame = frame * exposure(small.picture, small_last.seen_by(small, to_last @ place))

        new = _straightened(place, size)
        view = self._lay(frame, new)
        back = to_last @ place @ np.linalg.inv(view.pose)  # this picture's pixels to the last one's
        height, width = view.picture.shape[:2]
        view.past = _places(back, width, height, own_motion(Small.of(view.picture), small_last, back))
        past = _look_up(last.picture, view.past)
        agreement = _agreement(view.picture, past)
        agreement *= _inside(view.past, np.linalg.inv(last.pose), size)
        if agreement.mean() < LOST:
            return None
        view.trust = PAST * agreement[..., None]
        view.picture += view.trust * (past - view.picture)
        self.place = new
        return view

    def _found(self, frame: "Small", last: "Small", place: np.ndarray, to_last: np.ndarray):
        """Where on the canvas the frame is, from a guess; None if it cannot be told."""
        for _ in range(3):  # what is left to find grows small, and is then found exactly
            step = camera_motion(frame, last.seen_by(frame, to_last @ place))
            if step is None:
                return None
            place = place @ step
            if _moves(step, frame.full) < NEAR:
                break
        return place

    def _lay(self, frame: np.ndarray, place: np.ndarray) -> View:
        height, width = frame.shape[:2]
        corners = place @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1.0]])
        low, high = corners[:2].min(axis=1), corners[:2].max(axis=1)
        start = np.floor(low / GRID + 1e-6) * GRID
        aligned = np.allclose(low, start) and np.allclose(high - low, (width, height))
        sides = np.ceil((high - low) / GRID + (0 if aligned else 1)) * GRID
        pose = np.array([[1, 0, -start[0]], [0, 1, -start[1]], [0, 0, 1]]) @ place
        sides = tuple(int(max(side, 2 * GRID)) for side in sides)
        picture = _warp(frame, np.linalg.inv(pose), sides).clip(0, 1)
        return View(picture, pose, (width, height))


class Blend:
    """What the network made of views, averaged over time and taken off the canvas."""

    def __init__(self):
        self.last: np.ndarray | None = None

    def take(self, painted: np.ndarray, view: View) -> np.ndarray:
        """painted: float32 (h, w, 3), of view.picture. The frame, float32 (H, W, 3) in [0, 1]."""
        if view.past is not None:
            painted = painted + view.trust * (_look_up(self.last, view.past) - painted)
        self.last = painted
        return _warp(painted, view.pose, view.size).clip(0, 1)

    def state(self) -> dict[str, np.ndarray]:
        """What the next frame needs to know of those before it."""
        return {"painted": self.last}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what `state` gave."""
        self.last = state["painted"]


def is_cut(before: np.ndarray, now: np.ndarray) -> bool:
    """Whether another shot begins between two thumbnails: other colours, in other places."""
    apart = np.abs(before - now).mean()
    histograms = []
    for picture in (before, now):
        bins = cv2.calcHist([picture], [0, 1, 2], None, [6, 6, 6], [0, 2] * 3)
        histograms.append(bins / bins.sum())
    overlap = np.minimum(*histograms).sum()
    return bool(apart > 0.1 and overlap < 0.6)


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
        height, width = picture.shape[:2]
        reduce = max(1, round(min(height, width) / FLOW_SIDE))
        size = max(16, width // reduce), max(16, height // reduce)
        x, y = size[0] / width, size[1] / height
        shrink = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
        if size != (width, height):
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        return Small(picture, shrink, (width, height))

    def seen_by(self, other: "Small", matrix: np.ndarray) -> np.ndarray:
        """This picture as the other sees it, whose full pixels the matrix takes to this one's."""
        small = self.shrink @ matrix @ np.linalg.inv(other.shrink)
        return _warp(self.picture, small, other.picture.shape[1::-1])


def camera_motion(frame: Small, other: np.ndarray) -> np.ndarray | None:
    """The similarity (3×3, in full pixels) that takes most of a frame to another of its small size.

    None if there is none.
    """
    flow = _flow(frame.picture, other)
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


def own_motion(picture: Small, last: Small, back: np.ndarray) -> np.ndarray:
    """How far each pixel moved that did not move with the camera, (height, width, 2) in full size.

    back: the camera's motion: the picture's full pixels to the last one's.
    """
    flow = _flow(picture.picture, last.seen_by(picture, back))
    flow /= picture.shrink.diagonal()[:2].astype(np.float32)
    flow[np.hypot(flow[..., 0], flow[..., 1]) < UNSURE] = 0
    return cv2.resize(flow, picture.full, interpolation=cv2.INTER_LINEAR)


def exposure(frame: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """A factor for each channel that gives a frame the exposure of the same things on the canvas."""
    edge = 4
    a, b = (p[edge:-edge:2, edge:-edge:2].reshape(-1, 3) for p in (frame, seen))
    gains = np.zeros(3, np.float32)
    for channel in range(3):
        usable = (a[:, channel] > 0.1) & (a[:, channel] < 0.95) & (b[:, channel] > 0.1)
        if usable.sum() > 50:
            gains[channel] = np.median(np.log(a[usable, channel] / b[usable, channel]))
    return np.exp(-EXPOSURE * gains.clip(-0.2, 0.2))


def _flow(picture: np.ndarray, other: np.ndarray) -> np.ndarray:
    grey = [
        (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) * 255).clip(0, 255).round().astype(np.uint8)
        for p in (picture, other)
    ]
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(*grey, None)


def _agreement(picture: np.ndarray, past: np.ndarray) -> np.ndarray:
    """exp(−(d / TOLERANCE)²), d being the mean difference of 5×5 pixels; (h, w)."""
    difference = cv2.transform(cv2.absdiff(picture, past), np.full((1, 3), 1 / 3, np.float32))
    difference = cv2.blur(difference, (5, 5)) / TOLERANCE
    return cv2.exp(-(difference**2))


def _settled(place: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A place that is all but whole pixels away, made so: nothing is then resampled."""
    shifted = np.eye(3)
    shifted[:2, 2] = np.round(place[:2, 2])
    return shifted if _moves(np.linalg.inv(shifted) @ place, size) < STILL else place


def _moves(matrix: np.ndarray, size: tuple[int, int]) -> float:
    """How far it moves that corner of a picture (width, height) that it moves furthest, in pixels."""
    corners = np.array([[0, size[0], 0, size[0]], [0, 0, size[1], size[1]], [1, 1, 1, 1.0]])
    return float(np.abs(matrix @ corners - corners).max())


def _straightened(place: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The place itself; or, when it is turned or scaled too far, upright with the same middle."""
    scale, angle = hypot(place[0, 0], place[1, 0]), atan2(place[1, 0], place[0, 0])
    if abs(log(scale)) < DRIFT and abs(angle) < DRIFT:
        return place
    middle = np.array([size[0] / 2, size[1] / 2, 1])
    upright = np.eye(3)
    upright[:2, 2] = np.round((place @ middle - middle)[:2])
    return upright


def _thumbnail(frame: np.ndarray) -> np.ndarray:
    """Small, and without its exposure: float32 around 1."""
    small = cv2.resize(frame, (48, 27), interpolation=cv2.INTER_AREA)
    return (small / (2 * small.mean() + 0.02)).clip(0, 1.999)


def _warp(picture: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Of `size` (width, height): at p what the picture has at matrix · p."""
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, matrix[:2], size, flags=flags, borderMode=cv2.BORDER_REFLECT_101)


def _places(matrix: np.ndarray, width: int, height: int, moved: np.ndarray) -> np.ndarray:
    """matrix · (p + moved(p)) at every pixel p; (height, width, 2)."""
    x = np.arange(width, dtype=np.float32)[None] + moved[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] + moved[..., 1]
    rows = matrix.astype(np.float32)
    return np.stack([row[0] * x + row[1] * y + row[2] for row in rows[:2]], axis=-1)


def _inside(places: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Which of the places, taken by the matrix to a frame of this size, lie in it."""
    x, y = places[..., 0], places[..., 1]
    rows = matrix.astype(np.float32)
    there = [row[0] * x + row[1] * y + row[2] for row in rows[:2]]
    return np.logical_and.reduce([(t >= 0) & (t <= side - 1) for t, side in zip(there, size)])


def _look_up(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    return cv2.remap(picture, places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)

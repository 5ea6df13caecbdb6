"""What keeps a painted film from flickering.

A network paints the same thing otherwise when it lies two pixels further left: its features are several
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

from ..models.padding import MULTIPLE
from .motion import Past, Small, camera_motion, cv2, exposure, own_motion, past_of, times, warp

PAST = 0.7  # w
TOLERANCE = 0.04  # of the picture's range: where canvas and frame differ by it, m is 1/e
STILL = 0.1  # pixels: a camera that moves less stands
NEAR = 0.5  # small pixels: a guess of the camera's motion no further off need not be made better
DRIFT = 0.08  # how far a frame may be turned (radians) or scaled (log) on the canvas: then a new one
LOST = 0.1  # mean agreement below which the canvas is given up


@dataclass
class StabilizedFrame:
    """A frame on the canvas.

    picture: the part of the steady canvas that it covers, float32 (h, w, 3) of about 0 to 1, h and w
    multiples of `MULTIPLE`. pose: 3×3, the frame's pixels to the picture's. past: where its pixels were
    in the last view's picture; trust: w · m, (h, w); None after a cut. size: the frame's.
    """

    picture: np.ndarray
    pose: np.ndarray
    size: tuple[int, int]
    past: Past | None = None
    trust: np.ndarray | None = None


class Stabilizer:
    """Lays frames on the canvas. `look` is called with each frame in turn."""

    def __init__(self):
        self.place = self.speed = np.eye(3)  # the last frame's pixels to the canvas's, and its motion
        self.last: StabilizedFrame | None = None
        self.thumbnail: np.ndarray | None = None

    def look(self, rgb: np.ndarray) -> StabilizedFrame:
        """rgb: uint8 (H, W, 3). A view without a past if there was a cut before it."""
        small = Small.of(rgb)
        before, self.thumbnail = self.thumbnail, _thumbnail(small.picture)
        view = None
        if self.last is not None and not is_cut(before, self.thumbnail):
            view = self._go_on(rgb, small)
        if view is None:
            self.place = self.speed = np.eye(3)
            view = self._lay(rgb, self.place)
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
        self.last = StabilizedFrame(state["picture"], state["pose"], tuple(state["size"].tolist()))

    def _go_on(self, rgb: np.ndarray, small: Small) -> StabilizedFrame | None:
        """The frame on the canvas that the last one was on; None if it is not to be found there."""
        last, size = self.last, rgb.shape[1::-1]
        to_last = last.pose @ np.linalg.inv(self.place)  # the canvas's pixels to the last picture's
        small_last = Small.of(last.picture)
        place, own = self._found(small, small_last, self.place @ self.speed, to_last)
        if place is None:
            place, own = self._found(small, small_last, self.place, to_last)
        self.speed = np.eye(3) if place is None else np.linalg.inv(self.place) @ place
        place = _settled(self.place if place is None else place, size)
        gains = exposure(small.picture, small_last.seen_by(small, to_last @ place))

        new = _straightened(place, size)
        view = self._lay(rgb, new, gains)
        back = to_last @ place @ np.linalg.inv(view.pose)  # this picture's pixels to the last one's
        view.past = past_of(own, small, view.pose, back, view.picture.shape[1::-1])
        past = view.past.in_(last.picture)
        agreement = _agreement(view.picture, past)
        agreement *= _covered(np.linalg.inv(back) @ last.pose, size, view.past.size)
        if agreement.mean() < LOST:
            return None
        view.trust = PAST * agreement
        view.picture = _mixed(view.picture, past, view.trust)
        self.place = new
        return view

    def _found(
        self, frame: Small, last: Small, place: np.ndarray, to_last: np.ndarray
    ) -> tuple[np.ndarray | None, np.ndarray]:
        """Where on the canvas the frame is, from a guess, and what in it moved by itself.

        None if the camera's motion cannot be told: then all that is seen from the guess is the latter.
        """
        for _ in range(3):  # what is left to find grows small, and is then found exactly
            step, flow = camera_motion(frame, last.seen_by(frame, to_last @ place))
            if step is None:
                return None, own_motion(flow, frame, np.eye(3))
            place = place @ step
            if _moves(step, frame.full) * frame.shrink[0, 0] < NEAR:
                break
        return place, own_motion(flow, frame, step)

    def _lay(self, rgb: np.ndarray, place: np.ndarray, gains=1.0) -> StabilizedFrame:
        height, width = rgb.shape[:2]
        corners = place @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1.0]])
        low, high = corners[:2].min(axis=1), corners[:2].max(axis=1)
        start = np.floor(low / MULTIPLE + 1e-6) * MULTIPLE
        sides = np.ceil((high - start) / MULTIPLE - 1e-6) * MULTIPLE
        pose = np.array([[1, 0, -start[0]], [0, 1, -start[1]], [0, 0, 1]]) @ place
        sides = tuple(int(max(side, MULTIPLE)) for side in sides)
        picture = times(rgb, np.divide(gains, 255), cv2.CV_32F)
        picture = warp(picture, np.linalg.inv(pose), sides)
        return StabilizedFrame(picture, pose, (width, height))


class TemporalBlend:
    """What the network made of views, averaged over time and taken off the canvas."""

    def __init__(self):
        self.last: np.ndarray | None = None

    def take(self, painted: np.ndarray, view: StabilizedFrame) -> np.ndarray:
        """painted: float32 (h, w, 3) in [0, 1], of view.picture. The frame, uint8 (H, W, 3)."""
        if view.past is not None:
            painted = _mixed(painted, view.past.in_(self.last), view.trust)
        self.last = painted
        frame = warp(painted, view.pose, view.size)
        return cv2.convertScaleAbs(cv2.max(frame, 0), alpha=255)

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


def _agreement(picture: np.ndarray, past: np.ndarray) -> np.ndarray:
    """exp(−(d / TOLERANCE)²), d being the mean difference of 5×5 pixels; (h, w)."""
    difference = cv2.transform(cv2.absdiff(picture, past), np.full((1, 3), 1 / 3, np.float32))
    difference = cv2.blur(difference, (5, 5))
    return cv2.exp(cv2.multiply(difference, difference, scale=-1 / TOLERANCE**2))


def _covered(matrix: np.ndarray, frame: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """1 where a frame (width, height) lies whose pixels the matrix takes to a picture of this size."""
    right, low = frame[0] - 2, frame[1] - 2
    corners = matrix @ np.array([[1, right, right, 1], [1, 1, low, low], [1, 1, 1, 1.0]])
    found = np.zeros(size[::-1], np.float32)
    cv2.fillConvexPoly(found, np.round(corners[:2].T * 16).astype(np.int32), 1, shift=4)
    return found


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


def _mixed(now: np.ndarray, past: np.ndarray, share: np.ndarray) -> np.ndarray:
    """now + share · (past − now)."""
    whole = 1024  # blendLinear divides by the sum of the weights and 1e-5
    weight = whole * share
    return cv2.blendLinear(now, past, whole - weight, weight)

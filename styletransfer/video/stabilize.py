"""Stabilisation: what keeps a painted film from flickering.

A network paints an object differently when it moves by two pixels: features are several pixels wide, and
strokes stick to that grid while the film moves below it. So each frame is moved to the coordinates of
the *scene*, which stands still behind the moving camera, is painted there, and is moved back. What
remains (noise, exposure, moving objects) is averaged over time wherever the frame agrees with what was
there before:

    Sₜ = Cₜ + w · m · (Sₜ₋₁ − Cₜ)      the steady scene: frames before the network
    Oₜ = N(Sₜ) + w · m · (Oₜ₋₁ − N(Sₜ))   and after it

m in [0, 1] is how far frame and scene agree at each pixel (`_agreement`); where they do not, the past is
ignored, so that nothing leaves a ghost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, hypot, log

import numpy as np

from ..models.padding import MULTIPLE
from .motion import (
    BackwardMap,
    ReducedImage,
    Size,
    backward_map,
    camera_motion,
    cv2,
    exposure_gains,
    object_motion,
    scaled,
    warp,
)

PAST = 0.7  # w
TOLERANCE = 0.04  # of the pixels' range: where scene and frame differ by it, m is 1/e
STILL = 0.1  # pixels: a camera that moves less stands
NEAR = 0.5  # reduced pixels: a guess of the camera's motion no further off need not be made better
DRIFT = 0.08  # how far a frame may be turned (radians) or scaled (log) in the scene: then it begins anew
LOST = 0.1  # mean agreement below which the scene is given up
KNOWN = 0.6  # mean agreement from which on a frame may be carried along instead of being painted
SHOWN = 0.2, 0.5  # agreement up to which nothing is carried along, and from which on all of it


@dataclass
class StabilizedFrame:
    """A frame in the scene.

    image: the part of the steady scene that it covers, float32 (h, w, 3), about 0 to 1, h and w
    multiples of `MULTIPLE`. frame_to_image: 3×3, from the frame's pixels to the image's. frame_size:
    width and height. past: where the image's pixels were in the last frame's image; past_weight: w · m,
    (h, w); both None after a cut.
    """

    image: np.ndarray
    frame_to_image: np.ndarray
    frame_size: Size
    past: BackwardMap | None = None
    past_weight: np.ndarray | None = None

    def shows_last(self) -> bool:
        """Whether it shows so much of the last image that it need not be painted itself."""
        if self.past_weight is None:
            return False
        width, height = self.frame_size
        return bool(self.past_weight.sum() >= PAST * KNOWN * width * height)


class Stabilizer:
    """Moves frames to the scene; `stabilize` takes one after the other."""

    def __init__(self) -> None:
        self.frame_to_scene = self.camera_step = np.eye(
            3
        )  # of the last frame: its place, and its motion
        self.last: StabilizedFrame | None = None
        self.thumbnail: np.ndarray | None = None

    def stabilize(self, rgb: np.ndarray) -> StabilizedFrame:
        """Move a frame, uint8 (H, W, 3), to the scene. After a cut it has no past."""
        reduced = ReducedImage.of(rgb)
        before, self.thumbnail = self.thumbnail, _thumbnail(reduced.pixels)
        found = None
        if self.last is not None and before is not None and not is_cut(before, self.thumbnail):
            found = self._follow(self.last, rgb, reduced)
        if found is None:
            self.frame_to_scene = self.camera_step = np.eye(3)
            found = _cover(rgb, self.frame_to_scene)
        self.last = found
        return found

    def state(self) -> dict[str, np.ndarray]:
        """What later frames need to know, by name in a job's files."""
        assert self.last is not None and self.thumbnail is not None
        return {
            "place": self.frame_to_scene,
            "speed": self.camera_step,
            "thumbnail": self.thumbnail,
            "picture": self.last.image,
            "pose": self.last.frame_to_image,
            "size": np.array(self.last.frame_size),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Resume from what `state` gave."""
        self.frame_to_scene, self.camera_step = state["place"], state["speed"]
        self.thumbnail = state["thumbnail"]
        width, height = state["size"].tolist()
        self.last = StabilizedFrame(state["picture"], state["pose"], (width, height))

    def _follow(
        self, last: StabilizedFrame, rgb: np.ndarray, reduced: ReducedImage
    ) -> StabilizedFrame | None:
        """The frame in the scene of the last one; None if it cannot be found there."""
        size = reduced.full_size
        scene_to_last = last.frame_to_image @ np.linalg.inv(self.frame_to_scene)
        last_reduced = ReducedImage.of(last.image)
        guess = self.frame_to_scene @ self.camera_step
        to_scene, motion = _locate(reduced, last_reduced, guess, scene_to_last)
        if to_scene is None:
            to_scene, motion = _locate(reduced, last_reduced, self.frame_to_scene, scene_to_last)
        self.camera_step = (
            np.eye(3) if to_scene is None else np.linalg.inv(self.frame_to_scene) @ to_scene
        )
        to_scene = _settled(self.frame_to_scene if to_scene is None else to_scene, size)
        before = last_reduced.aligned_to(reduced, scene_to_last @ to_scene)
        gains = exposure_gains(reduced.pixels, before)

        upright = _straightened(to_scene, size)
        found = _cover(rgb, upright, gains)
        to_last = scene_to_last @ to_scene @ np.linalg.inv(found.frame_to_image)
        height, width = found.image.shape[:2]
        found.past = backward_map(motion, reduced, found.frame_to_image, to_last, (width, height))
        past = found.past.sample(last.image)
        agreement = _agreement(found.image, past)
        agreement *= _covered(np.linalg.inv(to_last) @ last.frame_to_image, size, found.past.size)
        if agreement.mean() < LOST:
            return None
        found.past_weight = PAST * agreement
        found.image = _mixed(found.image, past, found.past_weight)
        self.frame_to_scene = upright
        return found


class TemporalBlend:
    """Averages painted frames over time and moves them back from the scene."""

    def __init__(self) -> None:
        self.last: np.ndarray | None = None
        self.known: np.ndarray | None = None  # where that was painted, (h, w) in [0, 1]; None: all of it

    def blend(self, painted: np.ndarray | None, stabilized: StabilizedFrame) -> np.ndarray:
        """Blend a painted image, float32 (h, w, 3) in [0, 1], into the frame: uint8 (H, W, 3).

        None carries the last one along the motion; what comes into view is then the frame itself, in
        the colours of what was painted.
        """
        known = None
        if stabilized.past is not None:
            assert self.last is not None and stabilized.past_weight is not None
            past, weight = stabilized.past.sample(self.last), stabilized.past_weight
            if painted is None:
                weight = ((weight / PAST - SHOWN[0]) / (SHOWN[1] - SHOWN[0])).clip(0, 1)
            if self.known is not None:
                weight = weight * stabilized.past.sample(self.known).clip(0, 1)
            if painted is None:
                painted, known = _in_colors_of(self.last, stabilized.image), weight
            painted = _mixed(painted, past, weight)
        assert painted is not None, "nothing to carry along after a cut"
        self.last, self.known = painted, known
        frame = warp(painted, stabilized.frame_to_image, stabilized.frame_size)
        found: np.ndarray = cv2.convertScaleAbs(cv2.max(frame, 0), alpha=255)
        return found

    def state(self) -> dict[str, np.ndarray]:
        """What later frames need to know, by name in a job's files."""
        assert self.last is not None
        known = {} if self.known is None else {"known": self.known}
        return {"painted": self.last} | known

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Resume from what `state` gave."""
        self.last, self.known = state["painted"], state.get("known")


def is_cut(before: np.ndarray, now: np.ndarray) -> bool:
    """Whether a new shot begins between two thumbnails: different colours in different places."""
    apart = np.abs(before - now).mean()
    histograms = []
    for thumbnail in (before, now):
        bins = cv2.calcHist([thumbnail], [0, 1, 2], None, [6, 6, 6], [0, 2] * 3)
        histograms.append(bins / bins.sum())
    overlap = np.minimum(*histograms).sum()
    return bool(apart > 0.1 and overlap < 0.6)


def _locate(
    frame: ReducedImage, last: ReducedImage, frame_to_scene: np.ndarray, scene_to_last: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray]:
    """Where the frame lies in the scene, starting from a guess, and what moved in it.

    None if the camera's motion cannot be determined; then everything seen from the guess counts as
    moving.
    """
    camera = np.eye(3)
    for _ in range(3):  # what is left to find grows small, and is then found exactly
        step, flow = camera_motion(frame, last.aligned_to(frame, scene_to_last @ frame_to_scene))
        if step is None:
            return None, object_motion(flow, frame, np.eye(3))
        camera, frame_to_scene = step, frame_to_scene @ step
        if _furthest_move(step, frame.full_size) * frame.reduction[0, 0] < NEAR:
            break
    return frame_to_scene, object_motion(flow, frame, camera)


def _cover(
    rgb: np.ndarray, frame_to_scene: np.ndarray, gains: float | Sequence[float] | np.ndarray = 1.0
) -> StabilizedFrame:
    """The part of the scene that a frame covers, without a past. gains: exposure, per channel."""
    height, width = rgb.shape[:2]
    corners = frame_to_scene @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1.0]])
    low, high = corners[:2].min(axis=1), corners[:2].max(axis=1)
    start = np.floor(low / MULTIPLE + 1e-6) * MULTIPLE
    sides = np.ceil((high - start) / MULTIPLE - 1e-6) * MULTIPLE
    to_image = np.array([[1, 0, -start[0]], [0, 1, -start[1]], [0, 0, 1]]) @ frame_to_scene
    wide, tall = (int(max(side, MULTIPLE)) for side in sides)
    image = scaled(rgb, np.divide(gains, 255), cv2.CV_32F)
    return StabilizedFrame(warp(image, np.linalg.inv(to_image), (wide, tall)), to_image, (width, height))


def _agreement(image: np.ndarray, past: np.ndarray) -> np.ndarray:
    """exp(−(d / TOLERANCE)²), d being the mean difference of 5×5 pixels; (h, w)."""
    difference = cv2.transform(cv2.absdiff(image, past), np.full((1, 3), 1 / 3, np.float32))
    difference = cv2.blur(difference, (5, 5))
    found: np.ndarray = cv2.exp(cv2.multiply(difference, difference, scale=-1 / TOLERANCE**2))
    return found


def _covered(matrix: np.ndarray, frame_size: Size, size: Size) -> np.ndarray:
    """1 where a frame lies that the matrix maps to an image of this size; float32 (h, w)."""
    right, low = frame_size[0] - 2, frame_size[1] - 2
    corners = matrix @ np.array([[1, right, right, 1], [1, 1, low, low], [1, 1, 1, 1.0]])
    found = np.zeros(size[::-1], np.float32)
    cv2.fillConvexPoly(found, np.round(corners[:2].T * 16).astype(np.int32), 1, shift=4)
    return found


def _settled(frame_to_scene: np.ndarray, size: Size) -> np.ndarray:
    """The transform, rounded to whole pixels if it nearly is: then nothing is resampled."""
    shifted = np.eye(3)
    shifted[:2, 2] = np.round(frame_to_scene[:2, 2])
    off = _furthest_move(np.linalg.inv(shifted) @ frame_to_scene, size)
    return shifted if off < STILL else frame_to_scene


def _furthest_move(matrix: np.ndarray, size: Size) -> float:
    """How far, in pixels, the matrix moves the corner of an image that it moves furthest."""
    corners = np.array([[0, size[0], 0, size[0]], [0, 0, size[1], size[1]], [1, 1, 1, 1.0]])
    return float(np.abs(matrix @ corners - corners).max())


def _straightened(frame_to_scene: np.ndarray, size: Size) -> np.ndarray:
    """The transform; or, if it turns or scales too much, an upright one with the same centre."""
    scale = hypot(frame_to_scene[0, 0], frame_to_scene[1, 0])
    angle = atan2(frame_to_scene[1, 0], frame_to_scene[0, 0])
    if abs(log(scale)) < DRIFT and abs(angle) < DRIFT:
        return frame_to_scene
    middle = np.array([size[0] / 2, size[1] / 2, 1])
    upright = np.eye(3)
    upright[:2, 2] = np.round((frame_to_scene @ middle - middle)[:2])
    return upright


def _thumbnail(pixels: np.ndarray) -> np.ndarray:
    """A small copy without exposure: float32 around 1."""
    small: np.ndarray = cv2.resize(pixels, (48, 27), interpolation=cv2.INTER_AREA)
    found: np.ndarray = (small / (2 * small.mean() + 0.02)).clip(0, 1.999)
    return found


def _in_colors_of(painted: np.ndarray, image: np.ndarray) -> np.ndarray:
    """An image with the mean and deviation that each channel has in a painted one."""
    (mean, std), (wanted, spread) = (
        (part[::4, ::4].mean(axis=(0, 1)), part[::4, ::4].std(axis=(0, 1))) for part in (image, painted)
    )
    gains = spread / np.maximum(std, 1e-3)
    found: np.ndarray = cv2.add(scaled(image, gains, cv2.CV_32F), (*(wanted - gains * mean).tolist(), 0))
    return found


def _mixed(now: np.ndarray, past: np.ndarray, past_weight: np.ndarray) -> np.ndarray:
    """now + past_weight · (past − now)."""
    whole = 1024  # blendLinear divides by the sum of the weights and 1e-5
    weight = whole * past_weight
    found: np.ndarray = cv2.blendLinear(now, past, whole - weight, weight)
    return found

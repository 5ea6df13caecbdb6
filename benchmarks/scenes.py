"""Films whose true motion is known: a camera that moves over an example photo, with or without a thing
that flies through the picture, filmed with a real camera's noise and unsteady exposure."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin
from pathlib import Path

import cv2
import numpy as np

from styletransfer.media.image import read_picture

PHOTOS = Path(__file__).parents[1] / "examples" / "content"
WIDTH, HEIGHT = 448, 256
NOISE, FLICKER, TINT = 2 / 255, 0.02, 0.005  # of a decent camera indoors; standard deviations

Path3 = Callable[[float], np.ndarray]
"""Time in frames to the 3×3 matrix that takes the film's pixels to the photo's."""


@dataclass
class Layer:
    photo: np.ndarray  # float32 (h, w, 3) in [0, 1]
    mask: np.ndarray  # float32 (h, w): where it is
    path: Path3


@dataclass
class Scene:
    """name; frames: uint8 (H, W, 3) each; layers: background first."""

    name: str
    frames: list[np.ndarray]
    layers: list[Layer]

    def depth(self, time: int) -> np.ndarray:
        """Which layer is seen at each pixel."""
        seen = np.zeros((HEIGHT, WIDTH), np.int32)
        for number, layer in enumerate(self.layers[1:], 1):
            seen[_view(layer.mask, layer.path(time)) > 0.5] = number
        return seen

    def flow(self, here: int, there: int) -> tuple[np.ndarray, np.ndarray]:
        """For each pixel of one frame its place (x, y) in another, and whether it is seen in both."""
        y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
        points = np.stack([x, y, np.ones_like(x)], axis=-1)
        seen, place = self.depth(here), np.zeros((HEIGHT, WIDTH, 2), np.float32)
        for number, layer in enumerate(self.layers):
            matrix = np.linalg.inv(layer.path(there)) @ layer.path(here)
            place[seen == number] = (points @ matrix.T)[..., :2][seen == number]
        inside = (place >= 1).all(axis=-1) & (place <= np.array([WIDTH - 2, HEIGHT - 2])).all(axis=-1)
        other = self.depth(there).astype(np.float32)
        # The same layer all around its place there, and away from its border here.
        low, high = (warp(f(other, np.ones((3, 3))), place) for f in (cv2.erode, cv2.dilate))
        return place, inside & (np.abs(low - seen) < 0.01) & (np.abs(high - seen) < 0.01)


def warp(picture: np.ndarray, place: np.ndarray) -> np.ndarray:
    """A picture looked up at each of the places."""
    return cv2.remap(picture, place, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def scenes(count: int) -> list[Scene]:
    """The four films of the benchmark, `count` frames each."""
    middle = np.array([WIDTH / 2, HEIGHT / 2])

    def camera(photo: np.ndarray, dx=0.0, dy=0.0, turn=0.0, zoom=0.0, shake=0.0) -> Path3:
        size = np.array(photo.shape[1::-1])

        def path(time: float) -> np.ndarray:
            t = time - count / 2
            angle, scale = turn * t, 1 - zoom * t
            center = size / 2 + np.array([dx * t, dy * t])
            center += shake * np.array([sin(time * 0.9) + 0.4 * sin(time * 2.3), cos(time * 1.3)])
            a, b = scale * cos(angle), scale * sin(angle)
            matrix = np.array([[a, -b, 0], [b, a, 0], [0, 0, 1.0]])
            matrix[:2, 2] = center - matrix[:2, :2] @ middle
            return matrix

        return path

    def layer(name: str, disc: float = 0, **motion) -> Layer:
        photo = np.asarray(read_picture(PHOTOS / name).rgb, np.float32) / 255
        y, x = np.mgrid[: photo.shape[0], : photo.shape[1]]
        radius = np.hypot(x - photo.shape[1] / 2, y - photo.shape[0] / 2)
        mask = (radius < disc) if disc else np.ones_like(radius)
        return Layer(photo, mask.astype(np.float32), camera(photo, **motion))

    return [
        film("tripod", [layer("mountains.jpg")], count),
        film("pan", [layer("bridge.jpg", dx=2.3, dy=0.4)], count),
        film("by hand", [layer("bee.jpg", turn=0.2 * pi / 180, zoom=0.002, shake=2.0)], count),
        film("crossing", [layer("citrus.jpg", dx=0.7), layer("cat.jpg", 80, dx=-6.1, dy=1.3)], count),
    ]


def film(name: str, layers: list[Layer], count: int) -> Scene:
    random = np.random.default_rng(sum(name.encode()))
    frames = []
    for time in range(count):
        picture = _view(layers[0].photo, layers[0].path(time))
        for layer in layers[1:]:
            mask = _view(layer.mask, layer.path(time)).clip(0, 1)[..., None]
            picture = picture + mask * (_view(layer.photo, layer.path(time)) - picture)
        gain = 1 + FLICKER * random.standard_normal() + TINT * random.standard_normal(3)
        picture = picture * gain + NOISE * random.standard_normal(picture.shape)
        frames.append((picture.clip(0, 1) * 255).round().astype(np.uint8))
    return Scene(name, frames, layers)


def _view(photo: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REFLECT if photo.ndim == 3 else cv2.BORDER_CONSTANT
    return cv2.warpAffine(photo, matrix[:2], (WIDTH, HEIGHT), flags=flags, borderMode=border)

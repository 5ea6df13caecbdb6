"""What keeps a film steady."""

from itertools import pairwise

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from styletransfer.video.stabilize import Stabilizer, TemporalBlend  # noqa: E402, it needs OpenCV


def textured(width: int, height: int, seed: int) -> np.ndarray:
    grain = np.random.default_rng(seed).integers(0, 256, (height // 6, width // 6, 3), dtype=np.uint8)
    return cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)


def camera(count: int, speed=(2.3, 0.6), turn=0.0, seed=0, size=(160, 96)) -> list[np.ndarray]:
    wide, frames = textured(520, 300, seed), []
    for i in range(count):
        c, s = np.cos(turn * i), np.sin(turn * i)
        matrix = np.array([[c, -s, 120 + speed[0] * i], [s, c, 80 + speed[1] * i]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        frames.append(cv2.warpAffine(wide, matrix, size, flags=flags))
    return frames


def moved(picture: np.ndarray, dx: float, dy: float) -> np.ndarray:
    matrix = np.array([[1, 0, dx], [0, 1, dy]])
    return cv2.warpAffine(picture, matrix, picture.shape[1::-1], flags=cv2.INTER_CUBIC)


def flicker(frames: list[np.ndarray], dx: float, dy: float) -> float:
    """Mean difference of neighbours along the camera's known motion."""
    found = [np.abs(moved(a, -dx, -dy) - b)[8:-8, 8:-8].mean() for a, b in pairwise(frames[4:])]
    return float(np.mean(found))


def blocky(picture: np.ndarray) -> np.ndarray:
    """As bad as a network can be: all that it paints sticks to its grid of 8 pixels."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    strokes = np.sin(x * np.pi / 4) * np.sin(y * np.pi / 4)
    return (picture * (0.7 + 0.3 * strokes[..., None])).astype(np.float32)


def test_strokes_stay_on_what_moves():
    frames, stabilizer, blend = camera(14), Stabilizer(), TemporalBlend()
    loose = [blocky(f / np.float32(255)) for f in frames]
    views = [stabilizer.stabilize(f) for f in frames]
    firm = [blend.blend(blocky(v.image), v) / np.float32(255) for v in views]
    assert [v.past is None for v in views] == [True] + [False] * 13
    assert all(f.shape == (96, 160, 3) for f in firm)
    assert flicker(firm, 2.3, 0.6) < 0.2 * flicker(loose, 2.3, 0.6)
    # And nothing else happens to the picture.
    stabilizer, blend = Stabilizer(), TemporalBlend()
    for frame in frames:
        view = stabilizer.stabilize(frame)
        out = blend.blend(view.image, view)
    assert np.abs(out / 255.0 - frames[-1] / 255)[8:-8, 8:-8].mean() < 0.02


def test_what_is_carried_along_stays_on_what_moves_and_what_comes_into_view_is_the_frame():
    frames, stabilizer, blend = camera(9, speed=(4, 0)), Stabilizer(), TemporalBlend()
    negative = 1 - frames[0] / np.float32(255)  # a painting, of which nobody could say it is the photo
    out = []
    for i, frame in enumerate(frames):
        view = stabilizer.stabilize(frame)
        assert i == 0 or view.shows_last()
        out.append(blend.blend(1 - view.image if i == 0 else None, view) / np.float32(255))
    assert np.abs(out[0] - negative).mean() < 0.01
    assert np.abs(out[-1][:, :120] - negative[:, 32:152]).mean() < 0.03
    seen = out[-1][8:-8, 136:-4]  # by no painted frame
    assert np.corrcoef(seen.ravel(), frames[-1][8:-8, 136:-4].ravel())[0, 1] > 0.95
    assert abs(seen.mean() - negative.mean()) < 0.1
    # What was not painted has no part in what is painted next.
    view = stabilizer.stabilize(frames[-1])
    painted = blend.blend(1 - view.image, view) / np.float32(255)
    assert np.abs(painted + frames[-1] / 255 - 1)[8:-8, 4:-4].mean() < 0.02


def test_a_camera_on_a_tripod_is_not_resampled():
    stabilizer, frame = Stabilizer(), camera(1)[0]
    for _ in range(4):
        view = stabilizer.stabilize(frame)
        assert view.image.shape == frame.shape
        assert np.abs(view.image - frame / 255).max() < 1e-5


def test_noise_and_exposure_are_taken_out():
    random, still, stabilizer = np.random.default_rng(0), camera(1)[0].astype(float), Stabilizer()
    seen, raw = [], []
    for _ in range(12):
        frame = still * (1 + 0.03 * random.standard_normal()) + 3 * random.standard_normal(still.shape)
        raw.append(frame.clip(0, 255).astype(np.uint8))
        seen.append(stabilizer.stabilize(raw[-1]).image)

    def jitter(pictures):
        return np.mean([np.abs(a - b).mean() for a, b in pairwise(pictures[5:])])

    assert jitter(seen) < 0.3 * jitter([f / 255 for f in raw])


def test_nothing_drags_a_ghost():
    """A bright disc that crosses leaves nothing where it was."""
    stabilizer, blend, back = Stabilizer(), TemporalBlend(), (camera(1)[0] * 0.3).astype(np.uint8)
    for i in range(10):
        frame = cv2.circle(back.copy(), (20 + 12 * i, 48), 10, (250, 240, 220), -1)
        view = stabilizer.stabilize(frame)
        out = blend.blend(view.image, view)
    behind = np.s_[30:66, 20 : 20 + 12 * 7]
    assert np.abs(out[behind] / 255.0 - back[behind] / 255).max() < 0.06


def test_cuts_are_found_and_nothing_else():
    random = np.random.default_rng(0)
    shots = [camera(8, (7.0, 2.0), seed=1), camera(8, (-3, 1), 0.03, seed=2), camera(8, seed=4)]
    # Textures of like colours differ in thumbnails only a little: give each shot a light of its own.
    lights = [(1, 0.5, 0.3), (0.3, 0.5, 1), (0.9, 1, 0.4)]
    stabilizer, cuts = Stabilizer(), []
    for number, (light, shot) in enumerate(zip(lights, shots)):
        for i, frame in enumerate(shot):
            lit = frame * np.array(light) * (1 + 0.05 * random.standard_normal())
            if stabilizer.stabilize(lit.clip(0, 255).astype(np.uint8)).past is None:
                cuts.append((number, i))
    assert cuts == [(0, 0), (1, 0), (2, 0)]


def test_a_long_turn_and_zoom_begin_new_scenes_without_a_cut():
    stabilizer = Stabilizer()
    views = [stabilizer.stabilize(frame) for frame in camera(14, (1, 0), turn=0.02)]
    assert all(view.past is not None for view in views[1:])
    turns = [abs(np.arctan2(v.frame_to_image[1, 0], v.frame_to_image[0, 0])) for v in views]
    assert max(turns) < 0.085 and turns[-1] < 0.26 - 0.08

"""Where pixels were one frame ago."""

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from styletransfer.video import motion  # noqa: E402, it needs OpenCV
from styletransfer.video.motion import BackwardMap, ReducedImage  # noqa: E402


def textured(width, height, seed=0):
    grain = np.random.default_rng(seed).integers(0, 256, (height // 6, width // 6, 3), dtype=np.uint8)
    return cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)


def shift(x, y):
    return np.array([[1.0, 0, x], [0, 1, y], [0, 0, 1]])


def test_a_large_frame_is_reduced_by_whole_pixels():
    image = textured(1000, 722)
    reduced = ReducedImage.of(image)
    assert reduced.pixels.shape == (240, 333, 3) and reduced.full_size == (1000, 722)
    assert reduced.pixels.dtype == np.float32 and reduced.pixels.max() <= 1
    mean = image[:3, :3].reshape(-1, 3).mean(axis=0) / 255
    assert np.abs(reduced.pixels[0, 0] - mean).max() < 1 / 255
    assert np.allclose(reduced.reduction @ [1, 1, 1], [0, 0, 1]), "the middle of nine is the first"
    small = ReducedImage.of(textured(120, 96))
    assert small.pixels.shape == (96, 120, 3) and np.array_equal(small.reduction, np.eye(3))


@pytest.mark.parametrize("turn, zoom, x, y", [(0, 1, 3, -2), (0.02, 1, 1.5, 2), (0, 1.03, -4, 1)])
def test_the_camera_s_motion_is_found(turn, zoom, x, y):
    wide = textured(400, 300)
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    moved = np.array([[c, -s, x], [s, c, y], [0, 0, 1]])
    place = shift(120, 100)
    size = (160, 96)
    before = motion.warp(wide, place, size)
    now = motion.warp(wide, place @ moved, size)
    frame, other = ReducedImage.of(now), ReducedImage.of(before)
    found, flow = motion.camera_motion(frame, other.pixels)
    corners = np.array([[20, 140, 20, 140], [20, 20, 76, 76], [1, 1, 1, 1]])
    assert np.abs((found - moved) @ corners).max() < 0.5 and flow.shape == (96, 160, 2)


def test_of_what_has_nothing_in_common_there_is_no_motion():
    a, b = (ReducedImage.of(textured(160, 96, seed)) for seed in (1, 2))
    assert motion.camera_motion(a, b.pixels)[0] is None


def test_only_what_moves_by_itself_is_object_motion():
    frame = ReducedImage.of(textured(160, 96))
    flow = np.full((96, 160, 2), (3, -2), np.float32)  # the camera's
    flow[40:60, 50:80] += (5, 0)
    flow[0, 0] += (0.2, 0)  # unsure
    found = motion.object_motion(flow, frame, shift(3, -2))
    assert np.allclose(found[40:60, 50:80], (5, 0), atol=1e-5)
    found[40:60, 50:80] = 0
    assert not found.any()


def test_a_backward_map_looks_up_the_camera_s_pixels_and_those_that_move():
    frame, last = ReducedImage.of(textured(160, 96)), textured(160, 96).astype(np.float32) / 255
    still = np.zeros((96, 160, 2), np.float32)
    plain = motion.backward_map(still, frame, np.eye(3), shift(4, 0), (160, 96))
    assert plain.moving == []
    assert np.array_equal(plain.sample(last)[:, :150], last[:, 4:154])
    moving = still.copy()
    moving[40:60, 50:80] = (6, 0)
    found = motion.backward_map(moving, frame, np.eye(3), shift(4, 0), (160, 96))
    assert 0 < len(found.moving) <= 4
    out = found.sample(last)
    assert np.allclose(out[45:55, 56:74], last[45:55, 66:84], atol=1e-5)  # four and six
    assert np.array_equal(out[:30, :150], last[:30, 4:154])


def test_exposure_is_taken_back():
    before = textured(160, 96).astype(np.float32) / 255 * 0.5 + 0.2
    gains = motion.exposure_gains(before * np.float32([1.1, 1.0, 0.9]), before)
    assert np.allclose(gains, np.array([1.1, 1.0, 0.9]) ** -motion.EXPOSURE, atol=1e-3)
    assert np.array_equal(motion.exposure_gains(np.zeros_like(before), before), [1, 1, 1]), (
        "too dark to tell"
    )


def test_a_shift_by_whole_pixels_resamples_nothing():
    image = textured(60, 48)
    assert np.array_equal(motion.warp(image, shift(5, 7), (40, 30)), image[7:37, 5:45])
    assert not np.array_equal(motion.warp(image, shift(5.5, 7), (40, 30)), image[7:37, 5:45])
    assert BackwardMap(shift(5, 7), (40, 30)).sample(image / np.float32(255)).shape == (30, 40, 3)


def test_bytes_are_rounded_and_stay_in_range():
    image = np.full((2, 2, 3), 0.5, np.float32)
    found = motion.scaled(image, (255, 600, 0), cv2.CV_8U)
    assert found.dtype == np.uint8 and found[0, 0].tolist() == [128, 255, 0]

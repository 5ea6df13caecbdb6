"""What keeps a film steady, and the stages it passes through."""

import itertools
import threading
import time

import numpy as np
import pytest
import torch

from styletransfer.device import painters
from styletransfer.stylize.stylizer import Stylizer
from styletransfer.video.frame_painter import FramePainter, code_at, frame_workers
from styletransfer.video.pipeline import overlapped

from ..conftest import noise

cv2 = pytest.importorskip("cv2")


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
    pairs = itertools.pairwise(frames)
    found = [np.abs(moved(a, -dx, -dy) - b)[8:-8, 8:-8].mean() for a, b in pairs]
    return float(np.mean(found))


def blocky(picture: np.ndarray) -> np.ndarray:
    """As bad as a network can be: all that it paints sticks to its grid of 8 pixels."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    strokes = np.sin(x * np.pi / 4) * np.sin(y * np.pi / 4)
    return (picture * (0.7 + 0.3 * strokes[..., None])).astype(np.float32)


def test_strokes_stay_on_what_moves():
    from styletransfer.video.stabilize import Stabilizer, TemporalBlend

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


def test_a_camera_on_a_tripod_is_not_resampled():
    from styletransfer.video.stabilize import Stabilizer

    stabilizer, frame = Stabilizer(), camera(1)[0]
    for _ in range(4):
        view = stabilizer.stabilize(frame)
        assert view.image.shape == frame.shape
        assert np.abs(view.image - frame / 255).max() < 1e-5


def test_noise_and_exposure_are_taken_out():
    from styletransfer.video.stabilize import Stabilizer

    random, still, stabilizer = np.random.default_rng(0), camera(1)[0].astype(float), Stabilizer()
    seen, raw = [], []
    for _ in range(12):
        frame = still * (1 + 0.03 * random.standard_normal()) + 3 * random.standard_normal(still.shape)
        raw.append(frame.clip(0, 255).astype(np.uint8))
        seen.append(stabilizer.stabilize(raw[-1]).image)

    def jitter(pictures):
        return np.mean([np.abs(a - b).mean() for a, b in itertools.pairwise(pictures)])

    assert jitter(seen) < 0.3 * jitter([f / 255 for f in raw])


def test_nothing_drags_a_ghost():
    """A bright disc that crosses leaves nothing where it was."""
    from styletransfer.video.stabilize import Stabilizer, TemporalBlend

    stabilizer, blend, back = Stabilizer(), TemporalBlend(), (camera(1)[0] * 0.3).astype(np.uint8)
    for i in range(10):
        frame = cv2.circle(back.copy(), (20 + 12 * i, 48), 10, (250, 240, 220), -1)
        view = stabilizer.stabilize(frame)
        out = blend.blend(view.image, view)
    behind = np.s_[30:66, 20 : 20 + 12 * 7]
    assert np.abs(out[behind] / 255.0 - back[behind] / 255).max() < 0.06


def test_cuts_are_found_and_nothing_else():
    from styletransfer.video.stabilize import Stabilizer

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
    from styletransfer.video.stabilize import Stabilizer

    stabilizer, views = Stabilizer(), []
    for frame in camera(14, (1, 0), turn=0.02):
        views.append(stabilizer.stabilize(frame))
    assert all(view.past is not None for view in views[1:])
    turns = [abs(np.arctan2(v.frame_to_image[1, 0], v.frame_to_image[0, 0])) for v in views]
    assert max(turns) < 0.085 and turns[-1] < 0.26 - 0.08


def test_a_single_frame_is_painted_as_a_photo(tiny_model, paintings):
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    code = stylizer.style(paintings[0], 32)
    frame = np.array(noise(50, 37, seed=1))
    painter = FramePainter(stylizer, [(0, code)], 0.8)
    out = painter.paint(frame, painter.next_statistics())
    assert np.array_equal(
        out, painter.paint(frame.astype(np.float32) / 255, painter.next_statistics(fresh=True))
    )
    assert np.abs(out * 255 - stylizer.stylize(frame, code, 0.8).astype(float)).max() <= 1


def test_statistics_follow_slowly_and_begin_anew(tiny_model, paintings):
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    code = stylizer.style(paintings[0], 32)
    dark, light = (np.full((32, 32, 3), v, np.float32) + 0.1 * np.eye(32)[..., None] for v in (0.2, 0.6))
    dark, light = dark.astype(np.float32), light.astype(np.float32)
    painter = FramePainter(stylizer, [(0, code)])
    fresh = painter.paint(light, painter.next_statistics())
    painter.paint(dark, painter.next_statistics(fresh=True))
    after = painter.paint(light, painter.next_statistics())
    assert np.abs(after - fresh).mean() > 0.05  # brighter than what was before, not as bright as itself
    last = painter.next_statistics(fresh=True)
    assert np.array_equal(painter.paint(light, last), fresh)
    other = FramePainter(stylizer, [(0, code)])
    other.restore(painter.state(last))
    assert np.array_equal(
        other.paint(dark, other.next_statistics()), painter.paint(dark, painter.next_statistics())
    )


def test_frames_painted_at_once_are_those_painted_in_turn(tiny_model, paintings):
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    styles = [(0, stylizer.style(paintings[0], 32)), (1, stylizer.style(paintings[1], 32))]
    frames = [np.array(noise(48, 40, seed=i)) for i in range(12)]
    one, many = FramePainter(stylizer, styles), FramePainter(stylizer, styles)
    with painters(4) as pool:
        statistics = [many.next_statistics(fresh=i == 5) for i in range(12)]
        pairs = enumerate(zip(frames, statistics))
        found = [pool.submit(many.paint, frame, own, i / 11) for i, (frame, own) in pairs]
        together = [future.result() for future in found]
    with painters(1) as pool:  # with as many cores to each: sums differ in their last bits else
        for i, frame in enumerate(frames):
            alone = pool.submit(one.paint, frame, one.next_statistics(fresh=i == 5), i / 11).result()
            assert np.array_equal(alone, together[i])
    # What goes wrong in one does not keep the next waiting for ever.
    with painters(2) as pool:
        broken = pool.submit(many.paint, np.zeros((4, 4), np.uint8), many.next_statistics())
        after = pool.submit(many.paint, frames[0], many.next_statistics())
        for future in (broken, after):
            with pytest.raises(RuntimeError, match="permute"):
                future.result(timeout=10)


def test_a_core_to_each_frame_if_memory_allows(tiny_model, monkeypatch):
    from styletransfer.video import frame_painter

    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    before = torch.get_num_threads()
    monkeypatch.setattr(frame_painter, "cores", lambda: 4)
    for room, frames, threads in ((10**9, 4, 1), (48 * 40 * 5, 2, 2), (1, 1, 4)):
        monkeypatch.setattr(frame_painter, "affordable", lambda net, room=room: room)
        with frame_workers(stylizer, (48, 40)) as (pool, count):
            assert (count, pool.submit(torch.get_num_threads).result()) == (frames, threads)
    assert torch.get_num_threads() == before


def test_styles_change_over_time(tiny_model, paintings):
    stylizer = Stylizer(tiny_model, "cpu", "fp32")
    a, b = (stylizer.style(p, 32) for p in paintings)
    styles = [(1.0, a), (3.0, b)]
    assert code_at(styles, 0) is a and code_at(styles, 1) is a and code_at(styles, 9) is b
    middle = code_at(styles, 2.0).statistics["relu4_1"].mean
    expected = (a.statistics["relu4_1"].mean + b.statistics["relu4_1"].mean) / 2
    assert torch.allclose(middle, expected)
    assert code_at([(0.0, a)], 5) is a


def test_stages_overlap_in_order_and_pass_on_errors():
    names = set()

    def stage(x):
        names.add(threading.current_thread().name)
        time.sleep(0.01)
        return x + 1

    assert list(overlapped(range(20), stage, stage)) == list(range(2, 22))
    assert len(names) == 2

    def broken(x):
        if x == 3:
            raise ValueError("three")
        return x

    before = threading.active_count()
    with pytest.raises(ValueError, match="three"):
        list(overlapped(range(100), stage, broken))
    some = overlapped(iter(int, 1), stage)
    next(some)
    some.close()
    assert threading.active_count() == before

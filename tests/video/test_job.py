"""A film's job as the API has it: its options, and what it leaves on disk to go on from."""

import json

import numpy as np
import pytest

from styletransfer.errors import InputError
from styletransfer.options import StylizeOptions
from styletransfer.stylize.stylizer import Stylizer
from styletransfer.video import job
from styletransfer.video.video_options import VideoOptions

from ..films import panned, write_film

pytest.importorskip("cv2")


@pytest.fixture
def film(tmp_path) -> str:
    return write_film(str(tmp_path / "film.mp4"), panned(8))


@pytest.fixture
def stylizer(tiny_model) -> Stylizer:
    return Stylizer(tiny_model, "cpu", "fp32")


PICTURES_ONLY = {
    "mask": np.zeros((48, 80), np.uint8),
    "feather": 3,
    "color_strength": 0.5,
    "tile": 256,
    "stats": "thumbnail",
    "refine": 3,
    "preserve_color": "histogram",
}


@pytest.mark.parametrize("name, value", PICTURES_ONLY.items(), ids=PICTURES_ONLY)
def test_what_only_pictures_can_have_is_refused(name, value, film, stylizer, paintings, tmp_path):
    with pytest.raises(InputError, match=name):
        job.stylize_video(
            stylizer, film, tmp_path / "out.mp4", paintings[0], StylizeOptions(**{name: value})
        )
    assert not list(tmp_path.glob("out*"))


def test_each_painted_frame_is_seen(film, stylizer, paintings, tmp_path):
    seen = []
    options = StylizeOptions(style_size=32)
    job.stylize_video(
        stylizer,
        film,
        tmp_path / "out.mp4",
        paintings[0],
        options,
        watch=lambda x: seen.append(x.copy()),
    )
    assert len(seen) == 8 and {(x.dtype, x.shape) for x in seen} == {(np.dtype(np.uint8), (48, 80, 3))}
    assert not np.array_equal(seen[0], seen[-1])


def test_what_a_job_is_gone_on_with_keeps_its_names(film, stylizer, paintings, tmp_path, monkeypatch):
    """A film that was begun by an earlier version has these, and no others."""
    monkeypatch.setattr(job, "PIECE", 3)

    def stop(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    options = StylizeOptions(alpha=0.5, style_size=32, size=24, preserve_color="luminance", strokes=1.0)
    selected = VideoOptions(start=0.04, crf=18)
    with pytest.raises(KeyboardInterrupt):
        job.stylize_video(
            stylizer, film, tmp_path / "out.mp4", paintings[0], options, selected, track=stop
        )
    parts = tmp_path / "out.mp4.parts"
    plan = json.loads((parts / "manifest.json").read_text())["plan"]
    assert list(plan) == ["format", "version", "input", "model", "computing", "styles", "options"]
    assert plan["format"] == 3 and plan["computing"] == "cpu torch.float32"
    assert plan["options"] == [0.5, 40, 24, None, 0.04, None, "", 18, True, "luminance", 1.0, 1]
    with np.load(parts / "state-00000.npz") as state:
        names = set(state.files)
    stabilized = {f"canvas/{n}" for n in ("place", "speed", "thumbnail", "picture", "pose", "size")}
    assert stabilized | {"blend/painted", "painter/relu4_1.mean"} <= names
    assert {name.partition("/")[0] for name in names} == {"canvas", "stages", "blend", "painter"}

"""stylize morph."""

import os

import numpy as np
import pytest
from PIL import Image

from styletransfer.cli import run
from styletransfer.media.video_reader import open_clip

from .conftest import SMALL, pixels


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng", ".mp4", ""])
def test_morph_writes_every_kind(photo, paintings, tiny_model, suffix):
    if suffix == ".mp4":
        pytest.importorskip("av")
    out = f"m{suffix}"
    options = ["--seconds", "1", "--fps", "5", "-o", out, "--model", tiny_model, *SMALL]
    assert run(["morph", photo, *paintings, *options]) == 0
    if suffix == ".mp4":
        import av

        with av.open(out) as video:
            frames = [frame.to_image() for frame in video.decode(video=0)]
            assert video.streams.video[0].average_rate == 5
        assert len(frames) == 5 and frames[0].size == (50, 38)  # even sides
    elif suffix:
        picture = Image.open(out)
        assert picture.n_frames == 5 and picture.size == (50, 37)
    else:
        assert sorted(os.listdir(out)) == [f"frame-{i:05d}.png" for i in range(5)]
        ends = ["m/frame-00000.png", "m/frame-00004.png"]
        for style, end in zip(paintings, ends):
            assert run([photo, style, "-o", "one.png", "--force", "--model", tiny_model, *SMALL]) == 0
            assert np.array_equal(pixels(end), pixels("one.png"))
    assert run(["morph", photo, *paintings, *options]) == 2  # it is there already
    assert not [name for name in os.listdir() if name.endswith(".part")]


BAD = {
    "one": ["morph", "PHOTO", "STYLE"],
    "suffix": ["morph", "PHOTO", "STYLE", "STYLE", "-o", "m.avi"],
    "time": ["morph", "PHOTO", "STYLE", "STYLE", "--seconds", "0"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_line(arguments, refused, tiny_model):
    refused(*arguments, "--model", tiny_model)


def test_a_morph_of_odd_sides_is_kept_or_said(paintings, tiny_model, photo, capsys):
    model = ["--model", tiny_model, *SMALL, "--seconds", "0.5", "--fps", "8"]
    for out, size in (("a.mp4", (50, 38)), ("b.webm", (50, 37)), ("c.gif", (50, 37))):
        assert run(["morph", photo, *paintings, "-o", out, *model]) == 0
        said = capsys.readouterr().err
        assert open_clip(out).size == size
        assert said == "" or size == (50, 38) and "50×38, not 50×37" in said and said.count("\n") == 1

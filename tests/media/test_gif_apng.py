"""GIF and APNG, frame by frame."""

import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from styletransfer.media import gif_apng
from styletransfer.media.animation import write_animation
from styletransfer.media.video_reader import open_clip

from ..animations import TENTH, pictures


@pytest.mark.parametrize(
    "suffix, longest", [(".gif", Fraction(65535, 100)), (".apng", Fraction(65535, 1000))]
)
def test_what_is_seen_longer_than_the_format_can_say_is_drawn_again(tmp_path, suffix, longest):
    path = tmp_path / f"a{suffix}"
    first, second = pictures(2)
    write_animation(path, [first, second, second], [TENTH, Fraction(500), Fraction(200, 3)])
    frames = list(open_clip(path).frames(0))
    assert abs(sum(f.duration for f in frames) - Fraction(17003, 30)) < Fraction(1, 50)
    assert len(frames) > 2 or suffix == ".gif"
    assert all(f.duration <= longest for f in frames)
    assert all(np.array_equal(f.rgb, frames[1].rgb) for f in frames[1:])


def written(write, *given):
    buffer = io.BytesIO()
    write(buffer, *given)
    buffer.seek(0)
    return Image.open(buffer)


def test_a_picture_that_is_as_the_one_before_makes_it_be_seen_longer():
    some = pictures(4)  # of which the third is the second once more
    gray = [image.quantize(palette=some[0].quantize(64)) for image in some]
    for image in (
        written(gif_apng.write_gif, iter(gray), iter([50, 100, 150, 20])),
        written(gif_apng.write_apng, iter(some), "RGB", iter([50, 100, 150, 20])),
    ):
        assert image.n_frames == 3 and image.info["loop"] == 0
        times = []
        for number in range(3):
            image.seek(number)
            times.append(round(image.info["duration"]))
        assert times == [50, 250, 20]


def test_only_what_changes_is_drawn_anew():
    one, two = pictures(2)
    whole = written(gif_apng.write_apng, iter([one]), "RGB", iter([50]))
    assert not getattr(whole, "is_animated", False) or whole.n_frames == 1
    image = written(gif_apng.write_apng, iter([one, two]), "RGB", iter([50, 50]))
    image.seek(1)
    assert image.dispose_extent != (0, 0, *one.size)
    assert np.array_equal(np.array(image.convert("RGB")), np.array(two))


def test_a_mode_is_kept_for_all():
    one, two = pictures(2)[0], pictures(2, alpha=True)[1]
    image = written(gif_apng.write_apng, iter([one, two]), "RGBA", iter([50, 50]))
    image.seek(1)
    assert image.mode == "RGBA" and np.array_equal(np.array(image)[..., 3], np.array(two)[..., 3])

"""What the page asks for is read, and refused in one line where it cannot be."""

from dataclasses import fields

import pytest
from PIL import Image

from styletransfer.errors import InputError
from styletransfer.options import StylizeOptions
from styletransfer.server.limits import Limits, Refused
from styletransfer.web.wish import Asked, read_wish

from ..conftest import noise
from .conftest import TOKEN, png

LIMITS = Limits(3, 4)


@pytest.fixture
def read(studio, client, asked):
    visitor = studio.visitors.here[TOKEN]

    def read(**changes):
        known = [*studio.service.models]
        return read_wish(Asked(**asked | changes), visitor, known, LIMITS)

    return read


def test_styles_have_weights_that_sum_to_1_and_names(read):
    wish = read(format="jpg", quality=80)
    own, wave = wish.styles
    assert list(wish.styles.values()) == [0.7, 0.3] and wish.options.weights == (0.7, 0.3)
    assert wish.names == {own: "own.png", wave: "great_wave"}
    assert wish.file_name(wish.photo) == "photo-own+great_wave.jpg" and wish.quality == 80
    left = read(styles=[{"id": "own", "share": 0}, {"id": "lion", "share": 40}])
    assert list(left.styles.values()) == [1.0] and left.options.weights == (1.0,)


def test_options_are_those_of_the_command(read, client):
    map = Image.new("RGB", (90, 70), "#ff0000")
    assert client.send("map", "regions", png(map), photo="photo").status_code == 200
    assert client.send("mask", "mask", png(noise(90, 70).convert("L")), photo="photo").status_code == 200
    given = {
        "alpha": 0.5, "strokes": 2, "size": 64, "style_size": 256, "style_crop": 0.5, "feather": 4,
        "preserve_color": "luminance", "color_strength": 0.5, "tile": "512", "refine": 3,
        "stats": "thumbnail", "mask": "mask", "regions": "map",
        "region": {"#ff0000": "lion", "#00ff00": ""},
    }  # fmt: skip
    assert {*given, "weights"} == {option.name for option in fields(StylizeOptions)}
    wish = read(options=given)
    options = wish.options
    assert (options.alpha, options.tile, options.size, options.refine) == (0.5, 512, 64, 3)
    assert [wish.names[options.mask], wish.names[options.regions]] == [
        "photo-mask.png",
        "photo-region.png",
    ]
    ((color, blend),) = options.region.items()
    assert color == "#ff0000" and [wish.names[style] for style in blend] == ["lion"]
    assert read(options={"size": None, "mask": None, "region": {}}).options.changed() == ["weights"]


@pytest.mark.parametrize(
    "changes,line",
    [
        ({"model": "/etc/passwd"}, "There is no model"),
        ({"format": "exe"}, "format is 'exe': one of png, jpg"),
        ({"quality": 0}, "quality is 0"),
        ({"styles": [{"id": name} for name in "abcde"]}, "Four styles are the most"),
        ({"styles": [{"id": "own", "share": 0}]}, "more than 0 %"),
        ({"options": {"alpha": "much"}}, "alpha is 'much': a number is wanted"),
        ({"options": {"alpha": 7}}, "alpha is 7"),
        ({"options": {"weights": "1,2"}}, "no option 'weights'"),
        ({"options": {"path": "/etc/passwd"}}, "no option 'path'"),
        ({"options": {"region": "a"}}, "region is a style for each colour"),
        ({"options": {"size": 5000}}, "megapixels"),
    ],
)
def test_what_cannot_be_is_one_line(read, changes, line):
    with pytest.raises((InputError, Refused), match=line):
        read(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"photos": ["/etc/passwd"]}, {"photos": ["own"]}, {"styles": [{"id": "/etc/passwd"}]},
        {"styles": [{"id": "bank:lion"}]}, {"styles": [{"id": "photo"}]},
        {"options": {"mask": "/etc/passwd"}},
        {"options": {"region": {"#ff0000": "../x"}, "regions": "own"}},
    ],
)  # fmt: skip
def test_nothing_is_opened_that_was_not_sent(read, changes):
    with pytest.raises(Refused) as error:
        read(**changes)
    assert error.value.status == 410

"""Many pictures of one photo: paths from style to style, squares between styles, and sheets."""

import numpy as np
import pytest

from styletransfer import InputError, Stylizer, grid, morph, sheet
from styletransfer.styles.interpolate import between, square

from ..codes import PHOTO, STYLES, array, same


@pytest.fixture(scope="module")
def stylizer(tiny_model):
    return Stylizer(tiny_model, device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def codes(stylizer):
    return [stylizer.style(style, 32) for style in STYLES]


def test_morph_begins_and_ends_with_the_single_styles(stylizer, codes):
    path = list(between(codes, 9))
    assert path[0] is codes[0] and path[8] is codes[2]
    same(path[4], codes[1])
    same(path[2], stylizer.blend(codes[:2]))  # half way in time is half way in style
    pictures = [np.array(picture) for picture in morph(stylizer, PHOTO, codes, 5)]
    assert len(pictures) == 5
    for index, code in ((0, codes[0]), (2, codes[1]), (4, codes[2])):
        assert np.array_equal(pictures[index], stylizer.stylize(PHOTO, code))


def test_a_morph_without_end_begins_at_once(stylizer, codes):
    assert next(morph(stylizer, PHOTO, codes, 10**12)) is not None


def test_sheets_that_do_not_fit_are_refused_before_the_work(stylizer, codes):
    for wrong in (
        lambda: grid(stylizer, PHOTO, [*codes, codes[0]], corners=10**6),
        lambda: grid(stylizer, PHOTO, codes, size=10**6),
        lambda: sheet(stylizer, PHOTO, codes, size=10**6),
        lambda: morph(stylizer, PHOTO, codes, 5, size=10**6),
    ):
        with pytest.raises(InputError, match="GB of memory and"):
            wrong()


def test_grid_and_sheet_from_python(stylizer, codes):
    cell = np.array(stylizer.stylize(PHOTO, codes[1], 0.5, size=32))
    found = np.array(grid(stylizer, PHOTO, codes, [0.5, 1.0], size=32))
    title = found.shape[0] - 3 * (cell.shape[0] + 6) + 6
    assert found.shape[1] == 2 * (cell.shape[1] + 6) - 6 and title > 0
    contact = np.array(sheet(stylizer, PHOTO, codes, 2, 0.5, size=32))
    assert np.array_equal(contact[:32, cell.shape[1] + 6 :], cell)  # the second style, top right
    for wrong in (
        lambda: morph(stylizer, PHOTO, codes[:1], 5),
        lambda: grid(stylizer, PHOTO, codes, corners=3),
        lambda: grid(stylizer, PHOTO, codes, [3.0]),
        lambda: sheet(stylizer, PHOTO, []),
    ):
        with pytest.raises(InputError):
            wrong()


def test_a_square_has_its_four_styles_at_the_corners(stylizer, codes):
    corners = [*codes, stylizer.style(array(30, 30, seed=20), 32)]
    found = square(corners, 3)
    for code, (y, x) in zip(corners, ((0, 0), (0, 2), (2, 0), (2, 2))):
        assert found[y][x] is code
    same(found[1][1], stylizer.blend(corners))
    same(found[0][1], stylizer.blend(corners[:2]))


@pytest.mark.parametrize("make", [grid, sheet, lambda *given, **options: morph(*given, 5, **options)])
@pytest.mark.parametrize("wrong", [{"strokes": 9}, {"style_size": 3}, {"style_crop": 0}, {"size": 0}])
def test_galleries_take_what_a_picture_takes(make, wrong, stylizer, codes):
    with pytest.raises(InputError, match=f"{next(iter(wrong))} is"):
        make(stylizer, PHOTO, codes, **wrong)

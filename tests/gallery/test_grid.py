"""Styles by strengths, or four styles across a square."""

import numpy as np
import pytest

from styletransfer import InputError, grid
from styletransfer.gallery.layout import GAP

from ..codes import PHOTO, array


def test_rows_are_styles_and_columns_strengths(stylizer, codes):
    found = np.array(grid(stylizer, PHOTO, codes, [0.5, 1.0], size=32))
    height, width = stylizer.stylize(PHOTO, codes[1], size=32).shape[:2]
    assert found.shape[1] == 2 * (width + GAP) - GAP
    title = found.shape[0] - 3 * (height + GAP) + GAP  # and a label below each row
    assert title > 0
    pitch = found.shape[0] - title
    for column, alpha in enumerate((0.5, 1.0)):
        cell = stylizer.stylize(PHOTO, codes[0], alpha, size=32)
        places = [
            y
            for y in range(pitch)
            if np.array_equal(
                found[y : y + height, column * (width + GAP) : column * (width + GAP) + width], cell
            )
        ]
        assert len(places) == 1, "under the titles, and nowhere else"


def test_four_styles_lie_at_the_corners(stylizer, codes):
    corners = [*codes, stylizer.style(array(30, 30, seed=20), 32)]
    found = np.array(grid(stylizer, PHOTO, corners, corners=3, size=32))
    cells = [stylizer.stylize(PHOTO, code, size=32) for code in corners]
    height, width = cells[0].shape[:2]
    assert found.shape[:2] == (3 * (height + GAP) - GAP, 3 * (width + GAP) - GAP)
    places = [
        np.s_[y, x] for y in (np.s_[:height], np.s_[-height:]) for x in (np.s_[:width], np.s_[-width:])
    ]
    for place, cell in zip(places, cells):
        assert np.array_equal(found[place], cell)


def test_what_is_no_grid(stylizer, codes):
    four = [*codes, codes[0]]
    for styles, alphas, corners, says in (
        (codes, [1.0], 3, "four styles"),
        (four, [1.0], 1, "at least 2"),
        (codes, [3.0], None, "alpha is 3"),
        (codes, [], None, "at least one style and one strength"),
        ([], [1.0], None, "at least one style and one strength"),
    ):
        with pytest.raises(InputError, match=says):
            grid(stylizer, PHOTO, styles, alphas, corners)

"""An animation from style to style."""

import numpy as np
import pytest

from styletransfer import InputError, morph

from ..codes import PHOTO


def test_morph_begins_and_ends_with_the_single_styles(stylizer, codes):
    pictures = [np.array(picture) for picture in morph(stylizer, PHOTO, codes, 5)]
    assert len(pictures) == 5
    for index, code in ((0, codes[0]), (2, codes[1]), (4, codes[2])):
        assert np.array_equal(pictures[index], stylizer.stylize(PHOTO, code))


def test_a_morph_without_end_begins_at_once(stylizer, codes):
    assert next(morph(stylizer, PHOTO, codes, 10**12)) is not None


@pytest.mark.parametrize("styles, frames", [(1, 5), (0, 5), (2, 1)])
def test_it_goes_from_one_style_to_another(styles, frames, stylizer, codes):
    with pytest.raises(InputError, match="at least two styles and two frames"):
        morph(stylizer, PHOTO, codes[:styles], frames)

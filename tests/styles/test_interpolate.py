"""Ways through the space of styles."""

from styletransfer import StyleCode
from styletransfer.styles.interpolate import morph_path, style_square

from ..codes import array, same


def test_a_square_has_its_four_styles_at_the_corners(stylizer, codes):
    corners = [*codes, stylizer.style(array(30, 30, seed=20), 32)]
    found = style_square(corners, 3)
    for code, (y, x) in zip(corners, ((0, 0), (0, 2), (2, 0), (2, 2))):
        assert found[y][x] is code
    same(found[1][1], stylizer.blend(corners))
    same(found[0][1], stylizer.blend(corners[:2]))


def test_a_path_rests_at_each_style_and_is_half_way_in_the_middle(stylizer, codes):
    path = list(morph_path(codes, 9))
    assert path[0] is codes[0] and path[8] is codes[2]
    same(path[4], codes[1])
    same(path[2], stylizer.blend(codes[:2]))  # half way in time is half way in style
    assert path[1].styles["a picture"] == 1
    same(path[1], stylizer.blend(codes[:2], [27, 5]))  # 3t² − 2t³ at a quarter is 5/32


def test_a_path_is_made_as_it_is_gone():
    """Of any length: a code at a time."""
    assert next(morph_path([StyleCode({}, "x"), StyleCode({}, "x")], 10**12)).digest == "x"

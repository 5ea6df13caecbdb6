"""The arithmetic of styles: blends, strengths, masks and regions."""

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer import InputError
from styletransfer.stylize.regions import read_regions, soften

from ..codes import PHOTO, STYLES, array


def test_a_white_mask_is_no_mask_and_a_black_one_is_alpha_zero(stylizer, codes):
    white, black = np.full((64, 96), 255, np.uint8), np.zeros((64, 96), np.uint8)
    for alpha in (1.0, 0.6):
        plain = stylizer.stylize(PHOTO, codes[0], alpha)
        assert np.array_equal(stylizer.stylize(PHOTO, codes[0], alpha, mask=white), plain)
    unpainted = stylizer.stylize(PHOTO, codes[0], alpha=0)
    masked = stylizer.stylize(PHOTO, codes[0], mask=black)
    assert np.abs(masked.astype(int) - unpainted).max() <= 1


def test_grey_is_alpha(stylizer, codes):
    grey = np.full((64, 96), 102, np.uint8)
    masked = stylizer.stylize(PHOTO, codes[0], mask=Image.fromarray(grey))
    assert np.abs(masked.astype(int) - stylizer.stylize(PHOTO, codes[0], alpha=0.4)).max() <= 1


def test_a_mask_works_where_it_is_white(stylizer, codes):
    mask = np.zeros((64, 256), np.uint8)
    mask[:, 128:] = 255
    photo = array(256, 64, seed=3)
    masked = stylizer.stylize(photo, codes[0], mask=mask)
    full, none = (stylizer.stylize(photo, codes[0], alpha=alpha) for alpha in (1.0, 0.0))
    assert np.abs(masked[:, 192:].astype(int) - full[:, 192:]).max() <= 1  # beyond the decoder's reach
    assert np.abs(masked[:, :64].astype(int) - none[:, :64]).max() <= 1
    assert not np.array_equal(masked[:, 120:136], full[:, 120:136])


def halves(width=256, height=64):
    """Red on the left, green on the right."""
    map = np.zeros((height, width, 3), np.uint8)
    map[:, : width // 2, 0] = 255
    map[:, width // 2 :, 1] = 255
    return map


def test_a_map_of_one_colour_is_no_map_bit_for_bit(stylizer, codes):
    plain = stylizer.stylize(PHOTO, codes[0])
    red = np.zeros((64, 96, 3), np.uint8)
    red[..., 0] = 255
    options = {"regions": red, "feather": 5}
    one = stylizer.stylize(PHOTO, region={"#ff0000": codes[0]}, **options)
    assert np.array_equal(one, plain)
    unused = {"#ff0000": codes[0], "#00ff00": codes[1]}
    assert np.array_equal(stylizer.stylize(PHOTO, region=unused, **options), plain)
    rest = stylizer.stylize(PHOTO, codes[0], region={"#00ff00": codes[1]}, **options)
    assert np.array_equal(rest, plain)


def test_regions_do_not_bleed(stylizer, codes):
    photo, map = array(1024, 64, seed=3), halves(1024)
    a, b, c = codes
    feather = 8
    ab = stylizer.stylize(photo, regions=map, region={"#ff0000": a, "#00ff00": b}, feather=feather)
    ac = stylizer.stylize(photo, regions=map, region={"#ff0000": a, "#00ff00": c}, feather=feather)
    reach = 48 + feather  # of the decoder, and of the average over a position of its deepest level
    # Not bit for bit: at the border the palette of b or c is in what the encoder sees of a's region,
    # and so, by a little, in the statistics of that region.
    assert np.abs(ab[:, : 512 - reach].astype(int) - ac[:, : 512 - reach]).max() <= 3
    assert np.abs(ab[:, 512 + reach :].astype(int) - ac[:, 512 + reach :]).mean() > 6


def test_a_region_has_statistics_of_its_own(stylizer, codes):
    """A photo of two halves, each painted as if it were alone."""
    left, right = array(512, 64, seed=3) // 3, array(512, 64, seed=4)
    photo = np.concatenate([left, right], axis=1)
    region = {"#ff0000": codes[0], "#00ff00": codes[1]}
    out = stylizer.stylize(photo, regions=halves(1024), region=region)
    alone = stylizer.stylize(left, codes[0])
    together = stylizer.stylize(photo, codes[0])
    inside = np.s_[8:56, 8:448]

    def error(other):
        return np.abs(out[inside].astype(int) - other[inside]).mean()

    assert error(alone) < 0.5 * error(together)


def test_labels_choose_as_colours_do(stylizer, codes):
    photo = array(256, 64, seed=3)
    colours = stylizer.stylize(
        photo, regions=halves(), region={"#ff0000": codes[0], "#00FF00": codes[1]}
    )
    labels = np.zeros((64, 256), np.uint8)
    labels[:, 128:] = 7
    found = stylizer.stylize(photo, regions=labels, region={"0": codes[0], "7": codes[1]})
    assert np.array_equal(found, colours)
    palette = Image.fromarray(labels, "P")
    palette.putpalette([255, 0, 0] * 7 + [0, 255, 0])
    for region in ({"0": codes[0], "7": codes[1]}, {"#ff0000": codes[0], "#00ff00": codes[1]}):
        assert np.array_equal(stylizer.stylize(photo, regions=palette, region=region), colours)


def test_a_region_takes_a_blend(stylizer, codes, tmp_path):
    STYLES[0].save(tmp_path / "a.png")
    STYLES[1].save(tmp_path / "b.png")
    names = {str(tmp_path / "a.png"): 0.5, str(tmp_path / "b.png"): 0.5}
    region = {"#ff0000": names, "#00ff00": codes[2]}
    found = stylizer.stylize(array(256, 64), regions=halves(), region=region, style_size=32)
    region["#ff0000"] = stylizer.blend(codes[:2])
    assert np.array_equal(found, stylizer.stylize(array(256, 64), regions=halves(), region=region))


def test_feathering_makes_ramps_that_sum_to_one():
    maps = read_regions(halves(64, 16), ["#ff0000", "#00ff00"], False, (64, 16))
    soft = soften(maps, 4)
    torch.testing.assert_close(soft.sum(dim=1), torch.ones(1, 16, 64))
    row = soft[0, 0, 8]
    assert (row[:28] == 1).all() and (row[36:] == 0).all() and (row.diff() <= 1e-6).all()
    assert 0.4 < row[31] < 0.6
    assert soften(maps, 0) is maps


def test_a_map_follows_the_size(stylizer, codes):
    region = {"#ff0000": codes[0], "#00ff00": codes[1]}
    out = stylizer.stylize(array(256, 64), regions=halves(), region=region, size=40, feather=3)
    assert out.shape == (40, 160, 3)
    tensor = torch.rand(2, 3, 64, 256)
    mask = np.full((64, 256), 128, np.uint8)
    assert stylizer.stylize(tensor, regions=halves(), region=region, mask=mask).shape == tensor.shape


def test_what_is_transparent_in_a_mask_is_not_painted(stylizer, codes):
    """White strokes, whole or half, on transparency of any colour; as file, picture or array."""
    strokes = np.full((64, 96, 2), 255, np.uint8)
    strokes[:, :48, 1], strokes[:, 48:60, 1] = 0, 128
    grey = strokes[..., 1].copy()
    expected = stylizer.stylize(PHOTO, codes[0], mask=grey)
    colour = np.dstack([strokes[..., :1]] * 3 + [grey])
    for mask in (strokes, colour, Image.fromarray(strokes), Image.fromarray(colour)):
        assert np.array_equal(stylizer.stylize(PHOTO, codes[0], mask=mask), expected)
    assert not np.array_equal(expected, stylizer.stylize(PHOTO, codes[0]))


def test_what_is_transparent_in_a_map_has_no_colour(stylizer, codes):
    """What was rubbed out is nobody's, though the colour is still there behind."""
    drawn = np.zeros((64, 96, 4), np.uint8)
    drawn[..., 0], drawn[:, :48, 3] = 255, 255
    plain = drawn[..., :3].copy()
    plain[:, 48:] = 0, 0, 9
    region = {"#ff0000": codes[0]}
    expected = stylizer.stylize(PHOTO, codes[1], regions=plain, region=region)
    assert np.array_equal(stylizer.stylize(PHOTO, codes[1], regions=drawn, region=region), expected)
    with pytest.raises(InputError, match="no style for what is transparent of the map"):
        stylizer.stylize(PHOTO, regions=drawn, region=region)


@pytest.mark.parametrize(
    "arguments, says",
    [
        ({"mask": np.zeros((5, 5), np.uint8)}, "the mask is 5×5, the photo 96×64"),
        ({"regions": halves(), "region": {"#ff0000": STYLES[0]}}, "the map is 256×64"),
        ({"regions": halves(96, 64), "region": {"#ff0000": STYLES[0]}}, "no style for #00ff00"),
        ({"regions": halves(96, 64), "region": {"red": STYLES[0]}}, "'red' is neither"),
        ({"regions": halves(96, 64), "region": {"#ff00": STYLES[0]}}, "not a colour"),
        ({"regions": halves(96, 64), "region": {"1": STYLES[0]}}, "has no labels"),
        ({"regions": halves(96, 64), "region": {"1": STYLES[0], "#ff0000": STYLES[0]}}, "not both"),
        ({"regions": halves(96, 64)}, "go together"),
        ({"region": {"#ff0000": STYLES[0]}}, "go together"),
        ({"regions": halves(96, 64), "region": {}}, "no style for"),
        ({"mask": np.zeros((64, 96), np.float32)}, "uint8"),
        ({"regions": np.zeros((64, 96), np.int64), "region": {"0": STYLES[0]}}, "uint8"),
        ({"mask": np.zeros((64, 96, 5), np.uint8)}, "uint8"),
        ({"mask": np.zeros((64, 96, 3), bool)}, "uint8"),
        ({"mask": np.zeros((0, 0), np.uint8)}, "uint8"),
        ({"feather": -1}, "feather"),
        ({"feather": 10**9}, "feather"),
        ({"color_strength": 2}, "color_strength"),
        ({"style_crop": 0}, "crop"),
        ({"style": None}, "no style"),
        ({"style": {"a": -1.0}}, "no such file|negative"),
    ],
)
def test_bad_control_is_one_line(stylizer, arguments, says):
    given = {"style": None if "regions" in arguments else STYLES[0], "style_size": 32, **arguments}
    with pytest.raises(InputError, match=says) as caught:
        stylizer.stylize(PHOTO, **given)
    assert "\n" not in str(caught.value)


def test_a_mask_leaves_the_photo_where_it_is_black(stylizer):
    content, mask = array(64, 64), np.zeros((64, 64, 3), np.uint8)
    mask[:, 32:] = 255
    out = stylizer.stylize(content, STYLES[0], mask=mask, style_size=32)
    assert np.array_equal(out[:, :32], content[:, :32])
    assert np.abs(out[:, 40:].astype(int) - content[:, 40:]).mean() > 2

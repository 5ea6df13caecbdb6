"""Style codes: blends of them, and what they know of themselves."""

import numpy as np
import pytest
import torch

from styletransfer import InputError, StyleCode
from styletransfer.models.statistics import Statistics
from styletransfer.models.weights import read_safetensors, write_safetensors
from styletransfer.styles.code import blend, normalised

from ..codes import STYLES, same


def test_blending_is_commutative_associative_and_scale_free(stylizer, codes):
    a, b, c = codes
    whole = stylizer.blend([a, b, c], [1, 2, 3])
    same(whole, stylizer.blend([c, a, b], [30, 10, 20]))
    first = stylizer.blend([a, b], [1, 2])
    same(whole, stylizer.blend([first, c], [3, 3]))
    assert not torch.allclose(whole.statistics["relu4_1"].mean, a.statistics["relu4_1"].mean)


def test_a_code_knows_what_it_is_made_of(stylizer, tmp_path):
    for name, style in zip("ab", STYLES):
        style.save(tmp_path / f"{name}.png")
    a, b = (stylizer.style(tmp_path / f"{name}.png", 32) for name in "ab")
    mix = stylizer.blend([stylizer.blend([a, b]), a])
    assert mix.styles == {"a.png": 0.75, "b.png": 0.25} and mix.model == stylizer.model
    mix.save(tmp_path / "m.style.safetensors")
    assert StyleCode.load(tmp_path / "m.style.safetensors").styles == mix.styles


def test_blending_knows_no_order_and_no_scale(stylizer):
    a, b = stylizer.style(STYLES[0], 32), stylizer.style(STYLES[2], 32)
    first, second = stylizer.blend([a, b], [1, 3]), stylizer.blend([b, a], [0.3, 0.1])
    for tap in first.statistics:
        for x, y in zip(first.statistics[tap], second.statistics[tap]):
            torch.testing.assert_close(x, y)


def test_a_saved_code_is_its_picture(stylizer, photo, paintings, tmp_path):
    path = tmp_path / "a.style.safetensors"
    stylizer.style(paintings[0], size=32).save(path)
    assert path.stat().st_size < 20_000
    from_code = stylizer.stylize(photo, str(path))
    from_picture = stylizer.stylize(photo, paintings[0], style_size=32)
    assert np.array_equal(np.array(from_code), np.array(from_picture))


def a_code(mean: float, digest: str = "m", **styles: float) -> StyleCode:
    return StyleCode(
        {"relu4_1": Statistics(torch.full((1, 2), mean), torch.ones(1, 2))}, digest, styles=styles
    )


def test_a_blend_is_the_mean_of_numbers_and_of_names():
    mixed = blend([a_code(1.0, a=1.0), a_code(5.0, b=0.5, a=0.5)], [3, 1])
    assert torch.equal(mixed.statistics["relu4_1"].mean, torch.full((1, 2), 2.0))
    assert mixed.styles == {"a": 0.875, "b": 0.125} and mixed.digest == "m"
    only = a_code(1.0)
    assert blend([only, a_code(5.0)], [2, 0]) is only


@pytest.mark.parametrize(
    "weights, says",
    [
        ([1], "1 weights for 2"),
        ([1, -1], "negative"),
        ([0, 0], "above 0"),
        ([1, float("nan")], "weight"),
    ],
)
def test_weights_that_make_no_blend(weights, says):
    with pytest.raises(InputError, match=says):
        blend([a_code(1.0), a_code(2.0)], weights)
    with pytest.raises(InputError, match="no style given"):
        blend([])
    assert normalised(None, 4) == [0.25] * 4 and normalised([3, 1], 2) == [0.75, 0.25]


def test_codes_of_two_models_do_not_mix():
    with pytest.raises(InputError, match="different models"):
        blend([a_code(1.0), a_code(1.0, "other")])


def test_what_was_saved_is_loaded_and_nothing_else(tmp_path):
    code = a_code(0.5, "digest", **{"a.jpg": 0.25, "b.jpg": 0.75})
    code.save(tmp_path / "c.style.safetensors")
    again = StyleCode.load(tmp_path / "c.style.safetensors")
    same(code, again)
    assert (again.digest, again.model, again.version, again.styles) == (
        code.digest, code.model, code.version, code.styles,
    )  # fmt: skip
    tensors, about = read_safetensors(tmp_path / "c.style.safetensors")
    for metadata, says in (({"format": "x"}, "is not a style code"), ({"styles": "[]"}, "not a whole")):
        write_safetensors(tmp_path / "d.style.safetensors", tensors, about | metadata)
        with pytest.raises(InputError, match=says):
            StyleCode.load(tmp_path / "d.style.safetensors")

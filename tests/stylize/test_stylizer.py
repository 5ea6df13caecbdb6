import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from styletransfer import InputError, StyleCode, Stylizer
from styletransfer.models.padding import MULTIPLE


@pytest.fixture(scope="module")
def stylizer(tiny_model):
    return Stylizer(tiny_model, device="cpu", precision="fp32")


def array(width, height, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


STYLE = Image.fromarray(array(40, 32, seed=9))
OTHER = Image.fromarray(array(30, 32, seed=8) // 3)


@settings(max_examples=40, deadline=None)
@given(width=st.integers(1, 90), height=st.integers(1, 90))
def test_output_has_exactly_the_content_s_size(stylizer, width, height):
    out = stylizer.stylize(array(width, height), stylizer.style(STYLE, size=32))
    assert out.shape == (height, width, 3) and out.dtype == np.uint8


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (7, 9)])
def test_slivers(stylizer, shape):
    assert stylizer.stylize(array(*shape), STYLE, style_size=32).shape == (shape[1], shape[0], 3)


def test_type_in_type_out(stylizer, photo, paintings):
    code = stylizer.style(paintings[0], size=32)
    from_path = stylizer.stylize(photo, code)
    from_pil = stylizer.stylize(Image.open(photo), code)
    pixels = np.array(Image.open(photo))
    from_array = stylizer.stylize(pixels, code)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None].double() / 255
    from_tensor = stylizer.stylize(tensor.repeat(2, 1, 1, 1), code)
    assert isinstance(from_path, Image.Image) and from_path.mode == "RGB"
    assert np.array_equal(np.array(from_path), np.array(from_pil))
    assert np.array_equal(np.array(from_path), from_array)
    assert from_tensor.dtype == torch.float64 and from_tensor.shape == (2, 3, *pixels.shape[:2])
    painted = from_tensor[1].permute(1, 2, 0).mul(255).numpy()
    assert np.abs(painted - from_array).max() <= 0.51


def test_alpha_channel_goes_around_the_network(stylizer):
    content = array(20, 16)
    transparent = Image.fromarray(np.dstack([content, np.full((16, 20), 77, np.uint8)]))
    out = stylizer.stylize(transparent, STYLE, style_size=32)
    assert out.mode == "RGBA" and out.getchannel("A").getextrema() == (77, 77)
    plain = stylizer.stylize(content, STYLE, style_size=32)
    assert np.array_equal(np.array(out)[..., :3], plain)


def test_blending_one_and_zero_is_the_first_style(stylizer):
    content = array(24, 24)
    one = stylizer.stylize(content, STYLE, style_size=32)
    both = stylizer.stylize(content, [STYLE, OTHER], weights=[1, 0], style_size=32)
    assert np.array_equal(one, both)
    half = stylizer.stylize(content, [STYLE, OTHER], style_size=32)
    assert not np.array_equal(one, half)


def test_blending_knows_no_order_and_no_scale(stylizer):
    a, b = stylizer.style(STYLE, 32), stylizer.style(OTHER, 32)
    first, second = stylizer.blend([a, b], [1, 3]), stylizer.blend([b, a], [0.3, 0.1])
    for tap in first.statistics:
        for x, y in zip(first.statistics[tap], second.statistics[tap]):
            torch.testing.assert_close(x, y)


def test_blend_by_path(stylizer, paintings):
    mapped = stylizer.blend({paintings[0]: 0.7, paintings[1]: 0.3}, size=32)
    listed = stylizer.blend(paintings, [0.7, 0.3], size=32)
    for tap in mapped.statistics:
        assert torch.equal(mapped.statistics[tap].mean, listed.statistics[tap].mean)


def test_a_saved_code_is_its_picture(stylizer, photo, paintings, tmp_path):
    path = tmp_path / "a.style.safetensors"
    stylizer.style(paintings[0], size=32).save(path)
    assert path.stat().st_size < 20_000
    from_code = stylizer.stylize(photo, str(path))
    from_picture = stylizer.stylize(photo, paintings[0], style_size=32)
    assert np.array_equal(np.array(from_code), np.array(from_picture))


def test_a_code_of_another_model_is_refused(stylizer, tmp_path):
    code = StyleCode(stylizer.style(STYLE, 32).statistics, "another")
    code.save(tmp_path / "a.style.safetensors")
    with pytest.raises(InputError, match="another model"):
        stylizer.style(tmp_path / "a.style.safetensors")


def test_alpha_zero_is_the_photo_and_what_is_little_above_is_near_it(stylizer):
    content = array(2 * MULTIPLE, MULTIPLE)
    found = {a: stylizer.stylize(content, STYLE, alpha=a, style_size=32) for a in (0, 0.01, 0.3)}
    assert np.array_equal(found[0], content)
    near, far = (np.abs(found[a].astype(int) - content).mean() for a in (0.01, 0.3))
    assert 0 < near < 0.1 * far


def test_a_mask_leaves_the_photo_where_it_is_black(stylizer):
    content, mask = array(64, 64), np.zeros((64, 64, 3), np.uint8)
    mask[:, 32:] = 255
    out = stylizer.stylize(content, STYLE, mask=mask, style_size=32)
    assert np.array_equal(out[:, :32], content[:, :32])
    assert np.abs(out[:, 40:].astype(int) - content[:, 40:]).mean() > 2


def test_luminance_keeps_the_chroma(stylizer):
    content = array(16, 16) // 4 + 96  # far from black and white: nothing is clipped
    out = stylizer.stylize(content, STYLE, preserve_color="luminance", style_size=32)
    before, after = content.astype(float), out.astype(float)
    inside = ((out > 0) & (out < 255)).all(axis=2)
    for a, b in ((0, 1), (1, 2)):
        difference = (before[..., a] - before[..., b]) - (after[..., a] - after[..., b])
        assert np.abs(difference[inside]).max(initial=0) <= 1.01


def test_histogram_gives_the_style_the_photo_s_colours():
    from styletransfer.models.statistics import moments
    from styletransfer.stylize.color import match_colors

    torch.manual_seed(0)
    style, content = torch.rand(1, 3, 30, 40) ** 2, torch.rand(1, 3, 50, 20) * 0.2 + 0.4
    matched = match_colors(style, moments(content, joint=True)).flatten(2)[0]
    goal = content.flatten(2)[0]
    torch.testing.assert_close(matched.mean(dim=1), goal.mean(dim=1), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(matched.cov(), goal.cov(), atol=1e-4, rtol=2e-2)


def test_histogram_matching_keeps_devices_apart():
    """A content tensor on a GPU: no operation may mix what lies there with what lies here."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    from styletransfer.stylize.buffer import ImageBuffer
    from styletransfer.stylize.color import match_colors
    from styletransfer.stylize.tiling import palette

    with FakeTensorMode():
        content = palette(ImageBuffer(torch.rand(1, 3, 40, 50, device="cuda")))
        assert content.mean.is_cuda
        assert match_colors(torch.rand(1, 3, 30, 40), content).device.type == "cpu"
        assert match_colors(torch.rand(1, 3, 30, 40, device="cuda"), content).device.type == "cpu"


def test_histogram_runs_on_pictures_and_refuses_codes(stylizer):
    content = array(24, 24)
    out = stylizer.stylize(content, STYLE, preserve_color="histogram", style_size=32)
    assert out.shape == content.shape
    with pytest.raises(InputError, match="picture, not its code"):
        stylizer.stylize(content, stylizer.style(STYLE), preserve_color="histogram")


def test_size_sets_the_short_side(stylizer):
    assert stylizer.stylize(array(40, 20), STYLE, size=30, style_size=32).shape == (30, 60, 3)
    assert stylizer.stylize(torch.rand(1, 3, 20, 40), STYLE, size=30).shape == (1, 3, 30, 60)


def test_too_large_a_picture_is_refused_before_the_memory_runs_out(stylizer):
    with pytest.raises(InputError, match=r"needs about .* GB .* --size"):
        stylizer.stylize(torch.zeros(1, 3, 1, 1).expand(1, 3, 40_000, 30_000), STYLE, tile="off")


@pytest.mark.parametrize(
    "arguments, says",
    [
        ({"alpha": 2.5}, "alpha"),
        ({"alpha": float("nan")}, "alpha"),
        ({"weights": [1, 2]}, "2 weights for 1"),
        ({"weights": [-1]}, "negative"),
        ({"weights": [0]}, "above 0"),
        ({"preserve_color": "all"}, "preserve_color"),
        ({"size": 0}, "size is 0"),
        ({"style": np.zeros((4, 4), np.uint8)}, "uint8"),
        ({"style": 5}, "path"),
        ({"style": []}, "no style"),
        ({"content": torch.rand(3, 4, 4)}, "tensor"),
    ],
)
def test_bad_arguments_are_one_line(stylizer, arguments, says):
    with pytest.raises(InputError, match=says) as caught:
        stylizer.stylize(**{"content": array(8, 8), "style": STYLE, **arguments})
    assert "\n" not in str(caught.value)


def test_unknown_device_and_model(tiny_model):
    with pytest.raises(InputError, match="no device"):
        Stylizer(tiny_model, device="abacus")
    with pytest.raises(InputError, match="adain-vgg"):
        Stylizer("nothing")

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from styletransfer import InputError, Stylizer
from styletransfer.models.padding import MULTIPLE

from ..codes import PHOTO, STYLES, array


@settings(max_examples=40, deadline=None)
@given(width=st.integers(1, 90), height=st.integers(1, 90))
def test_output_has_exactly_the_content_s_size(stylizer, width, height):
    out = stylizer.stylize(array(width, height), stylizer.style(STYLES[0], size=32))
    assert out.shape == (height, width, 3) and out.dtype == np.uint8


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (7, 9)])
def test_slivers(stylizer, shape):
    assert stylizer.stylize(array(*shape), STYLES[0], style_size=32).shape == (shape[1], shape[0], 3)


def test_blending_one_and_zero_is_the_first_style(stylizer):
    content = array(24, 24)
    one = stylizer.stylize(content, STYLES[0], style_size=32)
    both = stylizer.stylize(content, [STYLES[0], STYLES[2]], weights=[1, 0], style_size=32)
    assert np.array_equal(one, both)
    half = stylizer.stylize(content, [STYLES[0], STYLES[2]], style_size=32)
    assert not np.array_equal(one, half)


def test_alpha_zero_is_the_photo_and_what_is_little_above_is_near_it(stylizer):
    content = array(2 * MULTIPLE, MULTIPLE)
    found = {a: stylizer.stylize(content, STYLES[0], alpha=a, style_size=32) for a in (0, 0.01, 0.3)}
    assert np.array_equal(found[0], content)
    near, far = (np.abs(found[a].astype(int) - content).mean() for a in (0.01, 0.3))
    assert 0 < near < 0.1 * far


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
        stylizer.stylize(**{"content": array(8, 8), "style": STYLES[0], **arguments})
    assert "\n" not in str(caught.value)


def test_unknown_device_and_model(tiny_model):
    with pytest.raises(InputError, match="no device"):
        Stylizer(tiny_model, device="abacus")
    with pytest.raises(InputError, match="adain-vgg"):
        Stylizer("nothing")


def test_alpha_above_one_goes_on_in_a_straight_line(stylizer, codes):
    x = torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        features = stylizer.net.encode(x)
        zero, one, two = (
            stylizer.net.bottleneck(features, codes[0].statistics, alpha) for alpha in (0.0, 1.0, 2.0)
        )
    for tap in zero:
        torch.testing.assert_close(two[tap] - one[tap], one[tap] - zero[tap], atol=1e-4, rtol=1e-3)
    assert not np.array_equal(
        stylizer.stylize(PHOTO, codes[0], 2.0), stylizer.stylize(PHOTO, codes[0], 1.0)
    )


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("tile", ["off", 256])
def test_a_gpu_paints_what_the_cpu_does(tiny_model, tile):
    photo = torch.rand(1, 3, 300, 310, generator=torch.manual_seed(0))
    style = (np.random.default_rng(1).random((64, 64, 3)) * 255).astype(np.uint8)
    painted = [
        Stylizer(tiny_model, device, "fp32").stylize(photo.to(device), style, tile=tile).cpu()
        for device in ("cpu", "cuda")
    ]
    assert (painted[0] - painted[1]).abs().max() < 2 / 255

"""Content of any type, and the result in the same."""

import numpy as np
import torch
from PIL import Image

from styletransfer.stylize.content import in_type_of, open_content

from ..codes import STYLES, array


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
    out = stylizer.stylize(transparent, STYLES[0], style_size=32)
    assert out.mode == "RGBA" and out.getchannel("A").getextrema() == (77, 77)
    plain = stylizer.stylize(content, STYLES[0], style_size=32)
    assert np.array_equal(np.array(out)[..., :3], plain)


def test_size_sets_the_short_side(stylizer):
    assert stylizer.stylize(array(40, 20), STYLES[0], size=30, style_size=32).shape == (30, 60, 3)
    assert stylizer.stylize(torch.rand(1, 3, 20, 40), STYLES[0], size=30).shape == (1, 3, 30, 60)


def test_content_is_opened_small_with_its_own_size_and_transparency():
    transparent = Image.fromarray(np.dstack([array(40, 20), np.full((20, 40), 77, np.uint8)]))
    opened = open_content(transparent, 10)
    assert opened.size == (40, 20) and opened.image.shape == (1, 10, 20)
    assert opened.transparency.size == (20, 10) and opened.image.pixels.dtype == torch.uint8
    assert open_content(array(40, 20)).transparency is None
    tensor = torch.rand(2, 3, 20, 40, dtype=torch.float64)
    assert torch.equal(open_content(tensor).image.pixels, tensor)
    small = open_content(tensor, 10)
    assert small.size == (40, 20) and small.image.pixels.dtype == torch.float64
    assert small.image.shape == (2, 10, 20) and small.image.pixels.min() >= 0


def test_what_was_painted_comes_in_the_content_s_type():
    pixels = array(6, 4)
    painted = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    assert in_type_of(torch.zeros(1), painted, None) is painted
    assert np.array_equal(in_type_of(pixels, painted, None), pixels)
    alpha = Image.new("L", (6, 4), 9)
    assert np.array_equal(np.array(in_type_of("a.png", painted, None)), pixels)
    assert in_type_of(Image.new("RGB", (6, 4)), painted, alpha).getpixel((1, 1))[3] == 9

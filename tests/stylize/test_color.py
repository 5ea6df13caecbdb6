"""The photo's own colours."""

import numpy as np
import pytest
import torch

from styletransfer import InputError
from styletransfer.stylize.color import keeping_colors, with_luminance_of

from ..codes import PHOTO, STYLES, array


def test_histogram_takes_pictures_in_blends_and_regions(stylizer, tmp_path):
    STYLES[0].save(tmp_path / "a.png")
    options = {"preserve_color": "histogram", "style_size": 32}
    plain = stylizer.stylize(PHOTO, tmp_path / "a.png", **options)
    blended = stylizer.stylize(PHOTO, {str(tmp_path / "a.png"): 2.0}, **options)
    assert np.array_equal(plain, blended)
    STYLES[1].save(tmp_path / "b.png")
    inline = stylizer.stylize(PHOTO, f"{tmp_path}/a.png:3,{tmp_path}/b.png:1", **options)
    shares = {tmp_path / "a.png": 0.75, tmp_path / "b.png": 0.25}
    assert np.array_equal(inline, stylizer.stylize(PHOTO, shares, **options))
    folder = stylizer.stylize(PHOTO, tmp_path, **options)
    mean = stylizer.stylize(PHOTO, dict.fromkeys(shares, 1.0), **options)
    assert np.array_equal(folder, mean) and not np.array_equal(mean, inline)


def test_color_strength_goes_from_nothing_to_all(stylizer, codes):
    plain = stylizer.stylize(PHOTO, codes[0]).astype(int)
    for how, style in (("luminance", codes[0]), ("histogram", STYLES[0])):
        options = {"preserve_color": how, "style_size": 32}
        none, half, full = (
            stylizer.stylize(PHOTO, style, color_strength=s, **options).astype(int)
            for s in (0.0, 0.5, 1.0)
        )
        assert np.abs(none - plain).max() <= 1, how
        assert 0 < np.abs(half - plain).mean() < np.abs(full - plain).mean(), how


def test_luminance_keeps_the_chroma(stylizer):
    content = array(16, 16) // 4 + 96  # far from black and white: nothing is clipped
    out = stylizer.stylize(content, STYLES[0], preserve_color="luminance", style_size=32)
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
    out = stylizer.stylize(content, STYLES[0], preserve_color="histogram", style_size=32)
    assert out.shape == content.shape
    with pytest.raises(InputError, match="picture, not its code"):
        stylizer.stylize(content, stylizer.style(STYLES[0]), preserve_color="histogram")


def test_luminance_of_one_and_chroma_of_the_other():
    torch.manual_seed(0)
    picture, painted = (torch.rand(2, 3, 9, 7) * 0.2 + 0.4 for _ in range(2))
    found = with_luminance_of(picture, painted)
    luma = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    torch.testing.assert_close((found * luma).sum(dim=1), (painted * luma).sum(dim=1))
    torch.testing.assert_close(found[:, 0] - found[:, 2], picture[:, 0] - picture[:, 2])
    half = keeping_colors(0.5)(picture, painted)
    torch.testing.assert_close(half, (painted + found) / 2)

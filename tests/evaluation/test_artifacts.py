"""Halo and weave rank faults where an eye puts them."""

import torch

from styletransfer.evaluation import artifacts


def photo(height=256, width=320):
    """A dark hill before a bright sky, soft noise over both."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    hill = y > 150 + 30 * (x / 40.0).sin()
    noise = 0.01 * torch.randn(height, width, generator=torch.manual_seed(0))
    return (torch.where(hill, 0.25, 0.75) + noise).expand(1, 3, -1, -1).clamp(0, 1).contiguous()


def rimmed(x, strength):
    """Sharpened far too much: a bright line along the sky's side, a dark one along the hill's."""
    return (x + strength * (x - artifacts._blurred(x.transpose(0, 1), 3.0).transpose(0, 1))).clamp(0, 1)


def woven(x, grey_levels, period):
    y, at = (torch.arange(side) * 2 * torch.pi / period for side in x.shape[2:])
    return (x + grey_levels / 255 * (y[:, None].cos() + at.cos())).clamp(0, 1)


def test_rims_grow_with_what_is_painted_beside_edges():
    x = photo()
    found = [artifacts.halo(rimmed(x, s), x, x) for s in (0.0, 0.3, 0.6)]
    assert found[0] == 0 and 1 < found[1] < found[2]


def test_a_style_with_rims_may_have_them_and_texture_is_none():
    x = photo()
    assert artifacts.halo(rimmed(x, 0.3), x, rimmed(x, 0.6)) == 0
    noisy = (x + 0.08 * torch.randn(x.shape, generator=torch.manual_seed(1))).clamp(0, 1)
    assert artifacts.halo(noisy, x, x) < 1


def test_dark_where_the_photo_is_bright_is_no_halo():
    x = photo()
    assert artifacts.halo(1 - x, x, x) < 0.5 < artifacts.halo(1 - rimmed(x, 0.4), x, x)


def test_a_grid_shows_and_noise_does_not():
    x = photo()
    grids = [artifacts.weave(woven(x, level, 3.2), x, x) for level in (0.0, 1.0, 4.0)]
    assert grids[0] < 0.1 and 0.5 < grids[1] < grids[2] and 2 < grids[2] < 8
    noisy = (x + 0.05 * torch.randn(1, 1, *x.shape[2:], generator=torch.manual_seed(2))).clamp(0, 1)
    assert artifacts.weave(noisy, x, x) < 0.5
    assert artifacts.weave(woven(x, 4.0, 8.0), x, woven(x, 4.0, 8.0)) < 0.1

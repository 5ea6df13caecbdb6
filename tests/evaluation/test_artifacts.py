"""Halo and weave rank faults where an eye puts them."""

import math

import pytest
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


def strokes(grey_levels, seed, height=320, width=448):
    """Strokes of any direction about 7 pixels wide: noise around a period of 14 pixels, made bold."""
    noise = torch.randn(height, width, generator=torch.manual_seed(seed))
    down, across = torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)
    band = torch.exp(-(((torch.hypot(down, across) - 1 / 14) / 0.02) ** 2))
    waves = torch.fft.ifft2(torch.fft.fft2(noise) * band).real
    bold = (waves / waves.std()).tanh() * grey_levels / 255
    return (0.5 + bold).expand(1, 3, -1, -1).contiguous()


FLAT = torch.full((1, 3, 320, 448), 0.5)


@pytest.mark.parametrize("period", artifacts.PERIODS)
def test_a_grid_of_known_strength_in_noise_and_strokes_is_measured_right(period):
    noise = 0.01 * torch.randn(1, 1, *FLAT.shape[2:], generator=torch.manual_seed(3))
    for x in (FLAT, FLAT + noise, strokes(5.0, seed=4)):
        found = artifacts.weave(woven(x, 2.0, period), FLAT, FLAT)
        assert found == pytest.approx(2.0 * math.sqrt(2), rel=0.2)  # a wave down and one across


def test_both_diagonals_count_and_a_grid_of_two_pixels_once():
    y, x = torch.meshgrid(torch.arange(320), torch.arange(448), indexing="ij")
    for period in (8.0, 2.0):
        board = FLAT + 3 / 255 * (2 * torch.pi * (y + x) / period).cos()
        assert artifacts.weave(board, FLAT, FLAT) == pytest.approx(3.0, rel=0.05)


@pytest.mark.parametrize("grey_levels", [5.0, 30.0])
def test_broad_strokes_are_no_grid(grey_levels):
    found = [artifacts.weave(strokes(grey_levels, seed), FLAT, FLAT) for seed in range(4)]
    assert max(found) < 0.05 * grey_levels and sum(found) < 0.05 * grey_levels


def test_waves_whose_phase_jumps_from_place_to_place_are_no_grid():
    """Of a grid's own period: it is what strokes are, each with a phase of its own."""
    content = FLAT + 0.05 * torch.randn(1, 1, 320, 448, generator=torch.manual_seed(6))
    jumps = torch.rand(10, 14, generator=torch.manual_seed(5)).repeat_interleave(32, 0)
    phase = 2 * torch.pi * jumps.repeat_interleave(32, 1)
    at = torch.arange(448) * 2 * torch.pi / 8
    assert artifacts.weave(FLAT + 8 / 255 * (at + phase).cos(), content, FLAT) < 0.8
    assert artifacts.weave(FLAT + 8 / 255 * at.cos(), content, FLAT) == pytest.approx(8.0, rel=0.05)


def test_a_level_horizon_is_no_grid_though_its_phase_holds():
    x = FLAT.clone()
    x[:, :, 100:] += 0.2
    assert artifacts.weave(x, FLAT, FLAT) < 0.5

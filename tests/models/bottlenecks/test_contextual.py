import pytest
import torch
from torch import nn

from styletransfer.models.bottlenecks.contextual import Contextual, window_moments
from styletransfer.models.statistics import EPS, statistics


def random(*shape, dtype=torch.float32):
    return (torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 3 + 1).to(dtype)


def spread(layer: nn.Module) -> nn.Module:
    """With parameters that are not what new ones are, so that each of them matters."""
    torch.manual_seed(1)
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, 0.2, 0.8)
    return layer


@pytest.mark.parametrize(
    ("window", "size"), [(1, (5, 6)), (3, (5, 6)), (4, (7, 4)), (5, (6, 9)), (99, (4, 5))]
)
def test_window_moments_are_those_of_the_window(window, size):
    x = random(2, 3, *size, dtype=torch.float64)
    found, reach = window_moments(x, window), window // 2
    for i in range(size[0]):
        for j in range(size[1]):
            part = x[:, :, max(0, i - reach) : i + reach + 1, max(0, j - reach) : j + reach + 1]
            torch.testing.assert_close(found.mean[:, :, i, j], part.mean(dim=(2, 3)))
            var = part.var(dim=(2, 3), correction=0)
            torch.testing.assert_close(found.var[:, :, i, j], var, atol=1e-12, rtol=1e-9)


def test_window_moments_of_a_large_map_far_from_zero():
    x = random(1, 2, 400, 300) + 1000
    found, exact = window_moments(x, 9), window_moments(x.double(), 9)
    torch.testing.assert_close(found.var.double(), exact.var, atol=1e-2, rtol=1e-2)


def test_it_is_its_equation():
    layer, x = spread(Contextual(3, window=0.5)).double(), random(2, 3, 6, 8, dtype=torch.float64)
    nn.init.normal_(layer.mix.weight)
    found, evened = layer.moments(x), layer(x)
    for n in range(2):
        whole = x[n].mean(dim=(1, 2)), x[n].var(dim=(1, 2), correction=0) + EPS
        for i in range(6):
            for j in range(8):
                part = x[n, :, max(0, i - 1) : i + 2, max(0, j - 1) : j + 2]  # round(0.5 · 6) = 3
                mean, var = part.mean(dim=(1, 2)), part.var(dim=(1, 2), correction=0)
                offset = (mean - whole[0]) / whole[1].sqrt()
                seen = torch.cat([offset, ((var + EPS) / whole[1]).log() / 2])
                context = (10 * (layer.mix.weight[:, :, 0, 0] @ seen + layer.mix.bias)).sigmoid()
                mean = (1 - context) * whole[0] + context * mean
                var = (1 - context) * (whole[1] - EPS) + context * var
                torch.testing.assert_close(found.mean[n, :, i, j], mean)
                torch.testing.assert_close(found.var[n, :, i, j], var)
                normal = (x[n, :, i, j] - mean) / (var + EPS).sqrt()
                torch.testing.assert_close(evened[n, :, i, j], whole[1].sqrt() * normal + whole[0])


def test_it_goes_from_the_whole_to_the_window():
    x, layer = random(1, 3, 12, 12), Contextual(3, window=0.25)
    whole = statistics(x)
    nn.init.constant_(layer.mix.bias, -50)
    torch.testing.assert_close(layer(x), x, atol=1e-4, rtol=1e-4)
    nn.init.constant_(layer.mix.bias, 50)
    local = window_moments(x, 3)
    expected = (x - local.mean) / (local.var + EPS).sqrt()
    expected = expected * whole.std[..., None, None] + whole.mean[..., None, None]
    torch.testing.assert_close(layer(x), expected, atol=1e-3, rtol=1e-3)


def test_evening_out_brings_a_dark_half_to_the_light_one():
    x = random(1, 2, 24, 48)
    x[..., :24] = x[..., :24] * 0.2 - 4
    layer = Contextual(2, window=0.35)
    nn.init.constant_(layer.mix.bias, 2)

    def gap(x):
        left, right = statistics(x[..., :24]), statistics(x[..., 24:])
        return (left.mean - right.mean).abs().mean(), (left.std / right.std - 1).abs().mean()

    for before, after in zip(gap(x), gap(layer(x))):
        assert after < 0.75 * before


def test_gradients():
    layer = spread(Contextual(4)).double()
    x = random(2, 4, 3, 5, dtype=torch.float64).requires_grad_()
    found = {key: p.detach().requires_grad_() for key, p in layer.named_parameters()}

    def run(x, *parameters):
        return torch.func.functional_call(layer, dict(zip(found, parameters)), (x,))

    assert torch.autograd.gradcheck(run, (x, *found.values()))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype):
    layer, x = spread(Contextual(4)), (random(2, 4, 40, 50) + 20).to(dtype)
    found, exact = layer(x), layer(x.float())
    assert found.dtype == dtype
    assert (found.float() - exact).abs().max() < 2 * torch.finfo(dtype).eps * exact.abs().max()


@pytest.mark.parametrize(
    "x",
    [torch.full((1, 4, 6, 6), 7.0), torch.ones(1, 4, 1, 1), random(1, 4, 1, 7), random(1, 4, 5, 5)],
)
def test_constant_single_position_and_batch_of_one_stay_finite(x):
    x = x.clone().requires_grad_()
    found = spread(Contextual(4))(x)
    assert found.shape == x.shape and torch.isfinite(found).all()
    assert torch.isfinite(torch.autograd.grad(found.sum(), x)[0]).all()


def test_a_sample_does_not_see_the_others_of_its_batch():
    layer, x = spread(Contextual(4)), random(2, 4, 6, 6)
    torch.testing.assert_close(layer(x)[:1], layer(x[:1]))


def test_contrast_and_brightness_pass_through():
    layer, x = spread(Contextual(4)), random(2, 4, 9, 9)
    torch.testing.assert_close(layer(3 * x + 5), 3 * layer(x) + 5, atol=3e-3, rtol=1e-3)

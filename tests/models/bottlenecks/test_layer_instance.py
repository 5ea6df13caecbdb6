import pytest
import torch
from torch import nn
from torch.nn import functional as F

from styletransfer.models.bottlenecks.adain import adain
from styletransfer.models.bottlenecks.instance import instance_norm
from styletransfer.models.bottlenecks.layer_instance import LayerInstance
from styletransfer.models.statistics import Moments, moments, statistics


def random(*shape, dtype=torch.float32):
    return (torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 3 + 1).to(dtype)


def spread(layer: nn.Module) -> nn.Module:
    """With parameters that are not what new ones are, so that each of them matters."""
    torch.manual_seed(1)
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, 0.2, 0.8)
    return layer


def normalized(layer: LayerInstance, x: torch.Tensor) -> torch.Tensor:
    return instance_norm(x, layer(moments(x)))


def test_it_is_its_equation():
    layer, x = spread(LayerInstance(4)), random(2, 4, 5, 6)
    rho = layer.rho[:, None, None]
    mixture = rho * F.instance_norm(x) + (1 - rho) * F.layer_norm(x, x.shape[1:])
    torch.testing.assert_close(normalized(layer, x), mixture, atol=1e-5, rtol=1e-5)
    style = statistics(random(2, 4, 9, 9))
    expected = mixture * style.std[..., None, None] + style.mean[..., None, None]
    torch.testing.assert_close(adain(x, style, layer(moments(x))), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("rho", "bound"), [(-0.5, 0.0), (1.5, 1.0)])
def test_rho_is_bounded_and_can_come_back(rho, bound):
    layer, x = LayerInstance(3), random(2, 3, 4, 4)
    nn.init.constant_(layer.rho, rho)
    whole, instance = F.layer_norm(x, x.shape[1:]), F.instance_norm(x)
    found = normalized(layer, x)
    torch.testing.assert_close(found, bound * instance + (1 - bound) * whole, atol=1e-5, rtol=1e-5)
    (found * random(2, 3, 4, 4)).sum().backward()
    assert layer.rho.grad.abs().min() > 0


def test_gradients():
    layer = spread(LayerInstance(4)).double()
    mean, var = random(2, 4, dtype=torch.float64), random(2, 4, dtype=torch.float64).abs()

    def run(mean, var, rho):
        return tuple(torch.func.functional_call(layer, {"rho": rho}, (Moments(mean, var),)))

    inputs = (mean, var, layer.rho.detach())
    assert torch.autograd.gradcheck(run, [part.requires_grad_() for part in inputs])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype):
    layer, x = spread(LayerInstance(4)), (random(2, 4, 40, 50) + 20).to(dtype)
    found, exact = normalized(layer, x), normalized(layer, x.float())
    assert found.dtype == dtype
    assert (found.float() - exact).abs().max() < 30 * torch.finfo(dtype).eps * exact.abs().max()


@pytest.mark.parametrize(
    "x",
    [torch.full((1, 4, 6, 6), 7.0), torch.ones(1, 4, 1, 1), random(1, 4, 1, 7), random(1, 4, 5, 5)],
)
def test_constant_single_position_and_batch_of_one_stay_finite(x):
    x = x.clone().requires_grad_()
    found = normalized(spread(LayerInstance(4)), x)
    assert found.shape == x.shape and torch.isfinite(found).all()
    assert torch.isfinite(torch.autograd.grad(found.sum(), x)[0]).all()


def test_a_sample_does_not_see_the_others_of_its_batch():
    layer, x = spread(LayerInstance(4)), random(2, 4, 6, 6)
    torch.testing.assert_close(normalized(layer, x)[:1], normalized(layer, x[:1]))

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from styletransfer.models.bottlenecks.adain import adain
from styletransfer.models.bottlenecks.conditional import Conditional


def random(*shape, dtype=torch.float32):
    return (torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 3 + 1).to(dtype)


def spread(layer: nn.Module) -> nn.Module:
    """With parameters that are not what new ones are, so that each of them matters."""
    torch.manual_seed(1)
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, 0.2, 0.8)
    return layer


def test_it_takes_the_row_of_its_style():
    layer, x = spread(Conditional(4, 3)), random(3, 4, 5, 6)
    which = torch.tensor([2, 0, 2])
    found = adain(x, layer(which))
    for n, k in enumerate(which):
        expected = F.instance_norm(x[n : n + 1], weight=layer.gamma[k], bias=layer.beta[k])
        torch.testing.assert_close(found[n : n + 1], expected, atol=1e-5, rtol=1e-5)


def test_blends_are_means_of_its_rows():
    layer, x = spread(Conditional(4, 3)), random(1, 4, 5, 6)
    first, last = (adain(x, layer(torch.tensor([k]))) for k in (0, 2))
    blend = adain(x, layer(torch.tensor([[0.25, 0, 0.75]])))
    torch.testing.assert_close(blend, 0.25 * first + 0.75 * last)
    torch.testing.assert_close(adain(x, layer(torch.tensor([[0.0, 0, 1]]))), last)


def test_joint_codes_are_matrices():
    layer = spread(Conditional(4, 3, joint=True))
    assert layer(torch.tensor([1, 2])).std.shape == (2, 4, 4)
    mixed = layer(torch.tensor([[0.5, 0.5, 0]])).std
    torch.testing.assert_close(mixed[0], (layer.gamma[0] + layer.gamma[1]) / 2)


STYLES = [torch.tensor([2, 0]), torch.tensor([[0.5, 0.5, 0], [0, 0.2, 0.8]])]


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("style", STYLES, ids=["numbers", "blends"])
def test_gradients(style, joint):
    layer = spread(Conditional(4, 3, joint)).double()
    found = {key: p.detach().requires_grad_() for key, p in layer.named_parameters()}

    def run(*parameters):
        return tuple(torch.func.functional_call(layer, dict(zip(found, parameters)), (style,)))

    assert torch.autograd.gradcheck(run, tuple(found.values()))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("style", STYLES, ids=["numbers", "blends"])
def test_the_code_of_half_precision_weights_is_float32(style, dtype):
    layer = spread(Conditional(4, 3)).to(dtype)
    exact = Conditional(4, 3)
    exact.load_state_dict(layer.state_dict())
    for found, expected in zip(layer(style), exact(style)):
        assert found.dtype == torch.float32 and torch.equal(found, expected)


@pytest.mark.parametrize("style", STYLES, ids=["numbers", "blends"])
def test_a_style_does_not_see_the_others_of_its_batch(style):
    layer = spread(Conditional(4, 3))
    for both, first in zip(layer(style), layer(style[:1])):
        torch.testing.assert_close(both[:1], first)

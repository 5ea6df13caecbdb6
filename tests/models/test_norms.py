import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.normalization.norms import NORMS, Adaptive, Batch, Group, Instance, Layer
from styletransfer.models.bottlenecks.adain import adain, instance_norm
from styletransfer.models.bottlenecks.conditional import Conditional
from styletransfer.models.bottlenecks.contextual import Contextual, window_moments
from styletransfer.models.bottlenecks.layer_instance import LayerInstance
from styletransfer.models.statistics import EPS, Statistics, moments, statistics


def random(*shape, dtype=torch.float32):
    return (torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 3 + 1).to(dtype)


def spread(norm: nn.Module) -> nn.Module:
    """With parameters that are not what new ones are, so that each of them matters."""
    torch.manual_seed(1)
    for parameter in norm.parameters():
        nn.init.uniform_(parameter, 0.2, 0.8)
    return norm


def members(channels: int) -> dict[str, tuple[nn.Module, object]]:
    """Every member of the family, and a style for it."""
    found: dict[str, tuple[nn.Module, object]] = {
        name: (new(channels), None) for name, new in NORMS.items()
    }
    code = Statistics(random(2, channels), random(2, channels).abs())
    found |= {
        "adaptive": (Adaptive(channels), code),
        "adaptive layer-instance": (LayerInstance(channels, learned=False), code),
        "conditional": (Conditional(channels, 3), torch.tensor([2, 0])),
        "conditional blend": (Conditional(channels, 3), torch.tensor([[0.5, 0.5, 0], [0, 0.2, 0.8]])),
    }
    return {name: (spread(norm), style) for name, (norm, style) in found.items()}


MEMBERS = list(members(4))


def test_batch_is_torchs_in_training_and_after():
    ours, theirs = spread(Batch(5)), nn.BatchNorm2d(5)
    theirs.weight, theirs.bias = ours.gamma, ours.beta
    for seed in range(3):
        x = torch.randn(4, 5, 6, 7, generator=torch.Generator().manual_seed(seed)) * 2 + seed
        torch.testing.assert_close(ours(x), theirs(x), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    x = random(3, 5, 4, 4)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), atol=1e-5, rtol=1e-5)


def test_layer_group_and_instance_are_torchs():
    x = random(3, 8, 5, 7)
    layer, group, instance = spread(Layer(8)), spread(Group(8, groups=4)), spread(Instance(8))
    for ours, groups in ((layer, 1), (group, 4)):
        expected = F.group_norm(x, groups, ours.gamma, ours.beta)
        torch.testing.assert_close(ours(x), expected, atol=1e-5, rtol=1e-5)
    whole = F.layer_norm(x, x.shape[1:]) * layer.gamma[:, None, None] + layer.beta[:, None, None]
    torch.testing.assert_close(layer(x), whole, atol=1e-5, rtol=1e-5)
    expected = F.instance_norm(x, weight=instance.gamma, bias=instance.beta)
    torch.testing.assert_close(instance(x), expected, atol=1e-5, rtol=1e-5)


def test_groups_go_from_layer_to_instance():
    x = random(2, 6, 4, 4)
    torch.testing.assert_close(Group(6, groups=1)(x), Layer(6)(x))
    torch.testing.assert_close(Group(6, groups=6)(x), Instance(6)(x))
    assert Group(6, groups=4).groups == 3  # the most that divide


def test_adaptive_is_adain():
    x, code = random(2, 5, 6, 7), statistics(random(2, 5, 9, 9) * 2)
    torch.testing.assert_close(Adaptive(5)(x, code), adain(x, code), atol=1e-5, rtol=1e-5)


def test_conditional_takes_the_row_of_its_style():
    norm, x = spread(Conditional(4, 3)), random(3, 4, 5, 6)
    which = torch.tensor([2, 0, 2])
    found = norm(x, which)
    for n, k in enumerate(which):
        expected = F.instance_norm(x[n : n + 1], weight=norm.gamma[k], bias=norm.beta[k])
        torch.testing.assert_close(found[n : n + 1], expected, atol=1e-5, rtol=1e-5)


def test_conditional_blends_are_means_of_its_rows():
    norm, x = spread(Conditional(4, 3)), random(1, 4, 5, 6)
    first, last = norm(x, torch.tensor([0])), norm(x, torch.tensor([2]))
    torch.testing.assert_close(norm(x, torch.tensor([[0.25, 0, 0.75]])), 0.25 * first + 0.75 * last)
    torch.testing.assert_close(norm(x, torch.tensor([[0.0, 0, 1]])), last)


def test_conditional_codes_are_what_adain_takes():
    norm, x = spread(Conditional(4, 3)), random(2, 4, 5, 6)
    which = torch.tensor([1, 2])
    torch.testing.assert_close(norm(x, which), adain(x, norm.code(which)), atol=1e-5, rtol=1e-5)
    joint = spread(Conditional(4, 3, joint=True))
    assert joint.code(which).std.shape == (2, 4, 4)
    mixed = joint.code(torch.tensor([[0.5, 0.5, 0]])).std
    torch.testing.assert_close(mixed[0], (joint.gamma[0] + joint.gamma[1]) / 2)
    with pytest.raises(ValueError):
        joint(x, which)


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


def test_contextual_is_its_equation():
    norm, x = spread(Contextual(3, window=0.5)).double(), random(2, 3, 6, 8, dtype=torch.float64)
    nn.init.normal_(norm.mix.weight)
    found = norm(x)
    for n in range(2):
        whole = x[n].mean(dim=(1, 2)), x[n].var(dim=(1, 2), correction=0) + EPS
        for i in range(6):
            for j in range(8):
                part = x[n, :, max(0, i - 1) : i + 2, max(0, j - 1) : j + 2]  # round(0.5 · 6) = 3
                mean, var = part.mean(dim=(1, 2)), part.var(dim=(1, 2), correction=0)
                offset = (mean - whole[0]) / whole[1].sqrt()
                seen = torch.cat([offset, ((var + EPS) / whole[1]).log() / 2])
                context = (10 * (norm.mix.weight[:, :, 0, 0] @ seen + norm.mix.bias)).sigmoid()
                mean = (1 - context) * whole[0] + context * mean
                var = (1 - context) * (whole[1] - EPS) + context * var
                expected = norm.gamma * (x[n, :, i, j] - mean) / (var + EPS).sqrt() + norm.beta
                torch.testing.assert_close(found[n, :, i, j], expected)


def test_contextual_goes_from_the_whole_to_the_window():
    x, norm = random(1, 3, 12, 12), Contextual(3, window=0.25)
    nn.init.constant_(norm.mix.bias, -50)
    torch.testing.assert_close(norm(x), instance_norm(x), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(norm.even(x), x, atol=1e-4, rtol=1e-4)
    nn.init.constant_(norm.mix.bias, 50)
    local = window_moments(x, 3)
    torch.testing.assert_close(
        norm(x), (x - local.mean) / (local.var + EPS).sqrt(), atol=1e-3, rtol=1e-3
    )


def test_evening_out_brings_a_dark_half_to_the_light_one():
    x = random(1, 2, 24, 48)
    x[..., :24] = x[..., :24] * 0.2 - 4
    norm = Contextual(2, window=0.35)
    nn.init.constant_(norm.mix.bias, 2)

    def gap(x):
        left, right = statistics(x[..., :24]), statistics(x[..., 24:])
        return (left.mean - right.mean).abs().mean(), (left.std / right.std - 1).abs().mean()

    for before, after in zip(gap(x), gap(norm.even(x))):
        assert after < 0.75 * before


def test_layer_instance_is_its_equation():
    norm, x = spread(LayerInstance(4)), random(2, 4, 5, 6)
    rho = norm.rho[:, None, None]
    mixture = rho * F.instance_norm(x) + (1 - rho) * F.layer_norm(x, x.shape[1:])
    expected = mixture * norm.gamma[:, None, None] + norm.beta[:, None, None]
    torch.testing.assert_close(norm(x), expected, atol=1e-5, rtol=1e-5)
    style = statistics(random(2, 4, 9, 9))
    expected = mixture * style.std[..., None, None] + style.mean[..., None, None]
    torch.testing.assert_close(norm(x, style), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(adain(x, style, norm.mixed(moments(x))), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("rho", "bound"), [(-0.5, 0.0), (1.5, 1.0)])
def test_rho_is_bounded_and_can_come_back(rho, bound):
    norm, x = LayerInstance(3), random(2, 3, 4, 4)
    nn.init.constant_(norm.rho, rho)
    layer, instance = F.layer_norm(x, x.shape[1:]), F.instance_norm(x)
    torch.testing.assert_close(norm(x), bound * instance + (1 - bound) * layer, atol=1e-5, rtol=1e-5)
    (norm(x) * random(2, 3, 4, 4)).sum().backward()
    assert norm.rho.grad.abs().min() > 0


@pytest.mark.parametrize("name", MEMBERS)
def test_gradients(name):
    norm, style = members(4)[name]
    norm = norm.double()
    if isinstance(style, Statistics):
        style = Statistics(*(part.double() for part in style))
    x = random(2, 4, 3, 5, dtype=torch.float64).requires_grad_()
    found = {key: p.detach().requires_grad_() for key, p in norm.named_parameters()}

    def run(x, *parameters):
        return torch.func.functional_call(norm, dict(zip(found, parameters)), (x, style))

    if name == "batch":  # gradcheck calls it again and again, and its buffers move
        norm.momentum = 0.0
    assert torch.autograd.gradcheck(run, (x, *found.values()))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", MEMBERS)
def test_half_precision(name, dtype):
    norm, style = members(4)[name]
    x = (random(2, 4, 40, 50) + 20).to(dtype)
    found, exact = norm(x, style), norm(x.float(), style)
    assert found.dtype == dtype
    assert (found.float() - exact).abs().max() < 2 * torch.finfo(dtype).eps * exact.abs().max()


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("training", [True, False])
def test_constant_single_position_and_batch_of_one_stay_finite(name, training):
    norm, style = members(4)[name]
    norm.train(training)
    if isinstance(style, Statistics):
        style = Statistics(*(part[:1] for part in style))
    elif style is not None:
        style = style[:1]
    for x in (
        torch.full((1, 4, 6, 6), 7.0),
        torch.ones(1, 4, 1, 1),
        random(1, 4, 1, 7),
        random(1, 4, 5, 5),
    ):
        x = x.requires_grad_()
        found = norm(x, style)
        assert found.shape == x.shape and torch.isfinite(found).all()
        assert torch.isfinite(torch.autograd.grad(found.sum(), x)[0]).all()


@pytest.mark.parametrize("name", [n for n in MEMBERS if n not in ("none", "batch")])
def test_a_sample_does_not_see_the_others_of_its_batch(name):
    norm, style = members(4)[name]
    x = random(2, 4, 6, 6)
    first = style
    if isinstance(style, Statistics):
        first = Statistics(*(part[:1] for part in style))
    elif style is not None:
        first = style[:1]
    torch.testing.assert_close(norm(x, style)[:1], norm(x[:1], first))


@pytest.mark.parametrize("name", ["instance", "adaptive", "conditional", "contextual"])
def test_contrast_and_brightness_are_taken_off(name):
    norm, style = members(4)[name]
    x = random(2, 4, 9, 9)
    torch.testing.assert_close(norm(3 * x + 5, style), norm(x, style), atol=1e-3, rtol=1e-3)


def test_layer_takes_off_what_all_channels_share_only():
    norm, x = Layer(4), random(2, 4, 9, 9)
    torch.testing.assert_close(norm(3 * x + 5), norm(x), atol=1e-4, rtol=1e-4)
    uneven = torch.tensor([1.0, 2, 3, 4])[:, None, None]
    assert (norm(uneven * x) - norm(x)).abs().mean() > 0.1
    assert math.isclose(norm(x).mean().item(), 0, abs_tol=1e-5)

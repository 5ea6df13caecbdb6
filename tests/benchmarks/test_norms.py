import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.normalization.norms import NORMS, group_norm


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 3 + 1


def spread(norm: nn.Module) -> nn.Module:
    """With γ and β that are not what new ones are, so that each of them matters."""
    torch.manual_seed(1)
    for parameter in norm.parameters():
        nn.init.uniform_(parameter, 0.2, 0.8)
    return norm


def test_each_takes_its_statistics_over_its_own_dimensions():
    x, groups = random(3, 16, 5, 7), random(3, 16, 5, 7).unflatten(1, (8, 2))
    over = {"batch": (x, (0, 2, 3)), "layer": (x, (1, 2, 3)), "group": (groups, (2, 3, 4)),
            "instance": (x, (2, 3))}  # fmt: skip
    assert list(NORMS) == ["none", *over] and torch.equal(NORMS["none"](16)(x), x)
    for name, (values, dims) in over.items():
        norm = spread(NORMS[name](16))
        var, mean = torch.var_mean(values, dim=dims, correction=0, keepdim=True)
        normal = ((values - mean) / (var + 1e-5).sqrt()).reshape(x.shape)
        expected = normal * norm.weight[:, None, None] + norm.bias[:, None, None]
        torch.testing.assert_close(norm(x), expected, atol=1e-5, rtol=1e-5)


def test_groups_go_from_layer_to_instance():
    x = random(2, 6, 4, 4)
    torch.testing.assert_close(group_norm(6, groups=1)(x), NORMS["layer"](6)(x))
    torch.testing.assert_close(group_norm(6, groups=6)(x), NORMS["instance"](6)(x))
    assert group_norm(6, groups=4).num_groups == 3  # the most that divide


@pytest.mark.parametrize("name", [name for name in NORMS if name not in ("none", "batch")])
def test_a_sample_does_not_see_the_others_of_its_batch(name):
    norm, x = spread(NORMS[name](4)), random(2, 4, 6, 6)
    torch.testing.assert_close(norm(x)[:1], norm(x[:1]))


def test_instance_takes_off_contrast_and_brightness():
    norm, x = spread(NORMS["instance"](4)), random(2, 4, 9, 9)
    torch.testing.assert_close(norm(3 * x + 5), norm(x), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(norm(x)[:1], F.instance_norm(x[:1], weight=norm.weight, bias=norm.bias))


def test_layer_takes_off_what_all_channels_share_only():
    norm, x = NORMS["layer"](4), random(2, 4, 9, 9)
    torch.testing.assert_close(norm(3 * x + 5), norm(x), atol=1e-4, rtol=1e-4)
    uneven = torch.tensor([1.0, 2, 3, 4])[:, None, None]
    assert (norm(uneven * x) - norm(x)).abs().mean() > 0.1
    assert math.isclose(norm(x).mean().item(), 0, abs_tol=1e-5)

import pytest
import torch
from torch.nn import functional as F

from styletransfer.models.bottlenecks.instance import instance_norm
from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 3 + 1


def test_instance_norm_is_torchs():
    x = random(2, 5, 7, 9)
    torch.testing.assert_close(instance_norm(x), F.instance_norm(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_its_dtype(dtype):
    x = (random(1, 3, 200, 200) + 50).to(dtype)
    found, exact = instance_norm(x), F.instance_norm(x.float())
    assert found.dtype == dtype
    assert (found.float() - exact).abs().max() < 60 * torch.finfo(dtype).eps * exact.abs().max()


@pytest.mark.parametrize("x", [torch.full((1, 3, 4, 4), 7.0), torch.ones(1, 3, 1, 1)])
def test_constant_and_single_position_maps_stay_finite(x):
    assert torch.isfinite(instance_norm(x)).all()


def test_contrast_and_brightness_are_taken_off():
    x = random(2, 4, 9, 9)
    torch.testing.assert_close(instance_norm(3 * x + 5), instance_norm(x), atol=1e-3, rtol=1e-3)


def test_a_sample_does_not_see_the_others_of_its_batch():
    x = random(2, 4, 6, 6)
    torch.testing.assert_close(instance_norm(x)[:1], instance_norm(x[:1]))


def test_plain_instance_norm_needs_no_style():
    torch.manual_seed(0)
    net = StylizerNet(Config(bottleneck="instance", channels=(4, 6, 8, 8))).eval()
    x = torch.rand(1, 3, 32, 32)
    mixed = net.bottleneck(net.encode(x), None)
    for y in mixed.values():
        assert y.mean(dim=(2, 3)).abs().max() < 1e-4
    assert net(x, None).shape == x.shape


@pytest.mark.parametrize("space", [(50,), (6, 7), (4, 5, 6)], ids=len)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_series_and_a_volume_are_normalized_as_torch_does(space, dtype):
    x = (torch.randn(2, 3, *space, generator=torch.Generator().manual_seed(0)) * 3 + 1).to(dtype)
    out = instance_norm(x)
    assert out.shape == x.shape and out.dtype == dtype
    near = {"atol": 0.03, "rtol": 0.03} if dtype == torch.bfloat16 else {"atol": 1e-5, "rtol": 1e-5}
    torch.testing.assert_close(out, F.instance_norm(x.float()).to(dtype), **near)

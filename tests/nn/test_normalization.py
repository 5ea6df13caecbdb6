import pytest
import torch
from torch.nn import functional as F

from styletransfer.nn.normalization import Statistics, adain, instance_norm, statistics


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 3 + 1


def test_instance_norm_is_torchs():
    x = random(2, 5, 7, 9)
    torch.testing.assert_close(instance_norm(x), F.instance_norm(x), atol=1e-5, rtol=1e-5)


def test_adain_matches_the_equation_written_as_loops():
    x, mean, std = random(2, 3, 4, 5).double(), random(2, 3), random(2, 3).abs()
    expected = torch.empty_like(x)
    for n in range(2):
        for c in range(3):
            values = x[n, c]
            sigma = ((values - values.mean()) ** 2).mean().add(1e-5).sqrt()
            expected[n, c] = std[n, c] * (values - values.mean()) / sigma + mean[n, c]
    result = adain(x.float(), Statistics(mean, std))
    torch.testing.assert_close(result.double(), expected, atol=1e-5, rtol=1e-5)


def test_adain_with_its_own_code_is_the_input():
    x = random(2, 4, 6, 6)
    torch.testing.assert_close(adain(x, statistics(x)), x, atol=1e-5, rtol=1e-5)


def test_adain_takes_on_the_style_statistics():
    x, style = random(1, 4, 16, 16), statistics(random(1, 4, 8, 8) * 5 - 2)
    result = statistics(adain(x, style))
    torch.testing.assert_close(result.mean, style.mean, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(result.std, style.std, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_its_dtype_and_full_statistics(dtype):
    x = (random(1, 3, 200, 200) + 50).to(dtype)
    exact = statistics(x.double())
    found = statistics(x)
    assert found.mean.dtype == torch.float32 and instance_norm(x).dtype == dtype
    torch.testing.assert_close(found.mean, exact.mean.float(), atol=1e-3, rtol=1e-5)
    torch.testing.assert_close(found.std, exact.std.float(), atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("x", [torch.full((1, 3, 4, 4), 7.0), torch.ones(1, 3, 1, 1)])
def test_constant_and_single_position_maps_stay_finite(x):
    assert torch.isfinite(instance_norm(x)).all()
    assert torch.isfinite(adain(x, statistics(random(1, 3, 5, 5)))).all()


def test_gradients():
    x = random(1, 2, 3, 3).double().requires_grad_()
    style = Statistics(random(1, 2).double(), random(1, 2).abs().double())

    def reference(x):
        var, mean = torch.var_mean(x, dim=(2, 3), correction=0, keepdim=True)
        normal = (x - mean) / (var + 1e-5).sqrt()
        return normal * style.std[..., None, None] + style.mean[..., None, None]

    weights = random(1, 2, 3, 3).double()
    ours = torch.autograd.grad((adain(x, style) * weights).sum(), x)[0]
    theirs = torch.autograd.grad((reference(x) * weights).sum(), x)[0]
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)

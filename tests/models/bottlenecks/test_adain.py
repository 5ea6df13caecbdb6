import pytest
import torch

from styletransfer.models.bottlenecks.adain import adain, regional_adain
from styletransfer.models.statistics import Statistics, moments, regional_moments, statistics


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 3 + 1


def correlated(*shape):
    x = random(*shape)
    mixing = torch.randn(shape[1], shape[1], generator=torch.Generator().manual_seed(1))
    return torch.einsum("nchw,dc->ndhw", x, mixing)


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


def test_regional_adain_is_adain_in_every_region():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 8, 16)
    styles = Statistics(torch.randn(2, 3), torch.rand(2, 3) + 0.5)
    region_maps = torch.zeros(1, 2, 8, 16)
    region_maps[:, 0, :, :8], region_maps[:, 1, :, 8:] = 1, 1
    found = regional_adain(x, styles, region_maps)
    for r, part in enumerate((slice(0, 8), slice(8, 16))):
        one = Statistics(styles.mean[r : r + 1], styles.std[r : r + 1])
        torch.testing.assert_close(found[..., part], adain(x[..., part], one))
    one = Statistics(styles.mean[:1], styles.std[:1])
    torch.testing.assert_close(regional_adain(x, one, torch.ones(1, 1, 8, 16)), adain(x, one))


def test_joint_adain_gives_the_style_s_covariance():
    x, style = correlated(2, 6, 20, 20), correlated(2, 6, 15, 18).roll(1, 1) * 2 + 1
    found = moments(adain(x, statistics(style, joint=True)), joint=True)
    wanted = moments(style, joint=True)
    torch.testing.assert_close(found.mean, wanted.mean, atol=1e-3, rtol=1e-3)
    scale = wanted.var.diagonal(dim1=1, dim2=2).mean()
    assert (found.var - wanted.var).abs().max() < 0.03 * scale  # the ridge is in between
    torch.testing.assert_close(adain(x, statistics(x, joint=True)), x, atol=1e-3, rtol=1e-3)
    own = moments(x, joint=True)
    part = adain(x[..., :7], statistics(style, joint=True), own)
    torch.testing.assert_close(part, adain(x, statistics(style, joint=True))[..., :7])


def test_joint_adain_of_a_constant_is_finite():
    for x in (torch.full((1, 3, 4, 4), 0.5), torch.ones(1, 3, 1, 1)):
        assert torch.isfinite(adain(x, statistics(correlated(1, 3, 5, 5), joint=True))).all()


def test_joint_gradients():
    x = correlated(1, 3, 4, 4).requires_grad_()
    style = statistics(random(1, 3, 5, 5), joint=True)
    weights, direction = random(1, 3, 4, 4), torch.randn(1, 3, 4, 4)
    gradient = torch.autograd.grad((adain(x, style) * weights).sum(), x)[0]
    with torch.no_grad():
        step = 1e-2
        ahead, behind = ((adain(x + s * direction, style) * weights).sum() for s in (step, -step))
    torch.testing.assert_close(
        (gradient * direction).sum(), (ahead - behind) / (2 * step), rtol=0.02, atol=0.05
    )


def test_joint_regions_are_joint_adain_in_every_region():
    x = correlated(1, 3, 8, 16)
    styles = Statistics(
        *(torch.cat(p) for p in zip(*(statistics(correlated(1, 3, 9, k), True) for k in (9, 7))))
    )
    region_maps = torch.zeros(1, 2, 8, 16)
    region_maps[:, 0, :, :8], region_maps[:, 1, :, 8:] = 1, 1
    found = regional_adain(x, styles, region_maps)
    for r, part in enumerate((slice(0, 8), slice(8, 16))):
        one = Statistics(styles.mean[r : r + 1], styles.std[r : r + 1])
        torch.testing.assert_close(found[..., part], adain(x[..., part], one), atol=1e-3, rtol=1e-3)
    own = regional_moments(x, region_maps, joint=True)
    assert torch.equal(regional_adain(x, styles, region_maps, own), found)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_its_dtype(dtype):
    x, style = (random(2, 4, 40, 50) + 20).to(dtype), statistics(random(2, 4, 5, 5))
    found, exact = adain(x, style), adain(x.float(), style)
    assert found.dtype == dtype
    assert (found.float() - exact).abs().max() < 30 * torch.finfo(dtype).eps * exact.abs().max()


@pytest.mark.parametrize("x", [torch.full((1, 3, 4, 4), 7.0), torch.ones(1, 3, 1, 1)])
def test_constant_and_single_position_maps_stay_finite(x):
    x = x.clone().requires_grad_()
    found = adain(x, statistics(random(1, 3, 5, 5)))
    assert torch.isfinite(found).all()
    assert torch.isfinite(torch.autograd.grad(found.sum(), x)[0]).all()


def test_a_sample_does_not_see_the_others_of_its_batch():
    x, style = random(2, 4, 6, 6), statistics(random(2, 4, 9, 9))
    first = Statistics(style.mean[:1], style.std[:1])
    torch.testing.assert_close(adain(x, style)[:1], adain(x[:1], first))


def test_contrast_and_brightness_of_the_content_are_taken_off():
    x, style = random(2, 4, 9, 9), statistics(random(2, 4, 9, 9))
    torch.testing.assert_close(adain(3 * x + 5, style), adain(x, style), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("space", [(50,), (4, 5, 6)], ids=len)
def test_a_series_and_a_volume_take_on_statistics_too(space, joint):
    x, y = random(2, 3, *space), 3 * random(2, 3, 60) + 1
    out = adain(x, statistics(y, joint))
    assert out.shape == x.shape
    tolerance = 1e-2 if joint else 1e-4  # the ridge that keeps a covariance positive
    for found, wanted in zip(statistics(out, joint), statistics(y, joint)):
        torch.testing.assert_close(found, wanted, atol=tolerance, rtol=tolerance)
    if not joint:
        style = statistics(y)
        each = [part.reshape(2, 3, *[1] * len(space)) for part in style]
        torch.testing.assert_close(out, torch.nn.functional.instance_norm(x) * each[1] + each[0])

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from styletransfer.models.bottlenecks.adain import adain, instance_norm, regional_adain
from styletransfer.models.bottlenecks.spade import Spade, style_map
from styletransfer.models.statistics import (
    Statistics,
    merged,
    moments,
    regional_moments,
    regional_statistics,
    square_roots,
    statistics,
    weighted_moments,
)


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


def test_regional_statistics_are_those_of_the_positions():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 8, 10)
    inside = torch.rand(8, 10) > 0.5
    shares = torch.stack([inside, ~inside])[None].float()
    found = regional_statistics(x, shares)
    for r, where in enumerate((inside, ~inside)):
        values = x[:, :, where].double()
        torch.testing.assert_close(found.mean[:, r].double(), values.mean(dim=2))
        std = (values.var(dim=2, correction=0) + 1e-5).sqrt()
        torch.testing.assert_close(found.std[:, r].double(), std)


def test_a_region_of_a_few_positions_takes_the_statistics_of_the_whole():
    x = torch.randn(1, 3, 8, 8)
    shares = torch.zeros(1, 2, 8, 8)
    shares[:, 0], shares[:, 0, 0, :3], shares[:, 1, 0, :3] = 1, 0, 1
    found, whole = regional_statistics(x, shares), statistics(x)
    assert torch.equal(found.mean[:, 1], whole.mean) and torch.equal(found.std[:, 1], whole.std)


def test_regional_adain_is_adain_in_every_region():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 8, 16)
    styles = Statistics(torch.randn(2, 3), torch.rand(2, 3) + 0.5)
    shares = torch.zeros(1, 2, 8, 16)
    shares[:, 0, :, :8], shares[:, 1, :, 8:] = 1, 1
    found = regional_adain(x, styles, shares)
    for r, part in enumerate((slice(0, 8), slice(8, 16))):
        one = Statistics(styles.mean[r : r + 1], styles.std[r : r + 1])
        torch.testing.assert_close(found[..., part], adain(x[..., part], one))
    one = Statistics(styles.mean[:1], styles.std[:1])
    torch.testing.assert_close(regional_adain(x, one, torch.ones(1, 1, 8, 16)), adain(x, one))


def test_spade_is_its_equation():
    torch.manual_seed(0)
    spade = Spade(3, 2, hidden=5).double()
    x, map = torch.randn(2, 3, 6, 7).double(), torch.randn(2, 2, 6, 7).double()
    torch.testing.assert_close(spade(x, map), instance_norm(x))  # γ = 1 and β = 0 when new
    for parameter in spade.parameters():
        torch.nn.init.normal_(parameter)

    def convolve(layer, z):  # the plain sum over the 3×3 neighbourhood, reflected at the border
        padded = np.pad(z.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
        weight, out = layer.weight.detach().numpy(), 0
        for i in range(3):
            for j in range(3):
                part = padded[:, :, i : i + z.shape[2], j : j + z.shape[3]]
                out = out + np.einsum("nchw,oc->nohw", part, weight[:, :, i, j])
        return out + layer.bias.detach().numpy()[None, :, None, None]

    hidden = torch.from_numpy(convolve(spade.shared, map)).relu()
    gamma, beta = (convolve(layer, hidden) for layer in (spade.gamma, spade.beta))
    mean, var = x.mean(dim=(2, 3), keepdim=True), x.var(dim=(2, 3), keepdim=True, correction=0)
    expected = (1 + gamma) * ((x - mean) / (var + 1e-5).sqrt()).numpy() + beta
    torch.testing.assert_close(spade(x, map).detach().numpy(), expected, rtol=1e-5, atol=1e-5)


def test_a_style_map_shows_each_style_where_it_is():
    styles = Statistics(torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [4.0]]))
    shares = torch.zeros(1, 2, 1, 2)
    shares[0, 0, 0, 0] = shares[0, 1, 0, 1] = 1
    assert style_map(styles, shares).tolist() == [[[[1.0, 2.0]], [[3.0, 4.0]]]]


def correlated(*shape):
    x = random(*shape)
    mixing = torch.randn(shape[1], shape[1], generator=torch.Generator().manual_seed(1))
    return torch.einsum("nchw,dc->ndhw", x, mixing)


def test_moments_are_torchs():
    x = correlated(2, 5, 301, 400).to(memory_format=torch.channels_last)  # more than one block
    var, mean = torch.var_mean(x.double(), dim=(2, 3), correction=0)
    found = moments(x)
    torch.testing.assert_close(found.mean.double(), mean, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.var.double(), var, atol=0, rtol=1e-4)
    joint = moments(x, joint=True)
    for n in range(2):
        expected = torch.cov(x[n].flatten(1).double(), correction=0)
        torch.testing.assert_close(joint.var[n].double(), expected, atol=1e-3, rtol=1e-4)


def test_moments_have_torchs_gradient():
    x = correlated(2, 3, 6, 5).requires_grad_()
    var, mean = torch.var_mean(x, dim=(2, 3), correction=0)
    found = moments(x)
    to_mean, to_var = torch.randn(2, 3), torch.randn(2, 3)
    ours = torch.autograd.grad((found.mean * to_mean + found.var * to_var).sum(), x)[0]
    theirs = torch.autograd.grad((mean * to_mean + var * to_var).sum(), x)[0]
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("joint", [False, True])
def test_moments_of_parts_merge_into_those_of_the_whole(joint):
    x = correlated(1, 4, 30, 20)
    parts = x.split([7, 13, 10], dim=2)
    found = merged([moments(part, joint) for part in parts], [7 * 20, 13 * 20, 10 * 20])
    for a, b in zip(found, moments(x, joint)):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_square_roots_are_those_of_the_eigenvalues():
    covariance = moments(correlated(2, 64, 12, 12), joint=True).var  # near-singular directions
    root, inverse = square_roots(covariance)
    ridge = 2e-3 * covariance.diagonal(dim1=1, dim2=2).mean(dim=1)[:, None, None] + 1e-5
    values, vectors = torch.linalg.eigh((covariance + ridge * torch.eye(64)).double())
    for found, power in ((root, 0.5), (inverse, -0.5)):
        expected = (vectors * values[:, None].pow(power)) @ vectors.transpose(1, 2)
        torch.testing.assert_close(found.double(), expected, atol=1e-3, rtol=1e-3)


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
    shares = torch.zeros(1, 2, 8, 16)
    shares[:, 0, :, :8], shares[:, 1, :, 8:] = 1, 1
    found = regional_adain(x, styles, shares)
    for r, part in enumerate((slice(0, 8), slice(8, 16))):
        one = Statistics(styles.mean[r : r + 1], styles.std[r : r + 1])
        torch.testing.assert_close(found[..., part], adain(x[..., part], one), atol=1e-3, rtol=1e-3)
    own = regional_moments(x, shares, joint=True)
    assert torch.equal(regional_adain(x, styles, shares, own), found)


@pytest.mark.parametrize("shape", [(1, 3, 3400, 3400), (1, 3, 8, 400_000)])
def test_the_moments_of_a_large_picture_are_not_lost_in_long_sums(shape):
    x = torch.rand(shape, generator=torch.manual_seed(0))
    expected = torch.cov(x[0].double().flatten(1), correction=0)
    for found in (moments(x, joint=True), weighted_moments(x, torch.ones(1, 1, *shape[2:]), True)[0]):
        assert (found.var.squeeze() - expected).abs().max() < 1e-6
        assert square_roots(found.var)[0].isfinite().all()
    assert (moments(x).var[0] - expected.diagonal()).abs().max() < 1e-6

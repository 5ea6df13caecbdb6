import pytest
import torch

from styletransfer.models.statistics import (
    affine,
    merged,
    moments,
    regional_statistics,
    square_roots,
    statistics,
    weighted_moments,
)


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 3 + 1


def test_regional_statistics_are_those_of_the_positions():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 8, 10)
    inside = torch.rand(8, 10) > 0.5
    region_maps = torch.stack([inside, ~inside])[None].float()
    found = regional_statistics(x, region_maps)
    for r, where in enumerate((inside, ~inside)):
        values = x[:, :, where].double()
        torch.testing.assert_close(found.mean[:, r].double(), values.mean(dim=2))
        std = (values.var(dim=2, correction=0) + 1e-5).sqrt()
        torch.testing.assert_close(found.std[:, r].double(), std)


def test_a_region_of_a_few_positions_takes_the_statistics_of_the_whole():
    x = torch.randn(1, 3, 8, 8)
    region_maps = torch.zeros(1, 2, 8, 8)
    region_maps[:, 0], region_maps[:, 0, 0, :3], region_maps[:, 1, 0, :3] = 1, 0, 1
    found, whole = regional_statistics(x, region_maps), statistics(x)
    assert torch.equal(found.mean[:, 1], whole.mean) and torch.equal(found.std[:, 1], whole.std)


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


@pytest.mark.parametrize("shape", [(1, 3, 3400, 3400), (1, 3, 8, 400_000)])
def test_the_moments_of_a_large_picture_are_not_lost_in_long_sums(shape):
    x = torch.rand(shape, generator=torch.manual_seed(0))
    expected = torch.cov(x[0].double().flatten(1), correction=0)
    for found in (moments(x, joint=True), weighted_moments(x, torch.ones(1, 1, *shape[2:]), True)[0]):
        assert (found.var.squeeze() - expected).abs().max() < 1e-6
        assert square_roots(found.var)[0].isfinite().all()
    assert (moments(x).var[0] - expected.diagonal()).abs().max() < 1e-6


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_has_full_statistics(dtype):
    x = (random(1, 3, 200, 200) + 50).to(dtype)
    exact = statistics(x.double())
    found = statistics(x)
    assert found.mean.dtype == torch.float32
    torch.testing.assert_close(found.mean, exact.mean.float(), atol=1e-3, rtol=1e-5)
    torch.testing.assert_close(found.std, exact.std.float(), atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("space", [(50,), (6, 7), (4, 5, 6), (2, 3, 4, 5)], ids=len)
def test_a_series_and_a_volume_have_statistics_too(space):
    x = random(2, 3, *space)
    over = tuple(range(2, x.ndim))
    torch.testing.assert_close(moments(x).mean, x.mean(dim=over))
    torch.testing.assert_close(moments(x).var, x.var(dim=over, correction=0))
    flat = x.flatten(2)
    expected = torch.stack([sample.cov(correction=0) for sample in flat])
    torch.testing.assert_close(moments(x, joint=True).var, expected)
    matrix, shift = random(3, 3), random(3)
    wanted = (matrix @ flat + shift[:, None]).reshape(x.shape)
    torch.testing.assert_close(affine(x, matrix[None], shift[None]), wanted)

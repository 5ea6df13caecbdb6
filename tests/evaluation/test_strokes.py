"""Strokes and patches: whole distributions, at three sizes."""

import pytest
import torch

from styletransfer.evaluation import strokes
from styletransfer.models.weights import load_encoder


def stripes(period, height=96, width=128, seed=0):
    x = torch.arange(width) + 0.3 * torch.rand(height, 1, generator=torch.manual_seed(seed))
    wave = ((x / period).sin() > 0).float()
    return (0.2 + 0.6 * wave).expand(1, 3, -1, -1).contiguous()


def test_the_style_itself_scores_one_and_the_photo_none():
    encoder = load_encoder(normalized=False)
    photo, style = torch.rand(1, 3, 96, 128, generator=torch.manual_seed(1)) * 0.1 + 0.5, stripes(6)
    with torch.inference_mode():
        seen = [strokes.stroke_signature(encoder, x) for x in (photo, style)]
        patches = [strokes.patch_signature(x) for x in (photo, style)]
    for off, own in (seen, patches):
        assert strokes.signature_score(own, off, own) == 1
        assert strokes.signature_score(off, off, own) == 0


def test_broad_stripes_are_not_fine_ones_though_colours_are_the_same():
    fine, broad, photo = stripes(3), stripes(9), torch.full((1, 3, 96, 128), 0.5)
    seen = [strokes.patch_signature(x) for x in (fine, broad, photo)]
    assert strokes.signature_score(seen[0], seen[2], seen[1]) < 0.8
    again = strokes.patch_signature(stripes(9, seed=5))
    assert strokes.signature_score(again, seen[2], seen[1]) > 0.9


def test_quantiles_are_those_of_the_projections():
    x = torch.randn(1, 5, 30, 40, generator=torch.manual_seed(2))
    found = strokes.projected_quantiles(x)
    assert found.shape == (strokes.QUANTILES, strokes.PROJECTIONS)
    directions = strokes._directions(5)
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(strokes.PROJECTIONS))
    values = (directions @ x[0].flatten(1)).sort(dim=1).values
    assert (values[:, 600] - (found[99] + found[100]) / 2).abs().max() < 0.02
    big = torch.randn(1, 2, 200, 200, generator=torch.manual_seed(3))
    assert torch.equal(strokes.projected_quantiles(big), strokes.projected_quantiles(big))


def test_the_distance_is_the_definition_written_out():
    a, b = ({"t": torch.rand(200, 96, generator=torch.manual_seed(i))} for i in (0, 1))
    expected = ((a["t"] - b["t"]).abs().sum() / b["t"].abs().sum()).item()
    assert strokes.signature_distance(a, b) == pytest.approx(expected, rel=1e-5)


def test_halves_are_cut_across_the_longer_side():
    assert [x.shape[2:] for x in strokes.halves(torch.rand(1, 3, 10, 21))] == [(10, 11), (10, 10)]
    assert [x.shape[2:] for x in strokes.halves(torch.rand(1, 3, 20, 10))] == [(10, 10), (10, 10)]

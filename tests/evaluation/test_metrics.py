import numpy as np
import pytest
import torch

from styletransfer.evaluation import metrics
from styletransfer.models.weights import load_encoder


@pytest.fixture(scope="module")
def features():
    encoder = load_encoder(normalized=False)
    torch.manual_seed(0)
    smooth = torch.nn.functional.interpolate(torch.rand(3, 3, 8, 8), size=64, mode="bicubic").clamp(0, 1)
    pictures = [smooth[0:1], smooth[1:2] ** 3, (smooth[2:3] > 0.5).float()]
    with torch.no_grad():
        return pictures, [encoder(p, metrics.TAPS) for p in pictures]


def test_the_photo_scores_zero_style_and_full_content(features):
    _, (photo, painting, other) = features
    stats = [metrics.all_statistics(x) for x in (photo, painting, other)]
    grams = [metrics.gram_matrices(x) for x in (photo, painting)]
    deviations = metrics.style_deviations(stats)
    assert metrics.style_score(stats[0], stats[0], stats[1], deviations) == pytest.approx(0)
    assert metrics.style_score(stats[1], stats[0], stats[1], deviations) == pytest.approx(1)
    assert metrics.gram_score(grams[0], grams[0], grams[1]) == pytest.approx(0)
    assert metrics.gram_score(grams[1], grams[0], grams[1]) == pytest.approx(1)
    assert metrics.content_score(photo, photo) == 1
    assert metrics.content_score(other, photo) < 0.7


def test_style_score_is_the_definition_written_out(features):
    _, found = features
    o, c, s = (metrics.all_statistics(x) for x in found)
    deviations = metrics.style_deviations([o, c, s])

    def d(a, b):
        total = 0.0
        for tap in ("relu1_1", "relu2_1", "relu3_1", "relu4_1"):
            for part in (0, 1):
                three = np.stack([x[tap][part][0].numpy() for x in (o, c, s)]).astype(np.float64)
                scale = three.std(axis=0, ddof=1) + 1e-8
                difference = (a[tap][part][0].numpy() - b[tap][part][0].numpy()) / scale
                total += (difference**2).mean()
        return total

    expected = max(-1.0, 1 - d(o, s) / d(c, s))
    assert metrics.style_score(o, c, s, deviations) == pytest.approx(expected, abs=1e-4)


def test_scores_are_clamped():
    far = {t: torch.full((1, 2, 2), 100.0) for t in metrics.STYLE_TAPS}
    near = {t: torch.full((1, 2, 2), 1.1) for t in metrics.STYLE_TAPS}
    style = {t: torch.ones(1, 2, 2) for t in metrics.STYLE_TAPS}
    assert metrics.gram_score(far, near, style) == -1


def test_ssim_is_the_formula_at_every_window():
    torch.manual_seed(0)
    a = torch.rand(1, 3, 14, 15, dtype=torch.float64)
    b = (a + 0.2 * torch.rand_like(a)).clamp(0, 1)
    weights = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window = np.outer(weights, weights) / np.outer(weights, weights).sum()
    x, y = (np.tensordot((0.299, 0.587, 0.114), p[0].numpy(), axes=1) for p in (a, b))
    values = []
    for i in range(4):
        for j in range(5):
            p, q = x[i : i + 11, j : j + 11], y[i : i + 11, j : j + 11]
            mp, mq = (window * p).sum(), (window * q).sum()
            vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
            cov = (window * (p - mp) * (q - mq)).sum()
            c1, c2 = 0.01**2, 0.03**2
            top = (2 * mp * mq + c1) * (2 * cov + c2)
            values.append(top / ((mp**2 + mq**2 + c1) * (vp + vq + c2)))
    assert metrics.ssim(a, b).item() == pytest.approx(np.mean(values), abs=1e-6)
    both = metrics.ssim(torch.cat([a, a]), torch.cat([a, b]))  # each of a batch by itself
    assert both.tolist() == pytest.approx([1, np.mean(values)], abs=1e-6)

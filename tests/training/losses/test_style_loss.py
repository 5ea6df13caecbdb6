"""Style losses of means, deviations and Gram matrices."""

import torch

from styletransfer.models.statistics import Statistics
from styletransfer.models.vgg import STYLE_TAPS
from styletransfer.models.weights import load_encoder
from styletransfer.training.losses import gram, gram_distance, style_distance


def test_gram_is_the_double_loop():
    x = torch.randn(2, 3, 4, 5)
    for n in range(2):
        for i in range(3):
            for j in range(3):
                expected = (x[n, i] * x[n, j]).mean()
                torch.testing.assert_close(gram(x)[n, i, j], expected, atol=1e-6, rtol=1e-5)


def test_style_distance_counts_in_variances():
    zero = {t: Statistics(torch.zeros(1, 2), torch.zeros(1, 2)) for t in STYLE_TAPS}
    one = {t: Statistics(torch.full((1, 2), 3.0), torch.zeros(1, 2)) for t in STYLE_TAPS}
    spread = {t: Statistics(torch.full((2,), 9.0), torch.ones(2)) for t in STYLE_TAPS}
    assert style_distance(one, zero, spread).tolist() == [4.0]  # one variance at each of four taps


def test_gram_distance_is_relative_to_the_style():
    style = {tap: torch.ones(1, 2, 2) for tap in STYLE_TAPS}
    output = {tap: 3 * torch.ones(1, 2, 2) for tap in STYLE_TAPS}
    assert gram_distance(output, style).tolist() == [16.0]


def test_gram_distance_in_units_is_that_of_the_network_as_released():
    torch.manual_seed(0)
    vgg, released = load_encoder(), load_encoder(normalized=False)
    a, b = torch.rand(2, 1, 3, 32, 32)

    def distance(encoder, units):
        return gram_distance(*({t: gram(x) for t, x in encoder(p).items()} for p in (a, b)), units)

    expected = distance(released, {})
    torch.testing.assert_close(distance(vgg, vgg.units), expected, rtol=1e-3, atol=0)
    assert (distance(vgg, {}) - expected).abs() > 0.05 * expected

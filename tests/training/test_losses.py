from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from styletransfer.models.bottlenecks.instance import instance_norm
from styletransfer.models.statistics import Statistics, regional_statistics, statistics
from styletransfer.models.vgg import STYLE_TAPS
from styletransfer.models.weights import load_encoder
from styletransfer.training.loop import TrainableNet
from styletransfer.training.losses import (
    CONTENT_TAPS,
    STROKE_TAPS,
    _regions,
    balanced,
    color_distance,
    content_distance,
    gram,
    gram_distance,
    seen_at,
    sliced_distance,
    structure_distance,
    style_distance,
    stylization_losses,
    weave_distance,
)
from styletransfer.training.recipe import read_recipe
from styletransfer.training.synthetic import random_maps


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


def test_content_distance_ignores_contrast_and_sees_structure():
    torch.manual_seed(0)
    a = {tap: torch.randn(2, 3, 16, 16) for tap in CONTENT_TAPS}
    brighter = {tap: 2 * x + 5 for tap, x in a.items()}
    assert content_distance(a, brighter).max() < 1e-4
    a["relu4_1"][:, 0], brighter["relu4_1"][:, 0] = 0.0, 1.0  # a dead channel has no structure
    assert content_distance(a, brighter).abs().max() < 1e-4
    b = {tap: x + torch.randn_like(x) for tap, x in a.items()}
    expected = [
        0.5 * (instance_norm(a[tap]) - instance_norm(b[tap])).square().mean(dim=(1, 2, 3))
        for tap in CONTENT_TAPS
    ]
    torch.testing.assert_close(content_distance(a, b), (expected[0] + expected[1]) / 2)
    unrelated = {tap: torch.randn_like(x) for tap, x in a.items()}
    assert ((content_distance(a, unrelated) - 1).abs() < 0.15).all()


def test_balanced_is_one_for_the_photo_itself():
    distance = torch.tensor([1.0, 2.0, 3.0])
    assert balanced(distance, distance, 0.5).tolist() == [1, 1, 1]
    assert balanced(distance, torch.tensor([0.0, 2.0, 3.0]), 0.5).tolist() == [2, 1, 1]


def test_losses_of_a_batch_are_the_mean_of_its_samples(tiny_net):
    """What several processes need to share a batch."""
    weights = dict.fromkeys(("color_weight", "detail_weight", "structure_weight", "weave_weight"), 1.0)
    _, recipe = read_recipe("default", weights)
    photos, paintings = torch.rand(2, 4, 3, 32, 32)
    ones = {tap: Statistics(torch.ones(c), torch.ones(c)) for tap, c in zip(STYLE_TAPS, (4, 6, 8, 8))}
    published = replace(recipe, balance=False, content_loss="target")
    for changed in (recipe, published, replace(recipe, viewed=0.75)):
        arguments = (tiny_net, tiny_net.encoder, TrainableNet(tiny_net), changed)
        whole = stylization_losses(*arguments, photos, paintings, ones)
        halves = [
            stylization_losses(*arguments, photos[i:j], paintings[i:j], ones)
            for i, j in ((0, 2), (2, 4))
        ]
        assert set(whole) == {"content", "style", "gram", "color", "detail", "structure", "weave"}
        for name, value in whole.items():
            mean = (halves[0][name] + halves[1][name]) / 2
            torch.testing.assert_close(value, mean, rtol=1e-4, atol=1e-6)


def test_weave_distance_sees_what_repeats_with_the_grid_alone():
    torch.manual_seed(0)
    smooth = torch.nn.functional.interpolate(torch.rand(2, 3, 3, 4), size=(64, 96), mode="bicubic")
    smooth = 0.2 * smooth
    weave = torch.randn(4, 4)
    weave = weave - weave.mean()
    woven = smooth + 0.05 * weave.repeat(16, 24)
    assert weave_distance(smooth, 4).max() < 0.1
    torch.testing.assert_close(
        weave_distance(woven, 4), (25 * weave.square().mean()).expand(2), atol=0.5, rtol=0
    )


def test_structure_distance_sees_luminance_not_hue():
    torch.manual_seed(0)
    gray = torch.rand(2, 1, 24, 24).expand(-1, 3, -1, -1)
    tinted = gray + torch.tensor((0.1, 0.0, -0.1 * 0.299 / 0.114)).view(1, 3, 1, 1)
    assert structure_distance(gray, tinted).abs().max() < 1e-4
    found = structure_distance(gray, torch.cat([gray[:1], 1 - gray[1:]]))
    assert found[0].abs() < 1e-5 and found[1] > 1  # a negative is worse than unrelated


def test_from_afar_fine_grain_is_not_seen():
    board = (torch.arange(32)[:, None] + torch.arange(32)) % 2
    board = board.float().expand(1, 3, 32, 32)
    assert seen_at(board, 1.0) is board
    small = seen_at(board, 0.5)
    assert small.shape == (1, 3, 16, 16)
    assert (small[..., 2:-2, 2:-2] - 0.5).abs().max() < 0.05


def test_losses_from_afar_are_those_of_pictures_made_small(tiny_net):
    """A painter that paints nothing: then both ways the same small pictures are compared."""
    _, recipe = read_recipe("default", {"detail_weight": 1.0, "structure_weight": 1.0})
    photos, paintings = torch.rand(2, 2, 3, 64, 64)
    ones = {tap: Statistics(torch.ones(c), torch.ones(c)) for tap, c in zip(STYLE_TAPS, (4, 6, 8, 8))}

    def painter(photos, paintings, code, times, shares, which, corner):
        return paintings, None

    def losses(recipe, *pictures):
        other = deepcopy(tiny_net)  # of its own: nothing of what the loss sees is the net's
        return stylization_losses(other, tiny_net.encoder, painter, recipe, *pictures, ones)

    afar = losses(replace(recipe, viewed=0.5), photos, paintings)
    small = losses(recipe, seen_at(photos, 0.5), seen_at(paintings, 0.5))
    for name, value in small.items():
        torch.testing.assert_close(afar[name], value)


def test_color_distance_sees_mean_and_deviation():
    gray, red = torch.full((1, 3, 4, 4), 0.5), torch.full((1, 3, 4, 4), 0.5)
    red[:, 0] = 0.8
    assert color_distance(statistics(gray), statistics(red)).item() == pytest.approx(0.03, rel=1e-3)


def test_losses_of_regions_are_those_of_pictures_cut_along_them():
    """Left half in one style, right half in the next: as much as the two halves alone."""
    torch.manual_seed(0)
    a, b, c, d = torch.rand(4, 1, 3, 16, 16)
    x = torch.cat([a, b], dim=3)
    left = torch.zeros(1, 1, 16, 32)
    left[..., :16] = 1
    shares = torch.cat([left, 1 - left], dim=1)
    found = regional_statistics(x, shares)
    for r, half in enumerate((a, b)):
        for part, expected in zip(found, statistics(half)):
            torch.testing.assert_close(part[:, r], expected)
        torch.testing.assert_close(gram(_regions(x, shares))[r], gram(half)[0])


def test_a_map_of_one_style_everywhere_has_the_losses_of_no_map(tiny_net):
    _, recipe = read_recipe("default", {"color_weight": 1.0})
    photos, paintings = torch.rand(2, 2, 3, 32, 32)
    ones = {tap: Statistics(torch.ones(c), torch.ones(c)) for tap, c in zip(STYLE_TAPS, (4, 6, 8, 8))}
    arguments = (tiny_net, tiny_net.encoder, TrainableNet(tiny_net), recipe, photos, paintings, ones)
    shares = torch.stack([torch.ones(2, 32, 32), torch.zeros(2, 32, 32)], dim=1)
    plain, mapped = stylization_losses(*arguments), stylization_losses(*arguments, shares)
    for name, value in plain.items():
        torch.testing.assert_close(mapped[name], value, rtol=1e-3, atol=1e-5)


def test_random_maps_are_cut_in_two_or_whole():
    maps = random_maps(4, 32, (0, 1), torch.device("cpu"))
    assert maps.shape == (4, 2, 32, 32) and (maps.sum(dim=1) == 1).all()
    assert (maps[1::2, 0] == 1).all() and (maps[::2, 0].mean(dim=(1, 2)) < 0.9).all()
    assert torch.equal(maps, random_maps(4, 32, (0, 1), torch.device("cpu")))
    assert not torch.equal(maps, random_maps(4, 32, (0, 2), torch.device("cpu")))


def test_sliced_distance_is_none_between_the_same_values_in_another_order():
    torch.manual_seed(0)
    style = {tap: torch.rand(2, 4, 6, 8) for tap in STROKE_TAPS}
    units = dict.fromkeys(STROKE_TAPS, torch.ones(4))
    order = torch.randperm(48)
    moved = {tap: x.flatten(2)[:, :, order].unflatten(2, (6, 8)) for tap, x in style.items()}
    torch.testing.assert_close(
        sliced_distance(moved, style, units, 0), torch.zeros(2), atol=1e-5, rtol=0
    )
    brighter = {tap: x + 0.5 for tap, x in style.items()}
    assert (sliced_distance(brighter, style, units, 0) > 0.1).all()


def test_sliced_distance_sees_what_means_and_deviations_do_not():
    torch.manual_seed(0)
    normal = torch.randn(1, 1, 40, 50)
    two = torch.randn(1, 1, 40, 50).sign()  # of the same mean and deviation
    a, b = (dict.fromkeys(STROKE_TAPS, (x - x.mean()) / x.std()) for x in (two, normal))
    units = dict.fromkeys(STROKE_TAPS, torch.ones(1))
    assert sliced_distance(a, b, units, 0) > 0.5
    again = dict.fromkeys(STROKE_TAPS, torch.randn(1, 1, 40, 50))
    assert sliced_distance(again, b, units, 0) < 0.4


def test_styles_are_compared_from_as_many_distances_as_the_recipe_has_views(tiny_net):
    _, recipe = read_recipe("default", {"strokes_weight": 1.0})
    photos, paintings = torch.rand(2, 2, 3, 64, 64)
    ones = {tap: Statistics(torch.ones(c), torch.ones(c)) for tap, c in zip(STYLE_TAPS, (4, 6, 8, 8))}
    net = deepcopy(tiny_net)

    def losses(recipe):
        painter = lambda photos, *_: ((photos + paintings) / 2, None)  # noqa: E731
        return stylization_losses(net, tiny_net.encoder, painter, recipe, photos, paintings, ones)

    near, both, afar = (losses(replace(recipe, **how)) for how in ({}, {"views": 2}, {"viewed": 0.5}))
    assert near["content"] == both["content"]
    for name in ("style", "gram"):
        torch.testing.assert_close(both[name], (near[name] + afar[name]) / 2)
    assert near["strokes"] != both["strokes"]

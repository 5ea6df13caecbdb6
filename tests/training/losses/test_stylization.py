"""All losses of a batch together."""

from copy import deepcopy
from dataclasses import replace

import torch

from styletransfer.models.statistics import Statistics
from styletransfer.models.vgg import STYLE_TAPS
from styletransfer.training.losses import downscaled, stylization_losses
from styletransfer.training.recipe import read_recipe
from styletransfer.training.trainable import TrainableNet
from styletransfer.training.training_batch import Batch


def test_losses_of_a_batch_are_the_mean_of_its_samples(tiny_net):
    """What several processes need to share a batch."""
    weights = dict.fromkeys(("color_weight", "detail_weight", "structure_weight", "weave_weight"), 1.0)
    _, recipe = read_recipe("default", weights)
    content, style = torch.rand(2, 4, 3, 32, 32)
    ones = {tap: Statistics(torch.ones(c), torch.ones(c)) for tap, c in zip(STYLE_TAPS, (4, 6, 8, 8))}
    published = replace(recipe, balance=False, content_loss="target")
    for changed in (recipe, published, replace(recipe, viewed=0.75)):
        arguments = (tiny_net, TrainableNet(tiny_net), tiny_net.encoder, changed)
        whole = stylization_losses(*arguments, Batch(content, style), ones)
        halves = [
            stylization_losses(*arguments, Batch(content[i:j], style[i:j]), ones)
            for i, j in ((0, 2), (2, 4))
        ]
        assert set(whole) == {"content", "style", "gram", "color", "detail", "structure", "weave"}
        for name, value in whole.items():
            mean = (halves[0][name] + halves[1][name]) / 2
            torch.testing.assert_close(value, mean, rtol=1e-4, atol=1e-6)


def test_losses_from_afar_are_those_of_pictures_made_small(tiny_net):
    """A network that returns the style: then both ways the same small images are compared."""
    _, recipe = read_recipe("default", {"detail_weight": 1.0, "structure_weight": 1.0})
    content, style = torch.rand(2, 2, 3, 64, 64)
    ones = {tap: Statistics(torch.ones(c), torch.ones(c)) for tap, c in zip(STYLE_TAPS, (4, 6, 8, 8))}

    def trainable(content, style, code, pairings, region_maps, labels, corner):
        return style, None

    def losses(recipe, *images):
        other = deepcopy(tiny_net)  # of its own: nothing of what the loss sees is the net's
        return stylization_losses(other, trainable, tiny_net.encoder, recipe, Batch(*images), ones)

    afar = losses(replace(recipe, viewed=0.5), content, style)
    small = losses(recipe, downscaled(content, 0.5), downscaled(style, 0.5))
    for name, value in small.items():
        torch.testing.assert_close(afar[name], value)


def test_a_map_of_one_style_everywhere_has_the_losses_of_no_map(tiny_net):
    _, recipe = read_recipe("default", {"color_weight": 1.0})
    content, style = torch.rand(2, 2, 3, 32, 32)
    ones = {tap: Statistics(torch.ones(c), torch.ones(c)) for tap, c in zip(STYLE_TAPS, (4, 6, 8, 8))}
    arguments = (tiny_net, TrainableNet(tiny_net), tiny_net.encoder, recipe)
    maps = torch.stack([torch.ones(2, 32, 32), torch.zeros(2, 32, 32)], dim=1)
    batch = Batch(content, style)
    plain = stylization_losses(*arguments, batch, ones)
    mapped = stylization_losses(*arguments, replace(batch, region_maps=maps), ones)
    for name, value in plain.items():
        torch.testing.assert_close(mapped[name], value, rtol=1e-3, atol=1e-5)


def test_styles_are_compared_from_as_many_distances_as_the_recipe_has_views(tiny_net):
    _, recipe = read_recipe("default", {"strokes_weight": 1.0})
    content, style = torch.rand(2, 2, 3, 64, 64)
    ones = {tap: Statistics(torch.ones(c), torch.ones(c)) for tap, c in zip(STYLE_TAPS, (4, 6, 8, 8))}
    net = deepcopy(tiny_net)

    def losses(recipe):
        mix = lambda content, *_: ((content + style) / 2, None)  # noqa: E731
        return stylization_losses(net, mix, tiny_net.encoder, recipe, Batch(content, style), ones)

    near, both, afar = (losses(replace(recipe, **how)) for how in ({}, {"views": 2}, {"viewed": 0.5}))
    assert near["content"] == both["content"]
    for name in ("style", "gram"):
        torch.testing.assert_close(both[name], (near[name] + afar[name]) / 2)
    assert near["strokes"] != both["strokes"]

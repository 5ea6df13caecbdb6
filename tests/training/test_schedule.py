"""The learning rate, and what sets an optimizer to it."""

from dataclasses import replace

import pytest
import torch

from styletransfer.training.recipe import read_recipe
from styletransfer.training.schedule import learning_rate, lr_schedule

_, DEFAULT = read_recipe()


def test_the_learning_rate_warms_up_and_ends_at_zero():
    recipe = replace(DEFAULT, steps=100, warmup=10, learning_rate=1.0)
    rates = [learning_rate(step, recipe) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) > 0.95 and rates[-1] < 0.001


def test_the_published_rate_decays_slowly():
    recipe = replace(DEFAULT, warmup=0, decay=5e-5, learning_rate=1e-4)
    assert learning_rate(0, recipe) == 1e-4
    assert learning_rate(20_000, recipe) == pytest.approx(1e-4 / 2)


@pytest.mark.parametrize("decay", [0.0, 3e-3])
def test_an_optimizer_has_exactly_the_rate_of_its_step_wherever_it_goes_on(decay):
    recipe = replace(DEFAULT, steps=20, warmup=7, decay=decay, learning_rate=3e-4)
    for first in (0, 9):
        optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)])
        schedule = lr_schedule(optimizer, recipe, first)
        for step in range(first, recipe.steps):
            assert optimizer.param_groups[0]["lr"] == learning_rate(step, recipe)
            optimizer.step()
            schedule.step()

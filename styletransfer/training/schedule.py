"""The learning rate, step by step."""

import math
from functools import partial

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from .recipe import Recipe


def learning_rate(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then a cosine to zero at the last step, or slow decay as published."""
    warmup = min(1.0, (step + 1) / recipe.warmup) if recipe.warmup else 1.0
    if recipe.decay:
        return recipe.learning_rate * warmup / (1 + recipe.decay * step)
    return recipe.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))


def lr_schedule(optimizer: Optimizer, recipe: Recipe, step: int) -> LambdaLR:
    """What sets an optimizer's rate to `learning_rate`, going on at a step.

    It is given rates of 1 to multiply, so that the product is `learning_rate` to the last digit. All
    that it holds is the step, so nothing of it is saved.
    """
    for group in optimizer.param_groups:
        group["initial_lr"] = 1.0
    return LambdaLR(optimizer, partial(learning_rate, recipe=recipe), last_epoch=step - 1)

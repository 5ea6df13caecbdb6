"""The learning rate schedule."""

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
    """A torch scheduler that sets an optimizer's rate to `learning_rate`, starting at a step.

    The base rate is 1, so that the product is `learning_rate` exactly. Its only state is the step, so
    nothing of it needs saving.
    """
    for group in optimizer.param_groups:
        group["initial_lr"] = 1.0
    return LambdaLR(optimizer, partial(learning_rate, recipe=recipe), last_epoch=step - 1)

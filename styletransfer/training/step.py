"""One step of training: losses, optimizer, learning rate, moving average of the weights."""

import math
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ..device import fast_dtype
from .checkpoint import State
from .losses import stylization_losses
from .recipe import Recipe
from .setup import TrainingSetup
from .synthetic import random_region_maps, uneven_light
from .trainable import trainable_parameters
from .training_batch import Batch

RECONSTRUCTION_WEIGHT = 10.0


def train_step(setup: TrainingSetup, batch: Batch) -> dict[str, Tensor]:
    """Take one step of the optimizer; returns the losses, their weighted sum and the gradient's norm.

    batch: content, style and labels, float32 on the device.
    """
    state, recipe = setup.state, setup.recipe
    half = fast_dtype(batch.content.device) == torch.bfloat16
    with torch.autocast(batch.content.device.type, torch.bfloat16, enabled=half):
        if is_reconstruction(state.step, recipe):
            output, _ = setup.trainable(batch.content)
            losses = {"reconstruction": (output.float() - batch.content).abs().mean()}
            loss = RECONSTRUCTION_WEIGHT * losses["reconstruction"]
        else:
            batch = add_synthetic(batch, state, recipe)
            losses = stylization_losses(
                state.net,
                setup.trainable,
                setup.vgg,
                recipe,
                batch,
                state.spread,
                seed=recipe.views * state.step,
            )
            loss = weighted_sum(losses, recipe)
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    gradient = nn.utils.clip_grad_norm_(trainable_parameters(state.net), recipe.clip or math.inf)
    state.optimizer.step()
    state.schedule.step()
    state.step += 1
    update_ema(state.ema, state.net, min(recipe.ema, state.step / (state.step + 9)))
    return {"loss": loss, **losses, "gradient": gradient}


def is_reconstruction(step: int, recipe: Recipe) -> bool:
    """Whether a step is plain reconstruction: the first `reconstruct` steps, and then every so often, so
    that alpha = 0 stays the photo.

    AdaIN with an image's own statistics changes nothing, so this is the identity loss as well.
    """
    every = recipe.reconstruct_every
    return step < recipe.reconstruct or every > 0 and step % every == 0


def add_synthetic(batch: Batch, state: State, recipe: Recipe) -> Batch:
    """Add to a batch what its bottleneck also learns from: region maps, or uneven light."""
    seed, bottleneck = (recipe.seed, state.step), state.net.bottleneck
    if bottleneck.trained_with_maps:
        count, device = len(batch.content), batch.content.device
        return replace(batch, region_maps=random_region_maps(count, recipe.crop, seed, device))
    if bottleneck.trained_in_uneven_light:
        return replace(batch, inputs=uneven_light(batch.content, seed))
    return batch


def weighted_sum(losses: dict[str, Tensor], recipe: Recipe) -> Tensor:
    """Σ NAME_weight · loss over the losses by name, a scalar."""
    terms = (getattr(recipe, f"{name}_weight") * value for name, value in losses.items())
    return sum(terms, torch.zeros(()))


def update_ema(ema: nn.Module, net: nn.Module, decay: float) -> None:
    """ema ← decay · ema + (1 − decay) · net for all trained parameters, in place.

    Not `AveragedModel`: it would average frozen weights too, start from the first step's copy, and keep
    a second step count that a resumed run would have to restore.
    """
    average = get_ema_multi_avg_fn(decay)
    average(trainable_parameters(ema), trainable_parameters(net), 0)

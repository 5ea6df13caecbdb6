"""Everything before the first step of a run: networks, optimizer, state and data."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import repeat
from typing import cast

import torch
from torch import Tensor, nn

from ..errors import InputError
from ..models.bottlenecks import BOTTLENECKS
from ..models.config import SLIM
from ..models.network import StylizerNet
from ..models.statistics import EPS, Statistics, statistics
from ..models.vgg import STYLE_TAPS, VGGEncoder
from ..models.weights import load_encoder, load_model
from .checkpoint import State, pack, unpack
from .data import Augmentation, Crops, Sampler, crop_labels, style_labels
from .distributed import ProcessGroup
from .entries import Entry, Pictures, Skipped
from .initialize import ADDED, Source, fill_bank, fit_decoder, fit_slim, new_net
from .losses import Spread
from .recipe import Recipe
from .resident import Resident
from .schedule import lr_schedule
from .session import Execution, Session
from .stream import Stream
from .trainable import TrainableNet, trainable_parameters
from .training_batch import Batch, to_float

SAMPLES = 4  # rows and columns of the sample grid


@dataclass
class TrainingSetup:
    """A run that is ready for its next step.

    trainable: the net's `TrainableNet`, wrapped for several processes. vgg: the network that losses are
    measured on: the net's own encoder, or another if that is trained. batches: each with the content and
    style pictures that were skipped for it. samples: the images of the sample grid, float32; None except
    in the leading process.
    """

    recipe: Recipe
    state: State
    trainable: nn.Module
    vgg: VGGEncoder
    batches: Iterator[tuple[Batch, dict[str, Skipped]]]
    samples: Batch | None


def set_up(session: Session, group: ProcessGroup, execution: Execution = Execution()) -> TrainingSetup:
    """Build networks, optimizer, state and data of a session, in each process of the group.

    Raises InputError if the session cannot be trained by this many processes.
    """
    config, recipe = session.config, session.recipe
    if recipe.batch_size % group.world:
        raise InputError(f"a batch of {recipe.batch_size} cannot be shared by {group.world} processes")
    pictures = session.content, session.style
    sources = [open_source(p, recipe, i, group, execution) for i, p in enumerate(pictures)]
    if BOTTLENECKS[config.bottleneck].trained_with_maps and recipe.pairings > 1:
        kind = config.bottleneck
        raise InputError(
            f"pairings must be 1 for a {kind} bottleneck, whose maps pair styles themselves"
        )
    state, vgg = initial_state(session, sources, group)
    some_unused = any(name.startswith(ADDED) for name, _ in state.net.named_parameters())
    trainable = group.wrap(TrainableNet(state.net), find_unused=some_unused)
    if execution.compile:
        vgg.compile()
        trainable.compile()
    sampler = Sampler(recipe.batch_size, state.step, recipe.steps, group.rank, group.world)
    batches = load_batches(session, sources, sampler, group, execution.workers)
    samples = sample_batch(session, sources, group) if group.leads else None
    return TrainingSetup(recipe, state, trainable, vgg, batches, samples)


def open_source(
    pictures: Pictures, recipe: Recipe, index: int, group: ProcessGroup, execution: Execution
) -> Source:
    """The crops of one kind of pictures. index: 0 for content, 1 for style; each gets a seed of its
    own."""
    augmentation, seed = Augmentation(recipe.crop, recipe.zoom), recipe.seed + index
    if isinstance(pictures[0], str):
        return Stream(cast(Sequence[str], pictures), augmentation, seed)
    entries = cast(Sequence[Entry], pictures)
    if execution.resident:
        return Resident(entries, augmentation, seed, group.device, execution.workers)
    return Crops(entries, augmentation, seed)


def load_batches(
    session: Session, sources: Sequence[Source], sampler: Sampler, group: ProcessGroup, workers: int
) -> Iterator[tuple[Batch, dict[str, Skipped]]]:
    """This process's share of every batch, with the content and style pictures that were skipped for
    it."""
    loaders = (
        source.batches(sampler, group.device, count)
        for source, count in zip(sources, ((workers + 1) // 2, workers // 2))
    )
    styles = len(session.config.styles)
    labels: Iterator[Tensor | None] = repeat(None)
    if styles:
        labels = style_labels(sampler, styles, _style_seed(session), group.device)
    return (
        (Batch(content, style, numbers), {"content": content_skipped, "style": style_skipped})
        for (content, content_skipped), (style, style_skipped), numbers in zip(*loaders, labels)
    )


def sample_batch(session: Session, sources: Sequence[Source], group: ProcessGroup) -> Batch:
    """The first crops of each kind, on the device, for the sample grid."""
    content, style = (source.take(SAMPLES) for source in sources)
    styles, labels = len(session.config.styles), None
    if styles:
        labels = crop_labels(SAMPLES, styles, _style_seed(session), group.device)
    return Batch(content, style, labels).to_float(group.device)


def initial_state(
    session: Session, sources: Sequence[Source], group: ProcessGroup
) -> tuple[State, VGGEncoder]:
    """The state to start from, the same in every process: the saved one, a model's weights, or a new
    network.

    Also returns the VGG that losses are measured on: the network's encoder, or a separate one.
    """
    config, recipe, saved = session.config, session.recipe, session.saved
    torch.manual_seed(recipe.seed)
    new = group.leads and saved is None  # otherwise all that is in it comes from elsewhere
    net = new_net(config, session.init, sources) if new else StylizerNet(config)
    net = net.to(group.device).to(memory_format=torch.channels_last)
    net.requires_grad_(True)
    vgg = cast(VGGEncoder, net.encoder)
    if config.encoder == SLIM:
        vgg = load_encoder().to(group.device).to(memory_format=torch.channels_last)
    vgg.requires_grad_(False)
    optimizer = torch.optim.Adam(trainable_parameters(net), fused=True)
    if new:
        fit_weights(net, vgg, session, sources)
    step, skipped = (saved.step, saved.skipped) if saved else (0, {"content": {}, "style": {}})
    schedule = lr_schedule(optimizer, recipe, step)
    state = State(step, net, deepcopy(net), optimizer, schedule, {}, skipped)
    if saved:
        unpack(state, saved.tensors)
    elif group.leads:
        state.spread = measure_spread(vgg, sources[1].take(256), group.device)
    if group.world > 1:
        packed = {name: tensor.cpu() for name, tensor in pack(state).items()} if group.leads else None
        packed = group.broadcast(packed)
        if not group.leads:
            unpack(state, packed)
    return state, vgg


def fit_weights(net: StylizerNet, vgg: VGGEncoder, session: Session, sources: Sequence[Source]) -> None:
    """Set in place what a new network can be given in closed form: a decoder that inverts the encoder,
    if the recipe asks for it, and the styles of a conditional network."""
    config, init = session.config, session.init
    if session.recipe.fit and init is None:
        crops = to_float(sources[0].take(32), net.device)
        if config.encoder == SLIM:
            fit_slim(net, vgg, crops)
        else:
            fit_decoder(net, crops)
    styles = config.styles
    if styles and (init is None or load_model(init).config.styles != styles):
        crops = to_float(sources[1].take(8 * len(styles)), net.device)
        fill_bank(net, crops, crop_labels(len(crops), len(styles), _style_seed(session), net.device))


@torch.no_grad()
def measure_spread(vgg: VGGEncoder, crops: Tensor, device: torch.device) -> Spread:
    """The variance over style crops of each channel's mean and standard deviation, by tap.

    crops: uint8 (N, 3, H, W).
    """
    rows: dict[str, list[Statistics]] = {tap: [] for tap in STYLE_TAPS}
    for batch in torch.split(crops, 8):
        for tap, x in vgg(to_float(batch, device), STYLE_TAPS).items():
            rows[tap].append(statistics(x))
    spread = {}
    for tap, found in rows.items():
        variances = [torch.cat(part).var(dim=0) for part in zip(*found)]
        # A channel that hardly ever changes must not outweigh all others, nor be divided by nothing.
        spread[tap] = Statistics(*(v.clamp(min=max(0.05 * v.mean().item(), EPS)) for v in variances))
    return spread


def _style_seed(session: Session) -> int:
    """The seed of the style source, as in `open_source`: labels must match the pictures of its crops."""
    return session.recipe.seed + 1

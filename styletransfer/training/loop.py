"""The training loop, to be read from top to bottom."""

import math
import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ..device import fast_dtype
from ..errors import InputError
from ..models.bottlenecks import BOTTLENECKS
from ..models.config import SLIM, Config
from ..models.network import StylizerNet
from ..models.statistics import Code, Statistics, statistics
from ..models.vgg import STYLE_TAPS, VGGEncoder
from ..models.weights import load_encoder, load_model, save_model
from ..system.interrupt import Interrupt
from .checkpoint import Saved, State, pack, save_state, unpack
from .curve import save_curve
from .data import Augmentation, Crops, Share, labels, picture_of
from .distributed import ProcessGroup
from .entries import Entry, Skipped, save_skipped
from .initialize import ADDED, fill_bank, fit_decoder, fit_slim, new_net
from .log import Log, Report
from .losses import Spread, again, paired, stylization_losses
from .recipe import Recipe
from .resident import Resident
from .samples import save_samples
from .stream import Stream
from .synthetic import random_maps, uneven_light

Pictures = Sequence[Entry] | Sequence[str]
"""Pictures within reach, or the addresses of remote shards of them."""


def train(
    config: Config,
    recipe: Recipe,
    content: Pictures,
    style: Pictures,
    run: Path,
    group: ProcessGroup,
    *,
    saved: Saved | None = None,
    init: str | None = None,
    workers: int = 0,
    resident: bool = False,
    compile: bool = False,
    tensorboard: bool = False,
    report: Report = lambda line: None,
) -> dict[str, Skipped]:
    """Train a decoder; write checkpoints, samples and metrics.jsonl into `run`.

    saved: continue exactly from there, with the losses of a run that never stopped (a remote stream
    begins a new epoch). report is called with each line of metrics.jsonl. Returns the content and
    style pictures that could not be used, and why. Ctrl-C saves before it is a KeyboardInterrupt.
    """
    begun = set_up(config, recipe, content, style, group, saved, init, workers, resident, compile)
    state, device = begun.state, group.device
    log = Log(run, state.step, recipe.batch_size, tensorboard, report) if group.leads else None
    with Interrupt() as interrupt:
        while state.step < recipe.steps:
            since = time.perf_counter()
            (photos, unread), (paintings, unseen), which = next(begun.batches)
            waited = time.perf_counter() - since
            state.skipped["content"] |= unread
            state.skipped["style"] |= unseen

            losses = step(
                state,
                begun.painter,
                begun.vgg,
                recipe,
                to_float(photos, device),
                to_float(paintings, device),
                which,
            )
            losses = group.mean(losses)
            stop = group.agree(interrupt.wanted, state.step)
            if group.leads:
                log.add(state.step, losses, waited)
            due = state.step % recipe.checkpoint_every == 0 or state.step == recipe.steps
            if due or stop:
                state.skipped = group.merge(state.skipped)
            if group.leads and (due or stop):
                log.flush()  # which stops if a loss is not finite: what is saved is good
                name = f"{state.step:06d}"
                save_model(run / f"checkpoint-{name}.safetensors", state.ema)
                save_samples(run / f"samples-{name}.jpg", state.ema, *begun.fixed)
                save_curve(run / "curve.png", [run])
                save_skipped(run / "skipped.tsv", state.skipped)
                save_state(run, state, recipe)
                log.picture(run / f"samples-{name}.jpg", state.step)
            if stop:
                group.share(None)  # no process leaves before the leader has written
                raise KeyboardInterrupt
    return state.skipped


@dataclass
class TrainingSetup:
    """A run that is ready for its next step.

    painter: the net's trained part, wrapped for several processes. vgg: what losses are measured on;
    the net's own encoder, or another where that is trained itself. batches: of photos and of
    paintings, as the sources give them, and the paintings' numbers if the net learns each by its own.
    fixed: the photos and paintings of the sample grid, and the paintings' numbers.
    """

    state: State
    painter: nn.Module
    vgg: VGGEncoder
    batches: Iterator
    fixed: list[Tensor | None]


def set_up(
    config: Config,
    recipe: Recipe,
    content: Pictures,
    style: Pictures,
    group: ProcessGroup,
    saved: Saved | None = None,
    init: str | None = None,
    workers: int = 0,
    resident: bool = False,
    compile: bool = False,
) -> TrainingSetup:
    """Everything before the first step; the arguments are those of `train`."""
    if recipe.batch_size % group.world:
        raise InputError(f"a batch of {recipe.batch_size} cannot be shared by {group.world} processes")
    sources = [
        open_source(s, recipe, i, resident, group, workers) for i, s in enumerate((content, style))
    ]
    if BOTTLENECKS[config.bottleneck].trained_with_maps and recipe.pairings > 1:
        kind = config.bottleneck
        raise InputError(
            f"pairings must be 1 for a {kind} bottleneck, whose maps pair styles themselves"
        )
    state, vgg = prepare(config, recipe, sources, group, saved, init)
    partly = any(name.startswith(ADDED) for name, _ in state.net.named_parameters())
    painter = group.wrap(TrainableNet(state.net), partly=partly)
    if compile:
        vgg.compile()
        painter.compile()
    share = Share(recipe.batch_size, state.step, recipe.steps, group.rank, group.world)
    shares = (workers + 1) // 2, workers // 2
    batches = [source.batches(share, group.device, n) for source, n in zip(sources, shares)]
    known, seed = len(config.styles), recipe.seed + 1
    which = labels(share, known, seed, group.device) if known else repeat(None)
    fixed = []
    if group.leads:
        fixed = [to_float(source.take(4), group.device) for source in sources]
        fixed.append(_first_labels(4, known, seed, group.device) if known else None)
    return TrainingSetup(state, painter, vgg, zip(*batches, which), fixed)


class TrainableNet(nn.Module):
    """Everything of a network that is trained, as one call: what several processes synchronise."""

    def __init__(self, net: StylizerNet):
        super().__init__()
        parts = net.named_children()
        self.parts = nn.ModuleList(p for name, p in parts if name != "encoder" or trained(p))
        self._net = [net]  # in a list, or a frozen encoder would be one of its parts

    def forward(
        self,
        photos: Tensor,
        paintings: Tensor | None = None,
        code: Code | None = None,
        times: int = 1,
        shares: Tensor | None = None,
        which: Tensor | None = None,
        corner: tuple[int, int] = (0, 0),
    ):
        """The pictures, and the features they were made of; reconstructions without paintings.

        code: of the paintings, where it is known. times: in how many styles each photo is painted.
        which: the paintings' numbers, for a net that has learned their codes. corner: as for
        `StylizerNet.painted`.
        """
        net = self._net[0]
        if which is not None:
            code = net.learned(which)
        elif paintings is not None and net.bottleneck.takes_style:
            code = code or net.code(paintings)
        if code is not None:
            code = {t: Statistics(*(paired(part, times) for part in code[t])) for t in code}
        alpha = 0.0 if paintings is None else 1.0
        return net.painted(again(photos, times), code, alpha, shares, corner)


def trained(net: nn.Module) -> list[nn.Parameter]:
    """The parameters that the optimizer changes and the average follows."""
    return [p for p in net.parameters() if p.requires_grad]


def step(
    state: State,
    painter: nn.Module,
    vgg: VGGEncoder,
    recipe: Recipe,
    photos: Tensor,
    paintings: Tensor,
    which: Tensor | None = None,
) -> dict[str, Tensor]:
    """One step of the optimizer; the losses, their weighted sum and the gradient's norm.

    which: the paintings' numbers, for a net that learns each by its own.
    """
    net = state.net
    half = fast_dtype(photos.device) == torch.bfloat16
    with torch.autocast(photos.device.type, torch.bfloat16, enabled=half):
        # Reconstruction now and then, so that alpha = 0 stays the photo; and first, if asked for.
        # AdaIN with a picture's own statistics changes nothing, so it is the identity loss as well.
        every = recipe.reconstruct_every
        if state.step < recipe.reconstruct or every and state.step % every == 0:
            rebuilt, _ = painter(photos)
            losses = {"reconstruction": (rebuilt.float() - photos).abs().mean()}
            loss = 10 * losses["reconstruction"]
        else:
            shares = seen = None
            if net.bottleneck.trained_with_maps:
                shares = random_maps(len(photos), recipe.crop, (recipe.seed, state.step), photos.device)
            elif net.bottleneck.trained_in_uneven_light:
                seen = uneven_light(photos, (recipe.seed, state.step))
            losses = stylization_losses(
                net, vgg, painter, recipe, photos, paintings, state.spread, shares, seen, which,
                seed=recipe.views * state.step,
            )  # fmt: skip
            loss = sum(getattr(recipe, f"{name}_weight") * value for name, value in losses.items())
    for parameters in state.optimizer.param_groups:
        parameters["lr"] = learning_rate(state.step, recipe)
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    gradient = nn.utils.clip_grad_norm_(trained(net), recipe.clip or math.inf)
    state.optimizer.step()
    state.step += 1
    average(state.ema, net, min(recipe.ema, state.step / (state.step + 9)))
    return {"loss": loss, **losses, "gradient": gradient}


def learning_rate(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then a cosine to zero at the last step, or slow decay as published."""
    warmup = min(1.0, (step + 1) / recipe.warmup) if recipe.warmup else 1.0
    if recipe.decay:
        return recipe.learning_rate * warmup / (1 + recipe.decay * step)
    return recipe.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))


@torch.no_grad()
def average(ema: nn.Module, net: nn.Module, decay: float) -> None:
    """ema ← decay · ema + (1 − decay) · net, in place."""
    torch._foreach_lerp_(trained(ema), trained(net), 1 - decay)


def open_source(
    pictures: Pictures, recipe: Recipe, index: int, resident: bool, group: ProcessGroup, workers: int
) -> Crops | Resident | Stream:
    """The crops of one kind of pictures; index tells kinds apart, so that each has its own chance."""
    augmentation, seed = Augmentation(recipe.crop, recipe.zoom), recipe.seed + index
    if isinstance(pictures[0], str):
        return Stream(pictures, augmentation, seed)
    if resident:
        return Resident(pictures, augmentation, seed, group.device, workers)
    return Crops(pictures, augmentation, seed)


def prepare(
    config: Config,
    recipe: Recipe,
    sources: Sequence[Crops | Resident | Stream],
    group: ProcessGroup,
    saved: Saved | None,
    init: str | None,
) -> tuple[State, VGGEncoder]:
    """The state to go on from, the same in every process: as saved, of a model's weights, or new.

    And the VGG that losses are measured on: the network's own, unless it has none.
    """
    torch.manual_seed(recipe.seed)
    step, skipped = (saved.step, saved.skipped) if saved else (0, {"content": {}, "style": {}})
    blank = not group.leads or saved is not None
    net = StylizerNet(config) if blank else new_net(config, init, sources)
    net = net.to(group.device, memory_format=torch.channels_last)
    net.requires_grad_(True)
    vgg = net.encoder
    if config.encoder == SLIM:
        vgg = load_encoder().to(group.device, memory_format=torch.channels_last)
    vgg.requires_grad_(False)
    optimizer = torch.optim.Adam(trained(net), lr=recipe.learning_rate, fused=True)
    if not blank and recipe.fit and init is None:
        crops = to_float(sources[0].take(32), group.device)
        fit_slim(net, vgg, crops) if config.encoder == SLIM else fit_decoder(net, crops)
    known = config.styles
    if not blank and known and (init is None or load_model(init).config.styles != known):
        crops = to_float(sources[1].take(8 * len(known)), group.device)
        fill_bank(net, crops, _first_labels(len(crops), len(known), recipe.seed + 1, group.device))
    state = State(step, net, deepcopy(net), optimizer, {}, skipped)
    if saved:
        unpack(state, saved.tensors)
    elif group.leads:
        state.spread = measure_spread(vgg, sources[1].take(256), group.device)
    if group.world > 1:
        packed = {name: tensor.cpu() for name, tensor in pack(state).items()} if group.leads else None
        packed = group.share(packed)
        if not group.leads:
            unpack(state, packed)
    return state, vgg


def _first_labels(count: int, pictures: int, seed: int, device: torch.device) -> Tensor:
    """Which pictures a source's first crops are cut from."""
    return torch.tensor([picture_of(n, pictures, seed) for n in range(count)], device=device)


@torch.no_grad()
def measure_spread(vgg: VGGEncoder, crops: Tensor, device: torch.device) -> Spread:
    """Variance of each channel's mean and standard deviation over style crops, by tap."""
    found: dict[str, list[Statistics]] = {tap: [] for tap in STYLE_TAPS}
    for batch in DataLoader(crops, batch_size=8):
        for tap, x in vgg(to_float(batch, device), STYLE_TAPS).items():
            found[tap].append(statistics(x))
    spread = {}
    for tap, rows in found.items():
        variances = [torch.cat(part).var(dim=0) for part in zip(*rows)]
        # A channel that hardly ever changes must not outweigh all others.
        spread[tap] = Statistics(*(v.clamp(min=0.05 * v.mean().item()) for v in variances))
    return spread


def to_float(batch: Tensor, device: torch.device) -> Tensor:
    """uint8 (N, 3, H, W) to float32 in [0, 1] on the device, channels last."""
    batch = batch.to(device, non_blocking=True, memory_format=torch.channels_last)
    return batch.float() / 255

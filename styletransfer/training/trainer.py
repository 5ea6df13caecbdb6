"""The training loop, to be read from top to bottom."""

import json
import math
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from ..device import fast_dtype
from ..errors import InputError
from ..io.weights import SHIPPED_ENCODER, load_encoder, load_model, save_model
from ..nn.normalization import Statistics, statistics
from ..nn.stylizer import Config, StylizerNet
from ..nn.vgg import CHANNELS, STYLE_TAPS
from .checkpoint import State, read_state, restore, save_state
from .data import Crops, Entry, Pairs
from .encoders import build_encoder
from .initialize import fit_decoder
from .losses import LOSS_TAPS, balanced, content_distance, gram, gram_distance, style_distance
from .recipe import Recipe
from .samples import save_samples

Report = Callable[[dict], None]


def learning_rate(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then a cosine to zero at the last step."""
    warmup = min(1.0, (step + 1) / recipe.warmup) if recipe.warmup else 1.0
    return recipe.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))


def start(config: Config, pictures: Sequence[Entry], init: str | None) -> StylizerNet:
    """A network to train: from a model's weights, or new with the encoder its config names."""
    if init is not None:
        return load_model(init)
    net = StylizerNet(config)
    if config.channels == CHANNELS:  # a test's tiny network keeps its random encoder
        shipped = config.encoder == SHIPPED_ENCODER
        encoder = load_encoder() if shipped else build_encoder(config.encoder, pictures)
        net.encoder.load_state_dict(encoder.state_dict())
    return net


@torch.no_grad()
def measure_spread(net: StylizerNet, crops: Crops, device: torch.device, count: int = 256):
    """Variance of each channel's mean and standard deviation over `count` style crops, by tap."""
    found: dict[str, list[Statistics]] = {tap: [] for tap in STYLE_TAPS}
    for batch, _ in DataLoader(crops, batch_size=8, sampler=range(count)):
        for tap, x in net.encoder(to_float(batch, device), STYLE_TAPS).items():
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


def stylization_losses(
    net: StylizerNet, content: Tensor, style: Tensor, spread: dict[str, Statistics]
) -> dict[str, Tensor]:
    """Content, style and gram losses of one batch, scalars. Pictures are (N, 3, H, W) in [0, 1]."""
    with torch.no_grad():
        target = net.encoder(torch.cat([content, style]), LOSS_TAPS)
        photo = {tap: x[: len(content)] for tap, x in target.items()}
        painting = {tap: x[len(content) :] for tap, x in target.items()}
        code = {tap: statistics(painting[tap]) for tap in STYLE_TAPS}
        grams = {tap: gram(painting[tap]) for tap in STYLE_TAPS}
        untouched = {tap: statistics(photo[tap]) for tap in STYLE_TAPS}
        far = style_distance(untouched, code, spread)
        far_gram = gram_distance({tap: gram(photo[tap]) for tap in STYLE_TAPS}, grams)
    features = {tap: photo[tap] for tap in net.config.taps}
    output = net.encoder(net.decoder(net.bottleneck(features, code)), LOSS_TAPS)
    near = style_distance({tap: statistics(output[tap]) for tap in STYLE_TAPS}, code, spread)
    near_gram = gram_distance({tap: gram(output[tap]) for tap in STYLE_TAPS}, grams)
    return {
        "content": content_distance(output, photo).mean(),
        "style": balanced(near, far),
        "gram": balanced(near_gram, far_gram),
    }


def train(
    config: Config,
    recipe: Recipe,
    content: Sequence[Entry],
    style: Sequence[Entry],
    run: Path,
    *,
    resume: bool = False,
    init: str | None = None,
    device: torch.device = torch.device("cpu"),
    workers: int = 0,
    report: Report = lambda line: None,
) -> dict[str, int]:
    """Train a decoder; write checkpoints, samples and metrics.jsonl into `run`.

    With resume, continues the run exactly where its last state was saved: the same losses as if it
    had never stopped. report is called with each line of metrics.jsonl. Returns how many broken
    content and style pictures were skipped.
    """
    if resume:
        tensors, first, broken, _, config = read_state(run)
        net = StylizerNet(config)
    else:
        torch.manual_seed(recipe.seed)
        first, broken = 0, {"content": 0, "style": 0}
        net = start(config, [*content, *style], init)
    net = net.to(device, memory_format=torch.channels_last)
    net.decoder.requires_grad_(True)
    optimizer = torch.optim.Adam(net.decoder.parameters(), lr=recipe.learning_rate, fused=True)
    crops = [Crops(entries, recipe.crop, recipe.seed + i) for i, entries in enumerate((content, style))]
    if not resume and init is None:
        fit_decoder(net, to_float(torch.stack([crops[0][n][0] for n in range(32)]), device))
    state = State(first, net, deepcopy(net), optimizer, {}, broken)
    if resume:
        restore(state, tensors)
    else:
        state.spread = measure_spread(net, crops[1], device)

    numbers = range(first * recipe.batch_size, recipe.steps * recipe.batch_size)
    loader = DataLoader(
        Pairs(*crops),
        batch_size=recipe.batch_size,
        sampler=numbers,
        num_workers=workers,
        pin_memory=device.type == "cuda",
    )
    half = fast_dtype(device) == torch.bfloat16
    log = Log(run / "metrics.jsonl", first, recipe.batch_size, report)
    for step, (photos, paintings, *missing) in enumerate(loader, first):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, recipe)
        photos, paintings = to_float(photos, device), to_float(paintings, device)
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            # Reconstruction now and then, so that alpha = 0 stays the photo; and first, if asked
            # for, since a decoder that cannot paint the photo learns no style.
            if step < recipe.reconstruct or step % recipe.reconstruct_every == 0:
                losses = {"reconstruction": (net(photos, None).float() - photos).abs().mean()}
                loss = 10 * losses["reconstruction"]
            else:
                losses = stylization_losses(net, photos, paintings, state.spread)
                loss = sum(getattr(recipe, f"{k}_weight") * v for k, v in losses.items())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.decoder.parameters(), 5.0)
        optimizer.step()
        average(state.ema.decoder, net.decoder, min(recipe.ema, (step + 1) / (step + 10)))

        state.step = step + 1
        for kind, count in zip(("content", "style"), missing):
            broken[kind] += int(count.sum())
        log.add(step + 1, {"loss": loss, **losses})
        if state.step % recipe.checkpoint_every == 0 or state.step == recipe.steps:
            log.flush()
            save_model(run / f"checkpoint-{state.step:06d}.safetensors", state.ema)
            save_samples(run / f"samples-{state.step:06d}.jpg", state.ema, *crops, device)
            save_state(run, state, recipe)
    return broken


@torch.no_grad()
def average(ema: torch.nn.Module, net: torch.nn.Module, decay: float) -> None:
    """ema ← decay · ema + (1 − decay) · net, in place."""
    torch._foreach_lerp_(list(ema.parameters()), list(net.parameters()), 1 - decay)


class Log:
    """metrics.jsonl, one object a step. Losses are fetched in bunches: each fetch stalls a GPU."""

    def __init__(self, path: Path, first: int, batch_size: int, report: Report):
        kept = []
        if first and path.is_file():  # lines after the saved state will be written again
            kept = [s for s in path.read_text().splitlines() if json.loads(s)["step"] <= first]
        path.write_text("".join(f"{line}\n" for line in kept))
        self.path, self.batch_size, self.report = path, batch_size, report
        self.waiting: list[tuple[int, dict[str, Tensor]]] = []
        self.since = time.perf_counter()

    def add(self, step: int, losses: dict[str, Tensor]) -> None:
        self.waiting.append((step, {k: v.detach() for k, v in losses.items()}))
        if time.perf_counter() - self.since > 1:
            self.flush()

    def flush(self) -> None:
        values = [{k: v.item() for k, v in losses.items()} for _, losses in self.waiting]
        now = time.perf_counter()
        rate = len(values) * self.batch_size / (now - self.since)
        lines = [
            {"step": step, **value, "samples_per_second": round(rate, 2)}
            for (step, _), value in zip(self.waiting, values)
        ]
        with open(self.path, "a") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
        self.waiting, self.since = [], now
        for line in lines:
            if not math.isfinite(line["loss"]):
                raise InputError(f"the loss is {line['loss']} at step {line['step']}: stopped")
            self.report(line)

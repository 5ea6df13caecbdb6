"""One run: a network trained on photos from one seed, tested on other photos and on paintings."""

import time
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..squares import floats
from .networks import METHODS, adapt, network


@dataclass(frozen=True)
class Plan:
    """crop: of squares of `side` pixels. steps: by task. rate: AdamW's, after a warm-up, then cosine."""

    side: int = 40
    crop: int = 32
    batch: int = 64
    steps: dict[str, int] = field(default_factory=lambda: {"objects": 250, "rotation": 600})
    seeds: int = 5
    rate: float = 3e-3
    width: int = 16


@dataclass
class Task:
    """Squares, (N, 3, side, side) uint8, and labels (N,), or None where the label is how a picture is
    turned.

    painted: the training photos, each in a style. unlabelled: paintings that AdaBN may look at and that
    nothing is scored on.
    """

    classes: int
    train: Tensor
    painted: Tensor
    photos: Tensor
    paintings: Tensor
    unlabelled: Tensor
    labels: dict[str, Tensor] | None = None


def turned(pictures: Tensor, turns: Tensor) -> Tensor:
    """Each picture by so many quarters."""
    return torch.stack([torch.rot90(p, int(t), (1, 2)) for p, t in zip(pictures, turns)])


def cropped(pictures: Tensor, crop: int, chooser: torch.Generator) -> Tensor:
    """A random square of each, every other one mirrored, by chance."""
    room = pictures.shape[2] - crop + 1
    places = torch.randint(room, (len(pictures), 2), generator=chooser).tolist()
    mirrored = torch.rand(len(pictures), generator=chooser) < 0.5
    parts = [p[:, y : y + crop, x : x + crop] for p, (y, x) in zip(pictures, places)]
    return torch.stack([p.flip(2) if m else p for p, m in zip(parts, mirrored)])


def training_batch(task: Task, method: str, plan: Plan, chooser: torch.Generator) -> tuple[Tensor, ...]:
    """Pictures in [0, 1], and labels."""
    which = torch.randint(len(task.train), (plan.batch,), generator=chooser)
    # Drawn for all methods, so that all see the same pictures in the same order.
    paint = torch.rand(plan.batch, generator=chooser) < 0.5
    pictures = task.train[which]
    if method == "stylised":
        pictures = torch.where(paint[:, None, None, None], task.painted[which], pictures)
    pictures = cropped(pictures, plan.crop, chooser)
    if task.labels is not None:
        return floats(pictures), task.labels["train"][which]
    turns = torch.randint(4, (plan.batch,), generator=chooser)
    return floats(turned(pictures, turns)), turns


def train(task: Task, method: str, seed: int, plan: Plan, steps: int) -> tuple[nn.Module, float]:
    """The network, in eval mode, and seconds a step, what draws and cuts pictures left out."""
    torch.manual_seed(seed)
    net = network(method, task.classes, plan.width)
    optimizer = torch.optim.AdamW(net.parameters(), plan.rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, plan.rate, total_steps=steps)
    chooser = torch.Generator().manual_seed(seed)
    seconds = 0.0
    for _ in range(steps):
        pictures, labels = training_batch(task, method, plan, chooser)
        started = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16):
            scores = net(pictures)
        F.cross_entropy(scores.float(), labels).backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        seconds += time.perf_counter() - started
    return net.eval(), seconds / steps


@torch.no_grad()
def accuracy(net: nn.Module, pictures: Tensor, labels: Tensor | None, crop: int) -> float:
    """Share of pictures, their middles, that the network is right about; each is turned once if its
    label is how it is turned."""
    edge = (pictures.shape[2] - crop) // 2
    pictures = pictures[:, :, edge : edge + crop, edge : edge + crop]
    if labels is None:
        labels = torch.arange(len(pictures)) % 4
        pictures = turned(pictures, labels)
    right = 0
    for part, wanted in zip(pictures.split(256), labels.split(256)):
        right += int((net(floats(part)).argmax(dim=1) == wanted).sum())
    return right / len(pictures)


def run(task: Task, method: str, seed: int, plan: Plan, steps: int) -> dict:
    """Accuracy on held-out photos and on paintings; of batch normalization also after AdaBN."""
    net, seconds = train(task, method, seed, plan, steps)
    labels = task.labels or {"photos": None, "paintings": None}
    found = {
        name: accuracy(net, getattr(task, name), labels[name], plan.crop)
        for name in ("photos", "paintings")
    }
    found["seconds"] = seconds
    if method == "batch":
        chooser = torch.Generator().manual_seed(seed)
        seen = cropped(task.unlabelled, plan.crop, chooser)
        if task.labels is None:
            seen = turned(seen, torch.randint(4, (len(seen),), generator=chooser))
        started = time.perf_counter()
        adapt(net, [floats(part) for part in seen.split(plan.batch)])
        found["adapting"] = time.perf_counter() - started
        found["adapted"] = accuracy(net, task.paintings, labels["paintings"], plan.crop)
    return found


def costs(plan: Plan, steps: int = 6) -> dict[str, float]:
    """Milliseconds of a training step by method, the methods in turns; no pictures are read."""
    pictures = torch.rand(plan.batch, 3, plan.crop, plan.crop).contiguous(
        memory_format=torch.channels_last
    )
    labels = torch.arange(plan.batch) % 4
    nets = {method: network(method, 4, plan.width) for method in METHODS}
    times: dict[str, list[float]] = {method: [] for method in METHODS}
    for turn in range(steps + 1):  # the first warms up
        for method, net in nets.items():
            started = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16):
                scores = net(pictures)
            F.cross_entropy(scores.float(), labels).backward()
            if turn:
                times[method].append(1000 * (time.perf_counter() - started))
    return {method: sorted(each)[len(each) // 2] for method, each in times.items()}

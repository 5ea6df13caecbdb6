"""One run: a network of one normalization trained from one seed, and all that is measured of it."""

import base64
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch
from PIL import Image
from torch import Tensor, nn

from styletransfer.evaluation import metrics
from styletransfer.models.vgg import VGGEncoder

from .norms import NORMS
from .tasks import DISTURBANCES, TASKS, Single, disturbed, encoded

COMPARED = tuple(NORMS)


@dataclass(frozen=True)
class Plan:
    """How large the comparison is. Sides are in pixels.

    crop, batch, steps, width: of training; width: channels at full resolution. pool: how many crops
    of photos and of paintings there are to train on. seeds: runs of each kind. pairs: of a photo and a
    painting that are not trained on, measured at `size`. updates, updates_crop, sizes: of the runs with
    other batch sizes. rate: Adam's.
    """

    crop: int = 64
    batch: int = 4
    steps: int = 300
    width: int = 16
    pool: int = 512
    seeds: int = 3
    pairs: int = 16
    size: int = 128
    updates: int = 30
    updates_crop: int = 32
    sizes: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    rate: float = 2e-3


@dataclass
class Pictures:
    """Squares in [0, 1], on the device; held: those that nothing is trained on, at `Plan.size`; shown:
    those that the report shows."""

    photos: Tensor
    paintings: Tensor
    painting: Tensor
    held_photos: Tensor
    held_paintings: Tensor
    shown_photos: Tensor
    shown_paintings: Tensor


def train(
    task: Single, held: Single, norm: str, seed: int, plan: Plan, steps: int, batch: int, micro: int
) -> tuple[nn.Module, dict]:
    """A trained network, in eval mode, and its losses.

    micro: how many of a batch go through the network at a time. Their gradients are summed, so all
    that it changes is over which samples a normalization can take its statistics.
    """
    torch.manual_seed(seed)
    net = task.network(plan.width, NORMS[norm]).to(task.photos.device)
    optimizer = torch.optim.Adam(net.parameters(), lr=plan.rate)
    chooser = torch.Generator().manual_seed(seed)
    curve, checks = [], []
    for step in range(1, steps + 1):
        net.train()
        total = torch.zeros(2, device=task.photos.device)
        for rows in task.rows(batch, chooser).split(micro):
            losses = task.losses(net, rows).sum(dim=0) / batch
            losses.sum().backward()
            total += losses.detach()
        optimizer.step()
        optimizer.zero_grad()
        curve.append(total.tolist())
        if step % max(1, steps // 10) == 0 or step == steps:
            checks.append([step, *held_loss(net, held)])
    return net.eval(), {"curve": curve, "held": checks}


@torch.no_grad()
def settle(net: nn.Module, task: Single, rows: Tensor, micro: int) -> None:
    """Take batch normalization's averages anew, over pairs and with the weights as they now are: in a
    short run those of large batches are few, and lag behind (Wu & Johnson 2021)."""
    net.train()
    for number, part in enumerate(rows.split(micro), 1):
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1 / number  # the mean of all parts
        task.paint(net, part)
    net.eval()


@torch.no_grad()
def held_loss(net: nn.Module, held: Single) -> list[float]:
    """Content and style loss of the pairs that are not trained on, as a user would run the network."""
    return held.losses(net.eval(), pairs(held)).mean(dim=0).tolist()


def pairs(task: Single) -> Tensor:
    """Every photo with a painting: the one that goes with it, or the only one."""
    count = len(task.photos)
    paintings = len(next(iter(task.codes.values())))
    return torch.stack([torch.arange(count), torch.arange(count) % paintings], dim=1)


@torch.no_grad()
def scores(net: nn.Module, task: Single, styles: Tensor, others: Tensor, judge: VGGEncoder) -> dict:
    """Mean style, gram, content and ssim of the pairs, as `stylize evaluate` has them.

    task: the pairs; styles: their paintings. others: more paintings, which say how much each
    channel varies between styles. judge: the VGG-19 as it was released.
    """
    rows = pairs(task)
    painted = torch.cat([task.paint(net, part) for part in rows.split(4)]).clamp(0, 1)
    every = [
        metrics.all_statistics(judge(x, metrics.TAPS)) for x in (*styles.split(1), *others.split(1))
    ]
    deviations = metrics.style_deviations(every)
    found = []
    for (photo, painting), out in zip(rows.tolist(), painted.split(1)):
        content = task.photos[photo : photo + 1]
        style = judge(styles[painting : painting + 1], metrics.TAPS)
        before, after = (judge(x, metrics.TAPS) for x in (content, out))
        kinds = metrics.all_statistics, metrics.gram_matrices
        stats, grams = ([kind(x) for x in (after, before, style)] for kind in kinds)
        found.append(
            {
                "style": metrics.style_score(*stats, deviations),
                "gram": metrics.gram_score(*grams),
                "content": metrics.content_score(after, before),
                "ssim": metrics.ssim(out.cpu(), content.cpu()).item(),
            }
        )
    return {name: sum(row[name] for row in found) / len(found) for name in found[0]}


@torch.no_grad()
def sensitivity(net: nn.Module, held: Single) -> dict[str, list[list[float]]]:
    """For each disturbance of the photos [level, change, style]: by how many grey levels the picture
    changes in the mean, and its style, 1 for the painting's and 0 for the photo's own."""
    rows = pairs(held)
    before = held.style_distance(held.seen(held.photos), rows).clamp(min=1e-6)

    def style(picture: Tensor) -> float:
        return (1 - held.style_distance(held.seen(picture), rows) / before).mean().item()

    plain = held.paint(net, rows).clamp(0, 1)
    found: dict[str, list[list[float]]] = {"none": [[0.0, 0.0, style(plain)]]}
    for kind, levels in DISTURBANCES.items():
        found[kind] = []
        for level in levels:
            photos = disturbed(held.photos, kind, level)
            inputs = photos if held.inputs is held.photos else encoded(held.vgg, photos, held.taps[-1])
            picture = held.paint(net, rows, inputs).clamp(0, 1)
            found[kind].append([level, (picture - plain).abs().mean().item() * 255, style(picture)])
    return found


def costs(task: Single, plan: Plan, repeats: int) -> dict[str, dict[str, float]]:
    """Milliseconds of a step, in turns so that whatever else runs here is in the way of all alike.

    Of each normalization: step, the whole of it; network, its network forwards and backwards;
    kept, MB that the network keeps for going backwards.
    """
    device = task.photos.device
    rows = task.rows(plan.batch, torch.Generator().manual_seed(0))

    def whole(net: nn.Module) -> Callable[[], None]:
        return lambda: task.losses(net, rows).sum().backward()

    def alone(net: nn.Module) -> Callable[[], None]:
        return lambda: task.paint(net, rows).square().sum().backward()

    work: dict[tuple[str, str], Callable[[], None]] = {}
    found: dict[str, dict[str, float]] = {}
    for name in COMPARED:
        net = task.network(plan.width, NORMS[name]).to(device)
        work |= {(name, "step"): whole(net), (name, "network"): alone(net)}
        found[name] = {"kept": kept(lambda: task.paint(net, rows)) / 1e6}  # noqa: B023
    times: dict[tuple[str, str], list[float]] = {key: [] for key in work}
    for turn in range(repeats + 1):  # the first warms up
        for key, run in work.items():
            started = time.perf_counter()
            run()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn:
                times[key].append(time.perf_counter() - started)
    for (name, what), seconds in times.items():
        found[name][what] = 1000 * median(seconds)
    return found


def kept(run: Callable[[], Tensor]) -> int:
    """Bytes of the tensors that a forward pass keeps for the backward one."""
    storages = {}

    def note(x: Tensor) -> Tensor:
        storages[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(note, lambda x: x):
        result = run()  # alive until they are counted: a freed address may come again
        total = sum(storages.values())
        del result
    return total


class Bench:
    """Everything that a run needs: the pictures, the encoders, the tasks."""

    def __init__(self, plan: Plan, pictures: Pictures, vgg: VGGEncoder, judge: VGGEncoder):
        self.plan, self.pictures, self.vgg, self.judge = plan, pictures, vgg, judge
        self.tasks: dict[tuple, Single] = {}

    def task(self, kind: str, where: str, side: int, depth: int = 3) -> Single:
        """A task on the pool of training crops, or on the pictures held or shown, as squares of a
        side; kept."""
        key = kind, where, side, depth
        if key not in self.tasks:
            p = self.pictures
            photos, paintings = {
                "pool": (p.photos, p.paintings),
                "held": (p.held_photos, p.held_paintings),
                "shown": (p.shown_photos, p.shown_paintings),
            }[where]
            if kind == "single":
                paintings = p.painting
            photos, paintings = (resized(x, side) for x in (photos, paintings))
            self.tasks[key] = TASKS[kind](self.vgg, photos, paintings, depth)
        return self.tasks[key]

    def main(self, kind: str, norm: str, seed: int) -> dict:
        """Train one network of a kind and measure it."""
        plan = self.plan
        held = self.task(kind, "held", plan.crop)
        sizes = plan.steps, plan.batch, plan.batch
        net, found = train(self.task(kind, "pool", plan.crop), held, norm, seed, plan, *sizes)
        large = self.task(kind, "held", plan.size)
        p = self.pictures
        styles = p.painting if kind == "single" else p.held_paintings
        found["scores"] = scores(net, large, resized(styles, plan.size), p.held_paintings, self.judge)
        found["sensitivity"] = sensitivity(net, held)
        if seed == 0:
            with torch.no_grad():
                shown = self.task(kind, "shown", plan.size)
                found["shown"] = to_png(shown.paint(net, pairs(shown)))
        return found

    def batch(self, norm: str, seed: int, micro: int) -> dict:
        """Train one network for one painting with statistics over `micro` samples at a time."""
        plan = self.plan
        pool, held = (self.task("single", where, plan.updates_crop, 2) for where in ("pool", "held"))
        whole = max(plan.sizes)
        net, found = train(pool, held, norm, seed, plan, plan.updates, whole, micro)
        settle(net, pool, pool.rows(whole, torch.Generator().manual_seed(0)), micro)
        return {"held": held_loss(net, held), "train": found["curve"][-1]}

    def cost(self, turn: int) -> dict:
        """Time and memory of a step for one painting."""
        return costs(self.task("single", "pool", self.plan.crop), self.plan, repeats=8)


def to_png(pictures: Tensor) -> str:
    """Pictures side by side, as text."""
    row = torch.cat(list(pictures.clamp(0, 1)), dim=2).mul(255).round().byte()
    buffer = io.BytesIO()
    Image.fromarray(row.permute(1, 2, 0).cpu().numpy()).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def resized(pictures: Tensor, side: int) -> Tensor:
    """Square pictures at another side."""
    if pictures.shape[2] == side:
        return pictures
    sized = {"size": (side, side), "mode": "bicubic", "antialias": True}
    return torch.cat([nn.functional.interpolate(x, **sized) for x in pictures.split(64)]).clamp(0, 1)

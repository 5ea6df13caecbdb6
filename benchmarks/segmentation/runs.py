"""One run: a small U-Net that is to say which of two styles a place of a picture is painted in."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..generalization.networks import adapt
from ..normalization.norms import NORMS, Norm
from ..squares import floats

COMPARED = ("batch", "group", "instance", "layer")
SIZES = (1, 2, 4, 16)


@dataclass(frozen=True)
class Plan:
    """side: pixels. samples: pictures that a run sees, whatever its batch. rate: SGD's at the largest
    batch,
    and in proportion at smaller ones (Goyal et al. 2017), as Wu & He 2018 have it."""

    side: int = 32
    samples: int = 800
    seeds: int = 5
    rate: float = 0.1
    width: int = 8
    photos: int = 600
    tested: int = 200


def convolutions(inputs: int, outputs: int, norm: Norm) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(2):
        layers += [nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), norm(outputs), nn.ReLU(inplace=True)]
        inputs = outputs
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Three levels (Ronneberger et al. 2015, 1505.04597), a normalization after every convolution."""

    def __init__(self, width: int, norm: Norm):
        super().__init__()
        self.fine = convolutions(3, width, norm)
        self.middle = convolutions(width, 2 * width, norm)
        self.coarse = convolutions(2 * width, 4 * width, norm)
        self.up_middle = convolutions(6 * width, 2 * width, norm)
        self.up_fine = convolutions(3 * width, width, norm)
        self.last = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, H, W) logits; H and W divide by 4."""
        fine = self.fine(x)
        middle = self.middle(F.max_pool2d(fine, 2))
        coarse = self.coarse(F.max_pool2d(middle, 2))
        up = self.up_middle(torch.cat([F.interpolate(coarse, scale_factor=2.0), middle], dim=1))
        up = self.up_fine(torch.cat([F.interpolate(up, scale_factor=2.0), fine], dim=1))
        return self.last(up)[:, 0]


def masks(count: int, side: int, chooser: torch.Generator) -> Tensor:
    """Random blobs, (count, side, side) bool; of every four masks one is empty or full."""
    coarse = torch.randn(count, 1, 6, 6, generator=chooser)
    smooth = F.interpolate(coarse, (side, side), mode="bicubic", align_corners=False)[:, 0]
    shares = torch.rand(count, generator=chooser)
    found = (
        smooth > smooth.flatten(1).quantile(0.5, dim=1)[:, None, None] + (shares - 0.5)[:, None, None]
    )
    found[::4] = (torch.rand(len(found[::4]), generator=chooser) < 0.5)[:, None, None]
    return found


def composed(first: Tensor, second: Tensor, mask: Tensor) -> Tensor:
    """The first of two paintings of a photo where the mask is, the second elsewhere; (N, 3, H, W)
    in [0, 1]."""
    return floats(torch.where(mask[:, None], first, second))


@dataclass
class Paintings:
    """The same photos in two styles, (2, N, 3, side, side) uint8 each; test: of other photos."""

    train: Tensor
    test: Tensor


def train(
    paintings: Paintings, norm: str, size: int, seed: int, plan: Plan
) -> tuple[nn.Module, list[Tensor]]:
    """A network trained with batches of a size, in eval mode, and some of the pictures that it saw."""
    torch.manual_seed(seed)
    net = UNet(plan.width, NORMS[norm]).to(memory_format=torch.channels_last)
    rate = plan.rate * size / max(SIZES)
    optimizer = torch.optim.SGD(net.parameters(), rate, momentum=0.9)
    steps = plan.samples // size
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: 0.5 + 0.5 * math.cos(math.pi * step / steps)
    )
    chooser = torch.Generator().manual_seed(seed)
    seen = []
    for _ in range(plan.samples // max(SIZES)):
        # Drawn by the largest batch, whatever the size: all see the same pictures in the same order.
        which = torch.randint(paintings.train.shape[1], (max(SIZES),), generator=chooser)
        mask = masks(max(SIZES), plan.side, chooser)
        pictures = composed(*paintings.train[:, which], mask)
        seen.append(pictures)
        for part, wanted in zip(pictures.split(size), mask.float().split(size)):
            with torch.autocast("cpu", torch.bfloat16):
                logits = net(part)
            F.binary_cross_entropy_with_logits(logits.float(), wanted).backward()
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
    return net.eval(), seen[-12:]


@torch.no_grad()
def scores(net: nn.Module, paintings: Paintings, plan: Plan) -> dict[str, float]:
    """iou: of both styles' areas, mean, on pictures with both. one: share of positions that are right on
    pictures of one style only."""
    chooser = torch.Generator().manual_seed(1234)  # the same test for all
    mask = masks(paintings.test.shape[1], plan.side, chooser)
    pictures = composed(*paintings.test, mask)
    guess = torch.cat([net(part) for part in pictures.split(64)]) > 0
    both = torch.arange(len(mask)) % 4 > 0
    areas = []
    for style in (True, False):
        a, b = guess[both] == style, mask[both] == style
        areas.append((a & b).sum().item() / max(1, (a | b).sum().item()))
    return {"iou": sum(areas) / 2, "one": (guess == mask)[~both].float().mean().item()}


def run(paintings: Paintings, norm: str, size: int, seed: int, plan: Plan) -> dict:
    """Scores as the network is used; of batch normalization also with its averages taken anew."""
    net, seen = train(paintings, norm, size, seed, plan)
    found: dict = scores(net, paintings, plan)
    if norm == "batch":
        adapt(net, seen)
        found["anew"] = scores(net, paintings, plan)
    return found

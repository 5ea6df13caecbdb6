"""A small residual network with each of the methods that are compared.

| | what it does | paper |
|---|---|---|
| batch, instance, layer, group | one normalization everywhere | see `benchmarks.normalization.norms` |
| ibn-a | BN, IN for half of the channels inside a block | Pan et al. 2018, 1807.09441 |
| ibn-b | BN, and IN after the stem and the sum of the early blocks | the same |
| mixstyle | BN; early statistics mixed between samples | Zhou et al. 2021, 2104.02008 |
| stylised | BN; every other photo is painted | Geirhos et al. 2019, 1811.12231 |
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from styletransfer.models.statistics import EPS

from ..normalization.norms import NORMS, Norm

METHODS = ("batch", "instance", "layer", "group", "ibn-a", "ibn-b", "mixstyle", "stylised")


class Halves(nn.Module):
    """IBN-a: instance normalization of the first half of the channels, batch of the second."""

    def __init__(self, channels: int):
        super().__init__()
        self.half = channels // 2
        self.instance = NORMS["instance"](self.half)
        self.batch = NORMS["batch"](channels - self.half)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.instance(x[:, : self.half]), self.batch(x[:, self.half :])], dim=1)


class MixStyle(nn.Module):
    """While training, gives samples μ and σ that are mixed with another sample's, λ from Beta(α, α)."""

    def __init__(self, p: float = 0.5, alpha: float = 0.1):
        super().__init__()
        self.p, self.alpha = p, alpha

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or torch.rand(()) >= self.p:
            return x
        wide = x.float()
        var, mean = torch.var_mean(wide.detach(), dim=(2, 3), correction=0, keepdim=True)
        std = (var + EPS).sqrt()
        share = torch.distributions.Beta(self.alpha, self.alpha).sample((len(x), 1, 1, 1))
        other = torch.randperm(len(x))
        mixed = [share * part + (1 - share) * part[other] for part in (mean, std)]
        return ((wide - mean) / std * mixed[1] + mixed[0]).to(x.dtype)


class Block(nn.Module):
    """Two 3×3 convolutions beside a shortcut; first, second: their normalizations; after: the sum's."""

    def __init__(
        self, inputs: int, outputs: int, stride: int, first: Norm, second: Norm, after: nn.Module
    ):
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), first(outputs), nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), second(outputs),
        )  # fmt: skip
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), second(outputs)
            )
        self.after = after

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.after(self.path(x) + self.shortcut(x)))


def network(method: str, classes: int, width: int = 32) -> nn.Sequential:
    """Stem, four blocks (two at half of the picture's size, two at a quarter), mean, linear."""
    norm = NORMS.get(method, NORMS["batch"])
    layers: list[nn.Module] = [nn.Conv2d(3, width, 3, 2, 1, bias=False), norm(width)]
    if method == "ibn-b":
        layers[1] = NORMS["instance"](width)
    layers += [nn.ReLU(inplace=True)]
    inputs = width
    for number in range(4):
        outputs, stride = (width, 1) if number < 2 else (2 * width, 1 + (number == 2))
        early = number < 2  # the deepest features are left as they are, as in the papers
        first = Halves if method == "ibn-a" and number < 3 else norm
        after = NORMS["instance"](outputs) if method == "ibn-b" and early else nn.Identity()
        layers.append(Block(inputs, outputs, stride, first, norm, after))
        if method == "mixstyle" and early:
            layers.append(MixStyle())
        inputs = outputs
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


@torch.no_grad()
def adapt(net: nn.Module, batches: list[Tensor]) -> None:
    """AdaBN (Li et al. 2016, 1603.04779): batch normalization's averages, taken anew over pictures of
    the other domain, of which no label is looked at."""
    layers = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the mean of all
    net.train()
    for batch in batches:
        net(batch)
    net.eval()

"""What is learned, twice: one painting by a network for it alone, and any painting by a decoder."""

import torch
from torch import Tensor, nn

from styletransfer.models.bottlenecks.adain import adain
from styletransfer.models.statistics import Statistics, statistics
from styletransfer.models.vgg import STYLE_TAPS, VGGEncoder
from styletransfer.training.losses import gram

from .norms import Norm


def conv(inputs: int, outputs: int, side: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, side, stride, padding=side // 2, padding_mode="reflect")


class Residual(nn.Module):
    """x + norm(conv(relu(norm(conv(x)))))."""

    def __init__(self, channels: int, norm: Norm):
        super().__init__()
        self.body = nn.Sequential(
            conv(channels, channels), norm(channels), nn.ReLU(), conv(channels, channels), norm(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def generator(width: int, norm: Norm) -> nn.Sequential:
    """Photo to picture: Johnson et al. 2016, narrower; a normalization after every convolution but
    the last, as Ulyanov et al. 2016 change it."""
    w = width
    return nn.Sequential(
        conv(3, w, 5), norm(w), nn.ReLU(),
        conv(w, 2 * w, stride=2), norm(2 * w), nn.ReLU(),
        conv(2 * w, 4 * w, stride=2), norm(4 * w), nn.ReLU(),
        *(Residual(4 * w, norm) for _ in range(3)),
        nn.Upsample(scale_factor=2), conv(4 * w, 2 * w), norm(2 * w), nn.ReLU(),
        nn.Upsample(scale_factor=2), conv(2 * w, w), norm(w), nn.ReLU(),
        conv(w, 3, 5), nn.Sigmoid(),
    )  # fmt: skip


def decoder(width: int, norm: Norm) -> nn.Sequential:
    """relu3_1 to picture: the mirror of Huang & Belongie 2017, shorter and narrower; a normalization
    after every convolution but the last, which theirs has none of."""
    w = width
    return nn.Sequential(
        conv(256, 4 * w), norm(4 * w), nn.ReLU(),
        nn.Upsample(scale_factor=2), conv(4 * w, 4 * w), norm(4 * w), nn.ReLU(),
        conv(4 * w, 2 * w), norm(2 * w), nn.ReLU(),
        nn.Upsample(scale_factor=2), conv(2 * w, w), norm(w), nn.ReLU(),
        conv(w, 3),
    )  # fmt: skip


class Single:
    """Ulyanov's experiment: a network for one painting, content and Gram losses.

    photos: (N, 3, H, W) in [0, 1]. paintings: the one, (1, 3, H, W). depth: the deepest of the taps
    that are looked at, 3 for relu3_1, which is also where content is compared.
    """

    style_weight = 5.0
    network = staticmethod(generator)

    def __init__(self, vgg: VGGEncoder, photos: Tensor, paintings: Tensor, depth: int = 3):
        self.vgg, self.photos = vgg, photos
        self.taps = STYLE_TAPS[:depth]
        self.codes = self.seen(paintings)
        self.content = encoded(vgg, photos, self.taps[-1])
        self.inputs = photos

    def summary(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        """What is compared of a style, by tap."""
        return {tap: gram(x) for tap, x in features.items()}

    @torch.no_grad()
    def seen(self, pictures: Tensor) -> dict[str, Tensor]:
        """`summary` of many pictures, a few at a time."""
        parts = [self.summary(self.vgg(part, self.taps)) for part in pictures.split(16)]
        return {tap: torch.cat([part[tap] for part in parts]) for tap in self.taps}

    def rows(self, count: int, chooser: torch.Generator) -> Tensor:
        """Random pairs: (count, 2), which photo and which painting."""
        tops = len(self.photos), len(next(iter(self.codes.values())))
        return torch.stack([torch.randint(top, (count,), generator=chooser) for top in tops], dim=1)

    def paint(self, net: nn.Module, rows: Tensor, inputs: Tensor | None = None) -> Tensor:
        """Pictures of pairs, (n, 3, H, W). inputs: in place of the photos' own."""
        return net((self.inputs if inputs is None else inputs)[rows[:, 0]])

    def style_distance(self, found: dict, rows: Tensor) -> Tensor:
        """Σ over taps of |G(o) − G(s)|² / |G(s)|², (n,)."""
        total = 0.0
        for tap, x in found.items():
            wanted = self.codes[tap][rows[:, 1]]
            total = total + (x - wanted).square().sum(dim=(1, 2)) / wanted.square().sum(dim=(1, 2))
        return total

    def content_features(self, rows: Tensor) -> Tensor:
        """The features that count as the content's."""
        return self.content[rows[:, 0]]

    def losses(self, net: nn.Module, rows: Tensor) -> Tensor:
        """Content loss and weighted style loss of each pair, (n, 2)."""
        features = self.vgg(self.paint(net, rows), self.taps)
        content = (features[self.taps[-1]] - self.content_features(rows)).square().mean(dim=(1, 2, 3))
        style = self.style_distance(self.summary(features), rows)
        return torch.stack([content, self.style_weight * style], dim=1)


class Arbitrary(Single):
    """AdaIN at relu3_1 and a decoder for any painting: the losses of Huang & Belongie 2017."""

    style_weight = 3.0
    network = staticmethod(decoder)

    def __init__(self, vgg: VGGEncoder, photos: Tensor, paintings: Tensor, depth: int = 3):
        super().__init__(vgg, photos, paintings, depth)
        self.inputs = self.content

    def summary(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        """Means and deviations, (N, 2C)."""
        return {tap: torch.cat(statistics(x), dim=1) for tap, x in features.items()}

    def content_features(self, rows: Tensor, inputs: Tensor | None = None) -> Tensor:
        """AdaIN's target."""
        code = Statistics(*self.codes[self.taps[-1]][rows[:, 1]].chunk(2, dim=1))
        return adain((self.inputs if inputs is None else inputs)[rows[:, 0]], code)

    def paint(self, net: nn.Module, rows: Tensor, inputs: Tensor | None = None) -> Tensor:
        return net(self.content_features(rows, inputs))

    def style_distance(self, found: dict, rows: Tensor) -> Tensor:
        """Σ over taps of the mean squared differences of μ and of σ, (n,)."""
        return sum(
            2 * (x - self.codes[tap][rows[:, 1]]).square().mean(dim=1) for tap, x in found.items()
        )


TASKS = {"single": Single, "decoder": Arbitrary}


@torch.no_grad()
def encoded(vgg: VGGEncoder, pictures: Tensor, tap: str) -> Tensor:
    """Features of many pictures, a few at a time."""
    return torch.cat([vgg(part, (tap,))[tap] for part in pictures.split(16)])


DISTURBANCES = {
    "contrast": (0.25, 0.5, 0.75, 1.5, 2.0),
    "brightness": (-0.3, -0.15, 0.15, 0.3),
    "noise": (0.05, 0.1, 0.2),
}


def disturbed(photos: Tensor, kind: str, level: float) -> Tensor:
    """Photos in [0, 1] of another contrast (times, about mid grey), brightness (plus), or with
    Gaussian noise (of that deviation; always the same noise); what leaves [0, 1] is clipped."""
    if kind == "contrast":
        out = 0.5 + (photos - 0.5) * level
    elif kind == "brightness":
        out = photos + level
    else:
        chooser = torch.Generator().manual_seed(0)
        out = photos + level * torch.randn(photos.shape, generator=chooser).to(photos)
    return out.clamp(0, 1)

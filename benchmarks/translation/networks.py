"""A generator with one of the normalizations, and what judges its pictures while it is trained."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from ..normalization.norms import NORMS, Norm

SAMPLED = (2, 5, 8, 10)  # layers of the generator whose features are held to the photo's


class Residual(nn.Module):
    def __init__(self, channels: int, norm: Norm):
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, padding_mode="reflect"), norm(channels), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, 1, 1, padding_mode="reflect"), norm(channels),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.path(x)


class Generator(nn.Module):
    """Two levels down, three residual blocks, two up (Johnson et al. 2016; CycleGAN's, CUT's), in
    [0, 1]."""

    def __init__(self, width: int, norm: str):
        super().__init__()
        make = NORMS[norm]

        def layer(inputs: int, outputs: int, side: int, stride: int = 1) -> list[nn.Module]:
            conv = nn.Conv2d(inputs, outputs, side, stride, side // 2, padding_mode="reflect")
            return [conv, make(outputs), nn.ReLU()]

        self.layers = nn.Sequential(
            *layer(3, width, 5), *layer(width, 2 * width, 3, 2), *layer(2 * width, 4 * width, 3, 2),
            *(Residual(4 * width, make) for _ in range(3)),
            nn.Upsample(scale_factor=2), *layer(4 * width, 2 * width, 3),
            nn.Upsample(scale_factor=2), *layer(2 * width, width, 3),
            nn.Conv2d(width, 3, 5, 1, 2, padding_mode="reflect"), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)

    def features(self, x: Tensor) -> list[Tensor]:
        """Those of `SAMPLED`, and no further."""
        found = []
        for number, layer in enumerate(self.layers[: SAMPLED[-1] + 1]):
            x = layer(x)
            if number in SAMPLED:
                found.append(x)
        return found


def discriminator(width: int) -> nn.Sequential:
    """Of patches (Isola et al. 2017), spectrally normalised (Miyato et al. 2018): (N, 1, h, w)."""

    def layer(inputs: int, outputs: int, stride: int) -> nn.Module:
        return spectral_norm(nn.Conv2d(inputs, outputs, 4, stride, 1))

    return nn.Sequential(
        layer(3, width, 2), nn.LeakyReLU(0.2), layer(width, 2 * width, 2), nn.LeakyReLU(0.2),
        layer(2 * width, 4 * width, 2), nn.LeakyReLU(0.2), layer(4 * width, 1, 1),
    )  # fmt: skip


class Patches(nn.Module):
    """PatchNCE (Park et al. 2020, 2007.15651): a place of the picture is to be told from the photo's
    other places as the same place's."""

    def __init__(self, width: int, places: int = 64, size: int = 64, temperature: float = 0.07):
        super().__init__()
        self.places, self.temperature = places, temperature
        channels = [width, 2 * width, 4 * width, 4 * width]
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(count, size), nn.ReLU(), nn.Linear(size, size)) for count in channels
        )

    def forward(self, painted: list[Tensor], photo: list[Tensor]) -> Tensor:
        total = painted[0].new_zeros(())
        for head, a, b in zip(self.heads, painted, photo):
            places = torch.randperm(a.shape[2] * a.shape[3])[: self.places]
            query, key = (
                F.normalize(head(x.flatten(2)[:, :, places].transpose(1, 2).float()), dim=2)
                for x in (a, b)
            )
            logits = query @ key.detach().transpose(1, 2) / self.temperature
            wanted = torch.arange(len(places)).expand(len(a), -1)
            total = total + F.cross_entropy(logits.transpose(1, 2), wanted)
        return total / len(self.heads)

"""Networks of every kind, random but alive, and pictures for them."""

from dataclasses import replace

import torch

from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.stylize import tiling
from styletransfer.stylize.buffer import ImageBuffer
from styletransfer.stylize.levels import factors
from styletransfer.stylize.tiling import Tiles

SLIM = Config(encoder="slim", taps=("pixels", "relu3_1", "relu4_1"), channels=(8, 12, 16))


ENLARGED = Config(
    encoder="slim",
    taps=("pixels", "relu3_1"),
    joint=("pixels", "relu3_1"),
    channels=(8, 12),
    scale=(5, 4),
)


VGG = Config(taps=("pixels", "relu3_1", "relu4_1"), channels=(4, 6, 8, 10))


CONFIGS = {
    "slim": SLIM,
    "slim-joint": Config(
        encoder="slim", taps=SLIM.taps, joint=("pixels", "relu3_1", "relu4_1"), channels=(4, 6, 8)
    ),
    "slim-enlarged": ENLARGED,
    "slim-blocks": replace(ENLARGED, blocks=1),
    "slim-draft": replace(ENLARGED, blocks=1, drafts=1),
    "slim-strengths": replace(ENLARGED, drafts=2, strengths=(0.6, 1.2)),
    "slim-drafts": replace(ENLARGED, drafts=2),
    "slim-grain": replace(ENLARGED, drafts=1, grain=0.3),
    "slim-deep": Config(encoder="slim", channels=(4, 6, 8), blocks=3),
    "vgg": VGG,
    "vgg-all-depths": Config(
        taps=("relu1_1", "relu2_1", "relu3_1", "relu4_1"), joint=(), channels=(4, 6, 8, 10)
    ),
    "vgg-bilinear": Config(taps=("relu4_1",), joint=(), channels=(4, 6, 8, 10), upsampling="bilinear"),
    "instance": Config(bottleneck="instance", joint=(), channels=(4, 6, 8, 10)),
}


def network(config):
    """Random, but alive: its pictures are as bright and as varied as pictures are."""
    torch.manual_seed(1)
    net = StylizerNet(config).eval().requires_grad_(False)
    convolutions = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    for conv in convolutions:
        torch.nn.init.kaiming_normal_(conv.weight)
    out = net(smooth(64, 64), net.code(smooth(64, 64, 1)))
    convolutions[-1].weight *= 0.2 / out.std()
    convolutions[-1].bias += 0.5 - 0.2 * out.mean() / out.std()
    return net


def smooth(height, width, seed=0):
    """A photo-like picture: statistics of its parts differ from the whole's."""
    noise = torch.rand(1, 3, height // 24 + 2, width // 24 + 2, generator=torch.manual_seed(seed))
    x = torch.nn.functional.interpolate(noise, size=(height, width), mode="bicubic")
    return (x + 0.05 * torch.rand(x.shape)).clamp(0, 1)


def rendered(net, x, conditioning, window, strokes=1.0, kept=0):
    tiles = Tiles(window, factors(net, strokes), kept)
    with torch.inference_mode():
        return tiling.render(net, ImageBuffer(x), conditioning, tiles).pixels

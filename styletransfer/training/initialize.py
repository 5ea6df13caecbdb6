"""Initial weights: fitted in closed form, so that a network paints before any training."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import InputError
from ..models.bottlenecks import BOTTLENECKS
from ..models.bottlenecks.conditional import Conditional
from ..models.config import PIXELS, SLIM, Config
from ..models.decoder import Decoder
from ..models.network import StylizerNet
from ..models.shipped import SHIPPED_ENCODER
from ..models.slim import SlimDecoder, resized
from ..models.statistics import EPS, Moments, merged, moments, square_roots
from ..models.vgg import CHANNELS, STYLE_TAPS, VGGEncoder
from ..models.weights import load_encoder, load_model
from .convert_encoders import build_encoder
from .data import Crops
from .resident import Resident
from .stream import Stream

Source = Crops | Resident | Stream

SLIMMED = ("relu1_2", "relu2_1", "relu2_2", "relu3_1", "relu3_4", "relu4_1")
"""What the layers of a slim encoder stand in for; every other one after the pooling that follows."""

ADDED = tuple(f"{kind.prefix}." for kind in BOTTLENECKS.values())
"""What a bottleneck has that AdaIN has not: new where a network starts from one without it."""

BLOCKS = "decoder.blocks."
"""Likewise: they change nothing yet in a network that starts from one with none, or fewer."""

DRAFTS = ("draft_decoder.", "overlay.")
"""Likewise: a network that starts from one without drafts paints them as it paints pictures."""


def new_net(config: Config, init: str | None, sources: Sequence[Source]) -> StylizerNet:
    """A network to train: with the weights of the model `init`, or with the config's encoder and a
    random decoder. sources: of crops, to which a torchvision encoder's filters are scaled."""
    net = StylizerNet(config)
    if init is not None:
        model = load_model(init)
        if model.config.encoder != config.encoder:
            raise InputError(f"{init}: is trained on {model.config.encoder}, not {config.encoder}")
        try:
            weights = model.state_dict()
            if model.bottleneck.learns_styles and model.config.styles != config.styles:
                styles = f"{model.bottleneck.prefix}."
                weights = {key: x for key, x in weights.items() if not key.startswith(styles)}
            missing, unknown = net.load_state_dict(weights, strict=False)
        except RuntimeError:
            raise InputError(f"{init}: its weights do not fit the network asked for") from None
        if unknown or not all(key.startswith((*ADDED, BLOCKS, *DRAFTS)) for key in missing):
            raise InputError(f"{init}: its weights do not fit the network asked for")
        if config.drafts and not model.config.drafts:
            net.draft_decoder.load_state_dict(net.decoder.state_dict())
    elif config.encoder != SLIM and config.channels == CHANNELS:  # a tiny network's stays random
        if config.encoder == SHIPPED_ENCODER:
            encoder = load_encoder()
        else:
            encoder = build_encoder(config.encoder, torch.cat([s.take(64).cpu() for s in sources]))
        net.encoder.load_state_dict(encoder.state_dict())
    return net


@torch.no_grad()
def fit_decoder(net: StylizerNet, pictures: Tensor) -> None:
    """Fit the decoder, in place and in closed form, to invert the encoder layer by layer.

    The decoder mirrors the encoder, so the target of each convolution is known: the encoder's features
    at that level, averaged to the lower resolution before an upsampling, and finally the picture. Each
    is fitted by least squares to the output of the fitted layers before it. Where a tap supplies a
    level, the deeper stages keep small random weights and the first convolution after it passes the tap
    on. Training then starts with the style, and not with learning what pictures look like.

    pictures: (N, 3, H, W) in [0, 1] on the network's device, H and W multiples of 8.
    """
    decoder = net.decoder
    assert isinstance(decoder, Decoder)
    features = net.encoder(pictures, STYLE_TAPS)
    x = features["relu4_1"]
    for level, stage in zip((4, 3, 2, 1), decoder.stages):
        assert isinstance(stage, nn.ModuleList)
        skips = f"relu{level}_1" in net.config.taps
        for conv in stage[:-1]:
            if skips:
                _pass_on(conv)
            else:
                _fit(conv, x, features[f"relu{level}_1"])
            x = F.relu(conv(x))
        if level == 1:
            _fit(stage[-1], x, pictures)
        elif f"relu{level - 1}_1" in net.config.taps:
            _shrink(stage[-1])
            x = features[f"relu{level - 1}_1"]
        else:
            _fit(stage[-1], x, F.avg_pool2d(features[f"relu{level - 1}_1"], 2))
            x = decoder.upsample(F.relu(stage[-1](x)))


@torch.no_grad()
def fill_bank(net: StylizerNet, pictures: Tensor, labels: Tensor) -> None:
    """Set γ and β of each style of a conditional network, in place, to the statistics of its pictures,
    so that it starts as AdaIN.

    pictures: (N, 3, H, W) in [0, 1] on the network's device. labels: (N,), the style of each.
    """
    for style in torch.unique(labels):
        same = pictures[labels == style]
        features = {PIXELS: same} | net.encode(same)
        for tap, norm in net.bottleneck.items():
            assert isinstance(norm, Conditional)
            gamma, beta = norm.gamma, norm.beta
            assert gamma is not None and beta is not None
            joint = gamma.ndim == 3
            mean, var = moments(features[tap], joint)
            mean, var = merged([Moments(*row) for row in zip(mean, var)], [1] * len(same))
            beta[style] = mean
            gamma[style] = square_roots(var)[0] if joint else (var + EPS).sqrt()


@torch.no_grad()
def fit_slim(net: StylizerNet, vgg: VGGEncoder, pictures: Tensor) -> None:
    """Fit a slim encoder and its decoder, in place and in closed form, to VGG.

    At each level the VGG channels are chosen from which the others are best predicted, and the slim
    convolutions are fitted to them by least squares, one after the other. The decoder starts as the
    encoder's inverse, as in `fit_decoder`.

    pictures: (N, 3, H, W) in [0, 1] on the network's device, H and W multiples of `MULTIPLE`.
    """
    encoder, decoder = net.encoder, net.decoder
    assert isinstance(decoder, SlimDecoder)
    pictures = resized(pictures, *net.config.scale)
    layers = dict(zip(("halve1", "conv1", "halve2", "conv2", "halve3", "conv3"), SLIMMED))
    layers = {name: tap for name, tap in layers.items() if hasattr(encoder, name)}
    targets = vgg(pictures, layers.values())
    x, features = pictures, {}
    for name, tap in layers.items():
        layer = getattr(encoder, name)
        target = F.max_pool2d(targets[tap], 2) if name.startswith("halve") else targets[tap]
        _fit(layer, x, target[:, _choose(target, layer.out_channels)])
        features[name] = x = F.relu(layer(x))
    if hasattr(decoder, "double3"):
        _shrink(decoder.double3)
    for conv in (*decoder.convs, decoder.conv1):
        _pass_on(conv)
    x = features["conv2"]
    for conv in decoder.convs:
        x = F.relu(conv(x))
    _fit(decoder.double2, F.interpolate(x, scale_factor=2, mode="bilinear"), features["conv1"])
    x = F.relu(decoder.conv1(F.relu(decoder.double2(x))))
    _fit(decoder.pixels, x, F.pixel_unshuffle(pictures, 2))


def _pass_on(conv: nn.Module) -> None:
    """Set a convolution, in place, to the identity plus a tenth of its random weights."""
    assert isinstance(conv, nn.Conv2d) and conv.bias is not None
    random = 0.1 * conv.weight
    nn.init.dirac_(conv.weight)
    conv.weight += random
    conv.bias.zero_()


def _shrink(layer: nn.Module) -> None:
    """Scale a layer's random weights to a tenth, in place."""
    for parameter in layer.parameters():
        parameter.mul_(0.1)


def _choose(x: Tensor, count: int, rows: int = 8192) -> list[int]:
    """The channels of features (N, C, H, W) that span the most: Gram-Schmidt with pivoting."""
    flat = x.float().transpose(0, 1).flatten(1)
    flat = flat[:, :: max(1, flat.shape[1] // rows)]
    flat = flat - flat.mean(dim=1, keepdim=True)
    chosen: list[int] = []
    for _ in range(count):
        best = int(flat.square().sum(dim=1).argmax())
        chosen.append(best)
        axis = flat[best] / flat[best].norm().clamp(min=1e-12)
        flat = flat - (flat @ axis)[:, None] * axis
    return chosen


def _fit(conv: nn.Module, x: Tensor, target: Tensor, ridge: float = 1e-3, rows: int = 40_000) -> None:
    """Ridge regression of target on the patches of x that conv sees, from at most `rows` positions.

    x is padded by reflection, so that target has the size of x divided by the stride.
    """
    assert isinstance(conv, nn.Conv2d) and conv.bias is not None
    (kernel, _), (stride, _) = conv.kernel_size, conv.stride
    reach = (kernel - stride + 1) // 2
    positions = target.shape[2] * target.shape[3]
    sampled = torch.linspace(0, positions - 1, min(positions, rows // len(x)), device=x.device).long()
    inputs, outputs = [], []
    for picture, values in zip(x, target):
        padded = F.pad(picture[None], (reach,) * 4, mode="reflect")
        patches = F.unfold(padded, kernel, stride=stride)[0]
        inputs.append(patches[:, sampled].T)
        outputs.append(values.flatten(1)[:, sampled].T)
    a, b = torch.cat(inputs), torch.cat(outputs)
    a = torch.cat([a, torch.ones_like(a[:, :1])], dim=1)  # the last column is the bias
    products = (a.T @ a).cpu().double()  # not every device knows doubles
    products.diagonal().add_(ridge * products.diagonal().mean())
    solution = torch.linalg.solve(products, (a.T @ b).cpu().double()).T.float()
    conv.weight.copy_(solution[:, :-1].reshape(conv.weight.shape))
    conv.bias.copy_(solution[:, -1])

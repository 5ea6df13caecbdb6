"""A decoder that starts where a photo is a photo already."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..nn.stylizer import StylizerNet


@torch.no_grad()
def start_from_pixels(net: StylizerNet, pictures: Tensor, ridge: float = 1e-3) -> None:
    """Set the decoder, in place, so that it reconstructs pictures from relu1_1 before any training.

    The last stage passes its input on and its final convolution is the least-squares map from 3×3
    patches of relu1_1 to RGB; the deeper stages start with a tenth of their random weights, so
    that they add little. Training then begins with the style, not with learning what a picture is.

    pictures: (N, 3, H, W) in [0, 1] on the network's device. Needs a bottleneck at relu1_1.
    """
    features = net.encoder(pictures, ["relu1_1"])["relu1_1"]
    patches = F.unfold(F.pad(features, (1, 1, 1, 1), mode="reflect"), 3)
    patches = patches.transpose(1, 2).flatten(0, 1).double()
    patches = torch.cat([patches, torch.ones_like(patches[:, :1])], dim=1)  # the bias
    pixels = pictures.flatten(2).transpose(1, 2).flatten(0, 1).double()
    products = patches.T @ patches
    products += ridge * products.diagonal().mean() * torch.eye(len(products)).to(products)
    solution = torch.linalg.solve(products, patches.T @ pixels).T.float()

    *deep, last = net.decoder.stages
    for stage in deep:
        stage[-1].weight *= 0.1
        stage[-1].bias *= 0.1
    for conv in last[:-1]:
        random = 0.1 * conv.weight
        nn.init.dirac_(conv.weight)
        conv.weight += random
        conv.bias.zero_()
    last[-1].weight.copy_(solution[:, :-1].reshape(last[-1].weight.shape))
    last[-1].bias.copy_(solution[:, -1])

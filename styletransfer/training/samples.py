"""The sample grid of a checkpoint, which shows what losses do not."""

from pathlib import Path

import torch
from PIL import Image

from ..media.files import write_atomically
from ..models.network import StylizerNet
from .training_batch import Batch


@torch.no_grad()
def save_samples(path: Path, net: StylizerNet, batch: Batch) -> None:
    """Write a JPEG: styles along the top, content down the left, the network's outputs inside.

    batch: float32 in [0, 1].
    """
    blank = torch.ones_like(batch.content[:1])
    rows = [torch.cat([blank, batch.style])]
    code = None
    if batch.labels is not None:
        code = net.learned(batch.labels)
    elif net.bottleneck.takes_style:
        code = net.code(batch.style)
    for content in batch.content:
        row = net(content.expand(len(batch.style), -1, -1, -1), code)
        rows.append(torch.cat([content[None], row.clamp(0, 1)]))
    # (rows, columns, 3, H, W) to one picture
    grid = torch.stack(rows).permute(0, 3, 1, 4, 2)
    grid = grid.reshape(grid.shape[0] * grid.shape[1], -1, 3)
    picture = Image.fromarray(grid.mul(255).round().byte().cpu().numpy())
    write_atomically(path, lambda target: picture.save(target, "JPEG", quality=92))

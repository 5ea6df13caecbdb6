"""The picture grid of a checkpoint: what the losses do not show."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ..media.files import write_atomically
from ..models.network import StylizerNet


@torch.no_grad()
def save_samples(
    path: Path, net: StylizerNet, photos: Tensor, styles: Tensor, which: Tensor | None = None
) -> None:
    """Write a JPEG: styles along the top, photos down the left, what the net makes of them inside.

    photos, styles: (N, 3, H, W) in [0, 1]; in float32, as it is judged. which: the styles' numbers,
    for a network that knows them.
    """
    blank = torch.ones_like(photos[:1])
    rows = [torch.cat([blank, styles])]
    code = None
    if which is not None:
        code = net.learned(which)
    elif net.bottleneck.takes_style:
        code = net.code(styles)
    for photo in photos:
        row = net(photo.expand(len(styles), -1, -1, -1), code)
        rows.append(torch.cat([photo[None], row.clamp(0, 1)]))
    # (rows, columns, 3, H, W) to one picture
    grid = torch.stack(rows).permute(0, 3, 1, 4, 2)
    grid = grid.reshape(grid.shape[0] * grid.shape[1], -1, 3)
    picture = Image.fromarray(grid.mul(255).round().byte().cpu().numpy())
    write_atomically(path, lambda target: picture.save(target, "JPEG", quality=92))

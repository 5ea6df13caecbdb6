"""The picture grid of a checkpoint."""

import numpy as np
import torch
from PIL import Image

from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.training.samples import save_samples
from styletransfer.training.training_batch import Batch


def cells(path, side=32):
    """Mean colours, (rows, columns, 3)."""
    pixels = np.array(Image.open(path)).astype(float)
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    return pixels.reshape(rows, side, columns, side, 3).mean(axis=(1, 3))


def flat(*levels):
    return torch.tensor(levels)[:, None, None, None].expand(-1, 3, 32, 32).contiguous()


def test_styles_are_along_the_top_and_content_down_the_left(tiny_net, tmp_path):
    batch = Batch(flat(0.2, 0.4, 0.6), flat(0.1, 0.9))
    save_samples(tmp_path / "s.jpg", tiny_net, batch)
    found = cells(tmp_path / "s.jpg") / 255
    assert found.shape == (4, 3, 3)
    assert np.allclose(found[0, :, 0], [1, 0.1, 0.9], atol=0.02)
    assert np.allclose(found[1:, 0, 0], [0.2, 0.4, 0.6], atol=0.02)
    with torch.no_grad():
        painted = tiny_net(batch.content[1:2], tiny_net.code(batch.style[1:2])).clamp(0, 1)
    assert np.allclose(found[2, 2], painted.mean(dim=(0, 2, 3)), atol=0.03)


def test_learned_styles_are_painted_by_their_numbers(tmp_path):
    torch.manual_seed(0)
    config = Config(
        channels=(4, 6, 8, 8), taps=("pixels", "relu4_1"), bottleneck="conditional", styles=("a", "b")
    )
    net = StylizerNet(config).requires_grad_(False)
    net.bank["pixels"].beta[:] = torch.tensor([[0.1] * 3, [0.9] * 3])
    seen, learned = [], net.learned
    net.learned = lambda which: seen.append(which.tolist()) or learned(which)
    save_samples(tmp_path / "s.jpg", net, Batch(flat(0.5), flat(0.1, 0.9), labels=torch.tensor([1, 0])))
    assert seen == [[1, 0]] and cells(tmp_path / "s.jpg").shape == (2, 3, 3)

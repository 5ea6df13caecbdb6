"""The images of one step."""

import torch

from styletransfer.training.training_batch import Batch, to_float

from .conftest import CPU


def test_bytes_become_numbers_from_zero_to_one():
    images = torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5).byte()
    found = to_float(images, CPU)
    assert found.dtype == torch.float32 and torch.equal(found, images / 255)
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_all_else_of_a_batch_stays():
    content, style = (torch.full((2, 3, 4, 4), value, dtype=torch.uint8) for value in (0, 255))
    labels, maps = torch.tensor([1, 0]), torch.ones(2, 2, 4, 4)
    found = Batch(content, style, labels, None, maps).to_float(CPU)
    assert found.content.max() == 0 and found.style.min() == 1
    assert found.labels is labels and found.region_maps is maps and found.inputs is None

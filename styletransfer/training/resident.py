"""Training pictures kept decoded on the device."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from ..errors import InputError
from .data import Augmentation, Batches, Sampler, ignore_interrupts, order
from .entries import Entry, Skipped, decode_large_enough


class Resident:
    """All pictures decoded once into the device's memory, and cropped there.

    For sets that fit: 10,000 pictures of 512 px take about 10 GB. If all pictures are usable the crops
    are those of `Crops`, except for resampling.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        augmentation: Augmentation,
        seed: int,
        device: torch.device,
        workers: int,
    ):
        self.augmentation, self.seed = augmentation, seed
        self.pictures: list[Tensor] = []
        self.skipped: Skipped = {}
        largest = round(augmentation.crop * augmentation.zoom[1])
        decoded = DataLoader(
            _Decoded(entries, largest),
            batch_size=None,
            num_workers=workers,
            worker_init_fn=ignore_interrupts,
        )
        for name, picture in decoded:
            if isinstance(picture, str):
                self.skipped[name] = picture
            else:
                self.pictures.append(picture.to(device))
        if not self.pictures:
            raise InputError("not one of the pictures can be read")

    def take(self, count: int) -> Tensor:
        return torch.stack([self._crop(n) for n in range(count)])

    def batches(self, sampler: Sampler, device: torch.device, workers: int) -> Batches:
        numbers, skipped = iter(sampler), self.skipped
        while crops := [self._crop(n) for n in islice(numbers, sampler.local_batch_size)]:
            yield torch.stack(crops), skipped
            skipped = {}

    def _crop(self, n: int) -> Tensor:
        rng = np.random.default_rng((self.seed, n))
        epoch, position = divmod(n, len(self.pictures))
        picture = self.pictures[order(len(self.pictures), self.seed, epoch)[position]]
        short_side = self.augmentation.short_side(rng)
        left, top, side, mirror = self.augmentation.box(
            picture.shape[2], picture.shape[1], short_side, rng
        )
        square = picture[None, :, top : top + side, left : left + side]
        size = self.augmentation.crop
        crop = F.interpolate(square.float(), size=(size, size), mode="bicubic", antialias=True)[0]
        crop = crop.round().clamp(0, 255).byte()
        return crop.flip(2) if mirror else crop


class _Decoded(Dataset[tuple[str, Tensor | str]]):
    def __init__(self, entries: Sequence[Entry], largest: int):
        self.entries, self.largest = entries, largest

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, n: int) -> tuple[str, Tensor | str]:
        entry = self.entries[n]
        try:
            picture = decode_large_enough(entry.read(), self.largest)
        except (InputError, OSError) as error:
            return entry.name, str(error)
        if min(picture.size) > self.largest:
            scale = self.largest / min(picture.size)
            size = (round(picture.width * scale), round(picture.height * scale))
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        return entry.name, torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()

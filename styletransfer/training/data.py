"""Random crops of training pictures, each determined by its number, and the loading of them."""

import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..errors import InputError
from .entries import Entry, Skipped, decode_large_enough

Batches = Iterator[tuple[Tensor, Skipped]]


@dataclass(frozen=True)
class Augmentation:
    """How a picture becomes a crop: a square of random size and place, mirrored or not.

    zoom: the range of the picture's short side, in crops, before it is cropped, so that textures are
    seen at several scales; pictures are never distorted.
    """

    crop: int
    zoom: tuple[float, float]

    def short_side(self, rng: np.random.Generator) -> float:
        """Draw the length in pixels to which a picture's short side is scaled."""
        return self.crop * rng.uniform(*self.zoom)

    def box(
        self, width: int, height: int, short_side: float, rng: np.random.Generator
    ) -> tuple[int, int, int, bool]:
        """Draw the square that becomes the crop, (left, top, side) in pixels, and whether it is
        mirrored."""
        side = max(1, round(min(width, height) * self.crop / short_side))
        left = int(rng.integers(width - side + 1))
        top = int(rng.integers(height - side + 1))
        return left, top, side, bool(rng.random() < 0.5)

    def apply(self, data: bytes, rng: np.random.Generator) -> Tensor:
        """Cut a random crop from a picture file's bytes: uint8 (3, crop, crop). Raises InputError if it
        cannot."""
        short_side = self.short_side(rng)
        picture = decode_large_enough(data, int(short_side))
        left, top, side, mirror = self.box(*picture.size, short_side, rng)
        box = (left, top, left + side, top + side)
        crop = picture.resize((self.crop, self.crop), Image.Resampling.BICUBIC, box=box)
        if mirror:
            crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return torch.from_numpy(np.array(crop)).permute(2, 0, 1)


@lru_cache(maxsize=4)
def order(count: int, seed: int, epoch: int) -> np.ndarray:
    """The random order in which an epoch goes through `count` pictures."""
    return np.random.default_rng((seed, 1 << 40, epoch)).permutation(count)


def picture_number(n: int, count: int, seed: int) -> int:
    """The number of the picture that crop n is cut from, of `count`, if all pictures are usable."""
    epoch, position = divmod(n, count)
    return int(order(count, seed, epoch)[position])


@dataclass(frozen=True)
class Sampler:
    """Yields the sample numbers that one process sees: its share of each batch from step `first` up to
    `last`.

    Not torch's `DistributedSampler`, which cannot resume at a step.
    """

    batch_size: int
    first: int
    last: int
    rank: int = 0
    world: int = 1

    @property
    def local_batch_size(self) -> int:
        return self.batch_size // self.world

    def __iter__(self) -> Iterator[int]:
        """Yield the sample numbers of all steps in a row."""
        for step in range(self.first, self.last):
            start = step * self.batch_size + self.rank * self.local_batch_size
            yield from range(start, start + self.local_batch_size)


def style_labels(sampler: Sampler, count: int, seed: int, device: torch.device) -> Iterator[Tensor]:
    """For every step of a sampler, the number of the picture that each sample is cut from, of `count`:
    (local batch size,) int64."""
    numbers = iter(sampler)
    while batch := list(islice(numbers, sampler.local_batch_size)):
        yield torch.tensor([picture_number(n, count, seed) for n in batch], device=device)


def crop_labels(crops: int, count: int, seed: int, device: torch.device) -> Tensor:
    """The numbers of the pictures that a source's first crops are cut from, of `count`: (crops,)
    int64."""
    return torch.tensor([picture_number(n, count, seed) for n in range(crops)], device=device)


class Crops(Dataset[tuple[Tensor, Skipped]]):
    """Random crops of pictures that can be read in any order; crop n depends on (seed, n) alone.

    Every epoch goes through all pictures in a new order, so a run can resume at any sample with any
    number of workers and processes. A picture that cannot be used is replaced by the next of the epoch.
    """

    def __init__(self, entries: Sequence[Entry], augmentation: Augmentation, seed: int):
        self.entries, self.augmentation, self.seed = entries, augmentation, seed

    def __getitem__(self, n: int) -> tuple[Tensor, Skipped]:
        """Crop n, uint8 (3, crop, crop), and the pictures that were skipped for it."""
        rng = np.random.default_rng((self.seed, n))
        skipped: Skipped = {}
        for attempt in range(len(self.entries)):
            epoch, position = divmod(n + attempt, len(self.entries))
            entry = self.entries[order(len(self.entries), self.seed, epoch)[position]]
            try:
                return self.augmentation.apply(entry.read(), rng), skipped
            except (InputError, OSError) as error:
                skipped[entry.name] = str(error)
        raise InputError("not one of the pictures can be read")

    def take(self, count: int) -> Tensor:
        """The first crops, uint8 (count, 3, crop, crop)."""
        return torch.stack([self[n][0] for n in range(count)])

    def batches(self, sampler: Sampler, device: torch.device, workers: int) -> Batches:
        """Batches of crops, uint8 (N, 3, crop, crop), each with the pictures skipped for it."""
        return load(self, sampler.local_batch_size, device, workers, sampler=sampler)


def load(
    data: Dataset[tuple[Tensor, Skipped]],
    batch_size: int,
    device: torch.device,
    workers: int,
    sampler: Sampler | None = None,
) -> Batches:
    """Batches of a data set of (crop, skipped) pairs, made by worker processes."""
    batches = DataLoader(
        data,
        batch_size=batch_size,
        num_workers=workers,
        collate_fn=_collate,
        worker_init_fn=ignore_interrupts,
        pin_memory=device.type == "cuda",
        sampler=sampler,
    )
    try:
        yield from batches
    except InputError as error:  # from a worker it comes with a traceback for a message
        last = str(error).strip().splitlines()[-1]
        raise InputError(last.removeprefix(f"{InputError.__module__}.InputError: ")) from None


def _collate(samples: list[tuple[Tensor, Skipped]]) -> tuple[Tensor, Skipped]:
    skipped: Skipped = {}
    for _, found in samples:
        skipped |= found
    return torch.stack([crop for crop, _ in samples]), skipped


def ignore_interrupts(_: int) -> None:
    """Ignore Ctrl-C in a loader process; the training loop handles it."""
    # Signals reach every process of a terminal or a job; the training loop alone decides when to stop.
    os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)

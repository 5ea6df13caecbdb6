"""Training pictures streamed from remote WebDataset shards, never stored on this disk."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from ..errors import InputError
from ..media.image import SUFFIXES
from .data import Augmentation, Batches, Sampler, load
from .entries import Skipped, expand

BUFFER = 1000  # encoded pictures, from which one is drawn at random; about 50 MB


def is_remote(source: str) -> bool:
    """Whether a source is read over a network: http(s)://, s3:// and so on, or pipe:COMMAND."""
    return "://" in source or source.startswith("pipe:")


def find_shards(sources: Sequence[str]) -> list[str]:
    """The addresses of remote sources, with {000..099} spelled out."""
    return [url for source in sources for url in expand(source)]


class Stream(IterableDataset[tuple[Tensor, Skipped]]):
    """Random crops of the pictures in remote tar shards.

    An epoch goes through all shards in a new order. Each process and worker has its own shards, and
    draws from a buffer of `BUFFER` pictures. A stream cannot resume at a sample: a resumed run starts a
    new epoch.
    """

    def __init__(self, urls: Sequence[str], augmentation: Augmentation, seed: int):
        self.urls, self.augmentation, self.seed = list(urls), augmentation, seed
        self.sampler = Sampler(1, 0, 1)

    def __iter__(self) -> Iterator[tuple[Tensor, Skipped]]:
        worker = get_worker_info()
        index, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        index, readers = self.sampler.rank * workers + index, self.sampler.world * workers
        skipped: Skipped = {}
        epoch = 0
        from webdataset.filters import shuffle

        while True:
            rng = np.random.default_rng((self.seed, self.sampler.first, epoch))
            urls = [self.urls[i] for i in rng.permutation(len(self.urls))[index::readers]]
            local_rng = np.random.default_rng((self.seed, self.sampler.first, epoch, index))
            shuffled = shuffle(BUFFER, initial=BUFFER // 10, seed=int(local_rng.integers(1 << 30)))
            found = False
            for name, data in shuffled(_read(urls, skipped)):
                try:
                    crop = self.augmentation.apply(data, local_rng)
                except InputError as error:
                    skipped[name] = str(error)
                    continue
                found = True
                yield crop, dict(skipped)
                skipped.clear()
            if not found:
                why = "; ".join(f"{name} {reason}" for name, reason in list(skipped.items())[:3])
                raise InputError(f"not one picture in {', '.join(urls[:3])} … ({why})")
            epoch += 1

    def take(self, count: int) -> Tensor:
        """The first `count` crops of a separate epoch, uint8 (count, 3, crop, crop)."""
        crops = iter(self)
        return torch.stack([next(crops)[0] for _ in range(count)])

    def batches(self, sampler: Sampler, device: torch.device, workers: int) -> Batches:
        """Batches of crops, uint8 (N, 3, crop, crop), each with the pictures skipped for it."""
        if len(self.urls) < sampler.world:
            raise InputError(
                f"{sampler.world} processes need as many shards: there are {len(self.urls)}"
            )
        self.sampler = sampler
        workers = min(workers, len(self.urls) // sampler.world)
        return load(self, sampler.local_batch_size, device, workers)


def _read(urls: Sequence[str], skipped: Skipped) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of the pictures in shards; a shard that breaks off is noted as skipped."""
    from webdataset.tariterators import tar_file_expander, url_opener

    def note(error: Exception) -> bool:
        if len(error.args) > 1:  # on its way up the library adds the address, as the last
            skipped[str(error.args[-1])] = f"cannot be read to its end ({error.args[0]})"
        return True

    opened = url_opener(({"url": url} for url in urls), handler=note)
    for file in tar_file_expander(opened, handler=note, eof_value=None):
        if "." + file["fname"].rpartition(".")[2].lower() in SUFFIXES:
            yield f"{file['__url__']}/{file['fname']}", file["data"]

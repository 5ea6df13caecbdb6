"""One process of several that train together, as torchrun starts them; or the only one."""

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ..device import pick_device


@dataclass(frozen=True)
class ProcessGroup:
    """rank: which process this is, 0 … world − 1. device: the one it works on."""

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that reads, writes and reports for all."""
        return self.rank == 0

    def broadcast(self, value: Any) -> Any:
        """The leader's value, in every process."""
        if self.world == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values, src=0, device=self.device)
        return values[0]

    def mean(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Scalars averaged over the processes, detached."""
        values = {name: value.detach() for name, value in values.items()}
        if self.world == 1:
            return values
        joined = torch.stack([value.float() for value in values.values()])
        distributed.all_reduce(joined)
        return dict(zip(values, joined / self.world))

    def merge(self, found: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        """Dictionaries by kind with what any process has in them."""
        if self.world == 1:
            return found
        everyone: list[Any] = [None] * self.world
        distributed.all_gather_object(everyone, found)
        return {kind: {k: v for each in everyone for k, v in each[kind].items()} for kind in found}

    def agree(self, wish: bool, step: int) -> bool:
        """Whether any process has the wish; asked at the same step in all, so all hear the same.

        Several processes look at it every tenth step only: it makes a GPU wait.
        """
        if self.world == 1:
            return wish
        if step % 10:
            return False
        wishes = torch.tensor(int(wish), device=self.device)
        distributed.all_reduce(wishes)
        return wishes.item() > 0

    def wrap(self, module: nn.Module, find_unused: bool) -> nn.Module:
        """The module with its gradients averaged over the processes as they are computed.

        find_unused: whether some steps use only some of its parameters.
        """
        if self.world == 1:
            return module
        return DistributedDataParallel(
            module, broadcast_buffers=False, find_unused_parameters=find_unused
        )


@contextmanager
def join(device: str) -> Iterator[ProcessGroup]:
    """The group torchrun's environment describes; alone without it. device: as in `pick_device`."""
    world = int(os.environ.get("WORLD_SIZE", 1))
    if world > 1 and (device == "auto" and torch.cuda.is_available() or device.startswith("cuda")):
        device = f"cuda:{os.environ['LOCAL_RANK']}"
    place = pick_device(device)
    if place.type == "cuda" and place.index is not None:
        torch.cuda.set_device(place)
    if world == 1:
        yield ProcessGroup(place)
        return
    distributed.init_process_group("nccl" if place.type == "cuda" else "gloo")
    try:
        yield ProcessGroup(place, distributed.get_rank(), world)
        distributed.barrier()  # nobody leaves while another still listens
    finally:
        gc.collect()  # a wrapped network in a cycle would end after its group, and the process with it
        distributed.destroy_process_group()

"""The group of processes that train together, started by torchrun; or a single process."""

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
    """One process of the group. rank: 0 to world − 1. device: the one that this process works on."""

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process reads, writes and reports for all of them."""
        return self.rank == 0

    def broadcast(self, value: Any) -> Any:
        """Send the leader's value to every process and return it."""
        if self.world == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values, src=0, device=self.device)
        return values[0]

    def mean(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Average scalars over the processes, detached from the graph."""
        values = {name: value.detach() for name, value in values.items()}
        if self.world == 1:
            return values
        joined = torch.stack([value.float() for value in values.values()])
        distributed.all_reduce(joined)
        return dict(zip(values, joined / self.world))

    def merge(self, found: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        """Merge the dictionaries of all processes, kind by kind."""
        if self.world == 1:
            return found
        everyone: list[Any] = [None] * self.world
        distributed.all_gather_object(everyone, found)
        return {kind: {k: v for each in everyone for k, v in each[kind].items()} for kind in found}

    def agree(self, wish: bool, step: int) -> bool:
        """Whether any process wishes it; called at the same step in all, so that all get the same
        answer.

        With several processes only every tenth step is checked, since it makes a GPU wait.
        """
        if self.world == 1:
            return wish
        if step % 10:
            return False
        wishes = torch.tensor(int(wish), device=self.device)
        distributed.all_reduce(wishes)
        return wishes.item() > 0

    def wrap(self, module: nn.Module, find_unused: bool) -> nn.Module:
        """Wrap a module so that its gradients are averaged over the processes.

        find_unused: whether some steps use only a part of its parameters.
        """
        if self.world == 1:
            return module
        return DistributedDataParallel(
            module, broadcast_buffers=False, find_unused_parameters=find_unused
        )


@contextmanager
def join(device: str) -> Iterator[ProcessGroup]:
    """Join the group that torchrun's environment describes; without one, a group of one process.

    device: as for `pick_device`.
    """
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

"""What this machine, or the container that we run in, has left for us. No torch here."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import InputError

if sys.platform != "win32":
    import resource

Files = tuple[tuple[str, str], ...]  # names, each with the word before its number

DEVICES = Path("/dev")
CGROUPS, MEMBERSHIP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def free_memory(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """Bytes that we may still allocate: of the machine, and within the limits of our control groups (v1
    and v2) and of our address space.

    cgroups: where they are mounted. membership: the file that lists ours.
    """
    return max(0, min(_available(), *_limits(cgroups, membership)))


def cores() -> int:
    """The number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_gpu() -> bool:
    """Whether there seems to be a GPU that torch could use, without importing torch, which takes
    seconds.

    It looks for a driver's files (NVIDIA's, WSL's, AMD's), NVIDIA's library on Windows, or an Apple
    chip. Whether the GPU is usable only torch can tell.
    """
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return False
    if sys.platform == "darwin":
        return os.uname().machine == "arm64"
    if sys.platform == "win32":
        return Path(os.environ.get("SYSTEMROOT", "C:/Windows"), "System32", "nvcuda.dll").is_file()
    return any(any(DEVICES.glob(name)) for name in ("nvidia[0-9]*", "dxg", "kfd"))


def check_free(need: float, what: str, remedy: str) -> None:
    """Raise InputError, with a remedy, if more than the free memory is needed. need: bytes."""
    if need > (free := free_memory()):
        sizes = f"needs about {need / 1e9:,.1f} GB of memory and {free / 1e9:.1f} GB is free"
        raise InputError(f"{what} {sizes}: {remedy}")


def _available(meminfo: Path = Path("/proc/meminfo")) -> int:
    """Bytes that the machine has left. Linux says so itself, sooner than psutil is imported."""
    with suppress(OSError):
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    import psutil

    available: int = psutil.virtual_memory().available
    return available


def _limits(cgroups: Path, membership: Path) -> Iterator[int]:
    """Yield what is left of each limit; of a group's limits, those of all groups that enclose it."""
    yield 2**63
    if sys.platform != "win32":
        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            import psutil

            yield soft - psutil.Process().memory_info().vms
    for root, path, names in _groups(cgroups, membership):
        # A container may see its own group at the root, and name it as the host does.
        folder = root.joinpath(*(part for part in path.split("/") if part not in ("", "..")))
        for group in (folder, *folder.parents):
            limit, used, cached = (_number(group / name, key) for name, key in names)
            if limit is not None and used is not None:
                yield limit - used + (cached or 0)  # what files have cached is given back
            if group == root:
                break


def _groups(cgroups: Path, membership: Path) -> Iterator[tuple[Path, str, Files]]:
    """Root, path and files (each with the word before its number) of the groups that count memory."""
    two = ("memory.max", ""), ("memory.current", ""), ("memory.stat", "inactive_file")
    one = (
        ("memory.limit_in_bytes", ""),
        ("memory.usage_in_bytes", ""),
        ("memory.stat", "total_inactive_file"),
    )
    try:
        lines = membership.read_text().splitlines()
    except OSError:  # no Linux
        return
    for line in lines:
        _, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        if not kinds:
            yield cgroups, path, two
        elif "memory" in kinds.split(","):
            yield cgroups / "memory", path, one


def _number(file: Path, key: str) -> int | None:
    """The number in a file, or in its line that starts with `key`; None if there is none."""
    try:
        for line in file.read_text().splitlines():
            *words, value = line.split()
            if words == ([key] if key else []):
                return int(value)
    except (OSError, ValueError):  # not there, or "max"
        pass
    return None

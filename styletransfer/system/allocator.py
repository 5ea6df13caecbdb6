"""What memory is kept. No torch here: the command sets it before torch is imported."""

import ctypes
import gc
import os
from contextlib import suppress

KERNELS = 128  # one picture asks for some 50
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8  # of malloc.h


def keep_memory() -> None:
    """Make the process keep freed memory for its next tensors, where the C library allows it (glibc).

    By default glibc returns every large block to the system and gets fresh pages for the next one, which
    takes a third of the time of a 2048-px picture. `stylize` calls this; your own program may, and then
    holds on to the memory.
    """
    with suppress(OSError, TypeError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_MAX, 0)
        library.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        library.mallopt(_M_ARENA_MAX, 1)  # those of threads are small, and given back regardless


def give_memory_back() -> None:
    """Return kept but unused memory to the system, where the C library allows it; a long-running process
    otherwise accumulates pieces of every size."""
    gc.collect()  # what holds itself in a circle is in use until somebody looks
    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def keep_few_kernels() -> None:
    """Let oneDNN, which convolves for torch on CPUs, keep `KERNELS` compiled kernels at most, unless the
    environment says how many.

    Its own bound is 1,024, and each size of photo has kernels of its own: a server that is sent photos
    of every size would grow by them for hundreds of jobs. Training, whose sizes recur, keeps them all.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(KERNELS))

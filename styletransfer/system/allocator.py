"""What happens to freed memory. No torch here: the command sets it before torch is imported."""

import ctypes
import gc
from contextlib import suppress

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

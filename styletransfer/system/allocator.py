"""How freed memory is dealt with. No torch here: the command sets it before torch is imported."""

import ctypes
import gc
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8  # of malloc.h


def keep_memory() -> None:
    """Have the whole process keep freed memory for its next tensors, where the C library can be told
    (glibc). `stylize` does; a program of your own may, and pays with memory that stays taken.

    The library would give each large block back and have the next one made of fresh pages, which takes
    a third of the time of a 2048-px picture.
    """
    with suppress(OSError, TypeError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_MAX, 0)
        library.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        library.mallopt(_M_ARENA_MAX, 1)  # those of threads are small, and given back regardless


def give_memory_back() -> None:
    """Give the system what is kept and not in use, where the C library can be told: what has been at
    work for long keeps pieces of every size."""
    gc.collect()  # what holds itself in a circle is in use until somebody looks
    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)

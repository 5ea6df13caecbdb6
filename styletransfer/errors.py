"""Errors that the user can fix: shown as one line, without a traceback."""

# The words for it of torch's allocator, of the dynamic loader, and of the system.
_NO_MEMORY = (
    "DefaultCPUAllocator", "allocate memory", "failed to map segment", "bad_alloc",
    "can't start new thread",
)  # fmt: skip


class InputError(Exception):
    """Bad input or bad usage, with a message that says what to do. The command exits with status 2."""


class TooLarge(InputError):
    """The picture has more pixels than are decoded into memory at once."""


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the device, or the machine, is out of memory. No torch here."""
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"  # torch's
    return named or any(words in str(error) for words in _NO_MEMORY)

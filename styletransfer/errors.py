"""What the user can mend: printed as one line, without a traceback."""

# As torch's allocator, its libraries while they are loaded, and the system say it.
_NO_MEMORY = (
    "DefaultCPUAllocator", "allocate memory", "failed to map segment", "bad_alloc",
    "can't start new thread",
)  # fmt: skip


class InputError(Exception):
    """Bad input or bad usage, with a message that says what to do; the CLI exits with 2."""


class TooLarge(InputError):
    """A picture of more pixels than are read into memory at once."""


def out_of_memory(error: BaseException) -> bool:
    """Whether this is the device's, or the machine's, memory running out. No torch here."""
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"  # torch's
    return named or any(words in str(error) for words in _NO_MEMORY)

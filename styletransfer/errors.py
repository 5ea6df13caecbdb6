"""What the user can mend: printed as one line, without a traceback."""


class InputError(Exception):
    """Bad input or bad usage, with a message that says what to do; the CLI exits with 2."""


class TooLarge(InputError):
    """A picture of more pixels than are read into memory at once."""


def out_of_memory(error: BaseException) -> bool:
    """Whether this is the device's, or the machine's, memory running out. No torch here."""
    named = type(error).__name__ == "OutOfMemoryError"  # torch's
    return isinstance(error, MemoryError) or named or "DefaultCPUAllocator" in str(error)

"""What the user can mend: printed as one line, without a traceback."""


class InputError(Exception):
    """Bad input or bad usage, with a message that says what to do; the CLI exits with 2."""


class TooLarge(InputError):
    """A picture of more pixels than are read into memory at once."""

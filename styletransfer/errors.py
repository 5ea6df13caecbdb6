"""What the user can mend: printed as one line, without a traceback."""


class InputError(Exception):
    """Bad input or bad usage, with a message that says what to do; the CLI exits with 2."""

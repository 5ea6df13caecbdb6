import argparse


def asked(parser: argparse.ArgumentParser, given: argparse.Namespace) -> str:
    """The options of a benchmark's command that are not its defaults, as they are typed."""
    values = vars(given).items()
    return "".join(f" --{key} {value}" for key, value in values if value != parser.get_default(key))

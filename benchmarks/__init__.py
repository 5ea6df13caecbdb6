import argparse


def asked(parser: argparse.ArgumentParser, given: argparse.Namespace) -> str:
    """The options of a benchmark's command that are not its defaults, as they are typed."""
    values = vars(given).items()
    changed = {key: value for key, value in values if value != parser.get_default(key)}
    words = {key: " ".join(map(str, v)) if isinstance(v, list) else v for key, v in changed.items()}
    return "".join(f" --{key} {value}" for key, value in words.items())

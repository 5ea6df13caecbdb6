"""Presets: named sets of options, each a small TOML file. No torch here."""

from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from platformdirs import user_config_path

from .errors import InputError
from .options import StylizeOptions

PRESETS = Path(__file__).parent / "presets"
PER_PICTURE = ("weights", "mask", "regions", "region")
"""Options that belong to one picture and its styles, so that no preset can hold them."""
_KINDS = {float: "a number", int: "a whole number", str: "text"}


def user_presets() -> Path:
    """The folder of the user's presets: on Linux $XDG_CONFIG_HOME/styletransfer/presets, by default
    ~/.config/styletransfer/presets."""
    return user_config_path("styletransfer", appauthor=False) / "presets"


def shipped_presets() -> list[str]:
    """The names of the presets that ship with the package."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def presets() -> list[str]:
    """The names of all presets, shipped and the user's."""
    return sorted({*shipped_presets(), *(path.stem for path in user_presets().glob("*.toml"))})


def read_preset(name: str) -> dict[str, Any]:
    """The options of a preset, as keyword arguments for `StylizeOptions`.

    name: a preset of the user's, else a shipped one, else the path of a TOML file. Raises InputError
    if there is none, or for an unknown option or a value of the wrong type or range.
    """
    import tomllib  # few commands name a preset: only now

    path = _preset_file(name)
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    known = {option.name: option for option in fields(StylizeOptions) if option.name not in PER_PICTURE}
    if unknown := sorted(values.keys() - known.keys()):
        raise InputError(f"{path}: {', '.join(unknown)}: a preset knows {', '.join(known)}")
    for key, value in values.items():
        kinds = get_args(known[key].type) or (known[key].type,)
        if type(value) not in kinds and not (type(value) is int and float in kinds):
            wanted = " or ".join(_KINDS[kind] for kind in kinds if kind in _KINDS)
            raise InputError(f"{path}: {key} is {value!r}: {wanted} is wanted")
    try:
        StylizeOptions(**values)  # checks them
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return values


def _preset_file(name: str) -> Path:
    for folder in (user_presets(), PRESETS):
        if (path := folder / f"{name}.toml").is_file():
            return path
    if Path(name).is_file():
        return Path(name)
    raise InputError(f"no preset {name!r}: give one of {', '.join(presets())}, or a TOML file")

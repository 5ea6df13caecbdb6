"""Shell completion: what Tab offers. No torch here."""

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from ..errors import InputError

SCRIPTS = {
    "bash": """_stylize() {
  local IFS=$'\\n' answer files here
  answer=$(stylize --complete bash "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  files=$?
  COMPREPLY=($answer)
  ((files)) && here=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
  if [[ $answer && $here ]]; then
    compopt -o filenames
    COMPREPLY+=("${here[@]}")
  fi
}
complete -o default -F _stylize stylize
""",
    "zsh": """#compdef stylize
_stylize() {
  local answer files
  answer=$(stylize --complete zsh "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)
  files=$?
  [[ -n $answer ]] && compadd -- ${(f)answer}
  ((files)) && _files
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _stylize "$@"; else compdef _stylize stylize; fi
""",
    "fish": """function _stylize_complete
  stylize --complete fish (commandline -cp | string collect) 2>/dev/null
  or __fish_complete_path (commandline -ct)
end
complete -c stylize -f -a '(_stylize_complete)'
""",
}
LIST_OF_STYLES = re.compile(r".*[,=]|[\d.]+:")
"""What stands before a style in a word: others of a blend, KEY= of a region, T: of a moment."""


def script(shell: str) -> str:
    """The script that makes a shell ask us; InputError for an unknown shell."""
    if shell not in SCRIPTS:
        raise InputError(f"--completion is {shell!r}: one of {', '.join(SCRIPTS)}")
    return SCRIPTS[shell]


def answer(verbs: Sequence[str], shell: str, line: str) -> int:
    """Print what the last word of a line may become. The exit code is 1 if it may be a file, too."""
    found, files = candidates(verbs, line)
    word, cut = _words(line)[-1], 0
    quoted = line[: len(line) - len(word)].endswith(("'", '"'))
    if shell == "bash" and not quoted:  # which takes what is after these for a word of its own
        cut = max(word.rfind(mark) for mark in ":=") + 1
    print("\n".join(each[cut:] for each in found if each[:cut] == word[:cut]))
    return int(files)


def candidates(verbs: Sequence[str], line: str) -> tuple[list[str], bool]:
    """What the last word of a command line may become, and whether it may be a file as well."""
    *before, word = _words(line)[1:]
    verb = before.pop(0) if before and before[0] in verbs else "picture"
    command = _command(verb)
    while before and hasattr(command, "commands"):
        command = command.commands.get(before.pop(0), command)
    if hasattr(command, "commands"):
        return _starting(word, command.commands), False
    options = {name: option for option in command.params for name in option.opts if name[0] == "-"}
    option, _, value = word.partition("=")
    if before and _takes_value(options.get(before[-1])):
        found = _values(command, options[before[-1]], word)
        return found, not found
    if value and _takes_value(options.get(option)):
        found = _values(command, options[option], value)
        return [f"{option}={each}" for each in found], not found
    if word.startswith("-"):
        return _starting(word, [*options, "--help"]), False
    number = sum(
        not each.startswith("-") and not _takes_value(options.get(previous))
        for previous, each in zip(["", *before], before)
    )
    arguments = [each for each in command.params if each.opts[0][0] != "-"]
    found = _starting(word, verbs) if verb == "picture" and not before else []
    if arguments and (number < len(arguments) or arguments[-1].nargs == -1):
        found += _values(command, arguments[min(number, len(arguments) - 1)], word)
    return found, True


def models(incomplete: str) -> list[str]:
    """The names of shipped models."""
    from ..models.shipped import models

    return _starting(incomplete, models())


def presets(incomplete: str) -> list[str]:
    """The names of presets."""
    from ..preset import presets

    return _starting(incomplete, presets())


def styles(incomplete: str) -> list[str]:
    """The names of shipped and of learned styles, also after the others of a blend."""
    from ..models.shipped import header
    from ..styles.names import BANK, BANK_MODEL, shipped_styles

    match = LIST_OF_STYLES.match(incomplete)
    head = match[0] if match else ""
    names = [*shipped_styles(), *(BANK + name for name in header(BANK_MODEL).styles)]
    return _starting(incomplete, [head + name for name in names])


def devices(incomplete: str) -> list[str]:
    """Kinds of devices."""
    return _starting(incomplete, ["auto", "cpu", "cuda", "mps"])


def _words(line: str) -> list[str]:
    """The words of a line, the last one perhaps empty, without quotes."""
    line = line.lstrip()
    for closed in (line, line + '"', line + "'"):  # a quote may still be open
        try:
            words = shlex.split(closed, posix=os.name != "nt")
        except ValueError:
            continue
        return [*words, ""] if not words or closed[-1:].isspace() else words
    return ["", ""]


def _command(verb: str) -> Any:
    import typer

    return typer.main.get_command(import_module(f".{verb}", __package__).app)


def _takes_value(option: Any) -> bool:
    return option is not None and not option.is_flag


def _values(command: Any, parameter: Any, word: str) -> list[str]:
    """What the value of an option or argument may be, but a file."""
    import typer

    context = typer.Context(command, info_name="stylize", resilient_parsing=True)
    return _starting(word, [item.value for item in parameter.shell_complete(context, word)])


def _starting(word: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(word)]

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

import styletransfer
from styletransfer.cli import VERBS, run
from styletransfer.cli.complete import SCRIPTS, candidates

HOKUSAI = ["bank:hokusai_ejiri", "bank:hokusai_poppies", "bank:hokusai_ryogoku"]


@pytest.mark.parametrize(
    "line,found,files",
    [
        ("stylize sty", ["style"], True),
        ("stylize ph", [], True),
        ("stylize a.jpg gr", ["great_wave"], True),
        ("stylize a.jpg lion:0.5,spr", ["lion:0.5,spring"], True),
        ("stylize a.jpg bank:hokusai_", HOKUSAI, True),
        ("stylize a.jpg --mod", ["--model"], False),
        ("stylize a.jpg --model con", ["contextual"], False),
        ("stylize a.jpg --model=con", ["--model=contextual"], False),
        ("stylize a.jpg --model ./m", [], True),
        ("stylize a.jpg --precision f", ["fp32", "fp16"], False),
        ("stylize a.jpg --preset po", ["poster"], False),
        ("stylize a.jpg --region '#ff0000=gr", ["#ff0000=great_wave"], False),
        ("stylize video c.mp4 --style-at 5:gr", ["5:great_wave"], False),
        ("stylize batch a b --style lio", ["lion"], False),
        ("stylize export con", ["contextual"], True),
        ("stylize style sa", ["save"], False),
        ("stylize style save lio", ["lion"], True),
        ("stylize style save lion ", [], True),
        ("stylize 'half a", [], True),
    ],
)  # fmt: skip
def test_what_a_word_may_become(line, found, files):
    assert candidates(VERBS, line) == (found, files)


def test_the_first_word_is_a_photo_or_a_verb():
    assert candidates(VERBS, "stylize ") == (list(VERBS), True)


def test_every_option_of_a_verb_is_offered():
    found, files = candidates(VERBS, "stylize grid a.jpg b.jpg --")
    assert {"--alphas", "--model", "--help"} <= set(found) and not files


def test_a_shell_is_answered_without_torch():
    code = (
        "import sys; from styletransfer.cli import run; run(sys.argv[1:]); print('torch' in sys.modules)"
    )
    words = ["--complete", "zsh", "stylize a.jpg bank:mon"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert done.stdout == "bank:monet\nFalse\n"


def test_bash_is_given_what_follows_a_colon(capsys):
    assert run(["--complete", "bash", "stylize a.jpg bank:mon"]) == 1
    assert run(["--complete", "bash", "stylize a.jpg --model=con"]) == 0
    assert run(["--complete", "bash", "stylize a.jpg --region '#ff0000=gr"]) == 0
    assert capsys.readouterr().out == "monet\ncontextual\n#ff0000=great_wave\n"


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_script_is_one_that_the_shell_reads(shell, capsys):
    assert run(["--completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"stylize --complete {shell}" in script
    if which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_an_unknown_shell_is_one_line(capsys):
    assert run(["--completion", "csh"]) == 2
    assert capsys.readouterr().err.startswith("stylize: --completion is 'csh': one of bash, zsh, fish")


@pytest.mark.skipif(not which("bash"), reason="needs bash")
def test_bash_completes_with_the_script(tmp_path, capsys):
    """As a Tab does it: the function is called with the words that bash makes of the line."""
    (tmp_path / "stylize").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m styletransfer "$@"\n')
    (tmp_path / "stylize").chmod(0o755)
    (tmp_path / "greeting.jpg").touch()
    run(["--completion", "bash"])
    script = capsys.readouterr().out + (
        'compopt() { :; }\nCOMP_LINE="stylize a.jpg gre"; COMP_POINT=${#COMP_LINE}\n'
        "COMP_WORDS=(stylize a.jpg gre); COMP_CWORD=2\n_stylize\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    root = str(Path(styletransfer.__file__).parents[1])
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": root}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == ["great_wave", "greeting.jpg"], done.stderr

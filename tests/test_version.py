"""The version is said once."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import styletransfer
from styletransfer.version import __version__

ROOT = Path(__file__).parents[1]


def test_the_package_and_its_wheel_have_the_version_of_its_file():
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__) and styletransfer.__version__ == __version__
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" in project["project"]["dynamic"]
    file = ROOT / project["tool"]["hatch"]["version"]["path"]
    code = "import runpy, sys; print(runpy.run_path(sys.argv[1])['__version__'])"
    said = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True)
    assert said.stdout == f"{__version__}\n", "read without importing anything"

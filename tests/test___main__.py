"""python -m styletransfer."""

import subprocess
import sys


def test_the_package_is_run_as_the_command():
    for arguments, code, out, err in (
        (["--help"], 0, "stylize", ""),
        (["photo.jpg", "--colour"], 2, "", "stylize: "),
        (["grid"], 2, "", "stylize grid: "),
    ):
        command = [sys.executable, "-m", "styletransfer", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == code and done.stderr.startswith(err)
        assert out in done.stdout and bool(done.stdout) == bool(out)

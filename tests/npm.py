"""Packages of npm that tests in a browser need; none of them is part of ours."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from platformdirs import user_cache_dir


def npm_package(name: str, version: str) -> Path:
    """The folder of a package, fetched once and kept for later; the test is skipped if it is not to be
    had."""
    folder = Path(user_cache_dir("styletransfer-tests")) / f"{name}-{version}"
    if not folder.is_dir():
        if not (npm := shutil.which("npm")):
            pytest.skip(f"npm is not here to fetch {name}")
        folder.mkdir(parents=True)
        command = [npm, "pack", f"{name}@{version}", "--silent", "--pack-destination", str(folder)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=300, cwd=folder)
            with tarfile.open(next(folder.glob("*.tgz"))) as archive:
                archive.extractall(folder, filter="data")
            next(folder.glob("*.tgz")).unlink()
        except (subprocess.SubprocessError, StopIteration, OSError) as error:
            shutil.rmtree(folder)
            pytest.skip(f"npm does not give {name} {version}: {error}")
    return folder / "package"

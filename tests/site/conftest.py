"""A site of the default network, exported once, with and without the runtime that npm has."""

import json
import shutil
from pathlib import Path

import pytest

from styletransfer.models.network import StylizerNet
from styletransfer.site.runtime import PACKAGE, VERSION

from ..npm import npm_package


@pytest.fixture(scope="session")
def package() -> Path:
    """The npm package that paints in browsers, of the version that sites name."""
    return npm_package(PACKAGE, VERSION)


@pytest.fixture(scope="session")
def shipped_site(tmp_path_factory) -> Path:
    """What `stylize export --web` writes if it is told no more: the runtime is on a public server."""
    return exported(tmp_path_factory.mktemp("shipped") / "page")


@pytest.fixture(scope="session")
def site(shipped_site, package, tmp_path_factory) -> Path:
    """The same with the runtime beside the page, a small photo to begin with, and copied graphs: once is
    long enough."""

    def copied(net: StylizerNet, folder: Path, name: str) -> list[Path]:
        assert name == json.loads((shipped_site / "site.json").read_text())["model"]
        return list(Path(shutil.copytree(shipped_site / "model", folder, dirs_exist_ok=True)).iterdir())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("styletransfer.site.write.export_passes", copied)
        patch.setattr("styletransfer.site.write.PHOTO", 256)
        return exported(tmp_path_factory.mktemp("site") / "page", "--runtime", str(package))


def exported(folder: Path, *options: str) -> Path:
    pytest.importorskip("onnxscript", reason="pages need the extra [onnx]")
    from styletransfer.cli import run

    assert run(["export", "--web", str(folder), *options]) == 0
    return folder
